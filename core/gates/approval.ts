import type { AdoptedPlan, Adoption, LoadedPolicy } from "../facts.ts";
import { idsOf, whoseWork } from "../people/authorship.ts";
import { alwaysOn, forRuns, policyLine, result } from "./gate.ts";

const name = "approval";

/**
 * Judges an adopted change: the plan's approver must not have asked for the plan or adopted a part of the change.
 * Nothing shows that the change was made from that plan.
 */
function ofAdopted(plan: AdoptedPlan, adoptions: readonly Adoption[], policy: LoadedPolicy) {
  const { by, seq } = plan.approval;
  const asked = idsOf([...plan.requesters, ...adoptions.map((one) => one.by)]);
  const work = whoseWork(by, asked, policy.policy.people);
  if (work === "own") {
    const message = `@${by.login} approved the plan of story #${plan.story}, and asked for it or adopted a part of this change.`;
    const line = policyLine(policy, "people.separation");
    const step = "Push a new commit, and have it adopted for a plan that nobody who adopted a part approved.";
    const next = { step, who: "an executor of the policy" };
    return result(name, "fail", { code: "own-approval", message, ...line, next });
  }
  return result(name, "pass", {
    code: work === "own-but-solo" ? "approved-solo" : "approved",
    message: `@${by.login} approved the plan of story #${plan.story} (entry ${seq}), for which this change was adopted; nothing shows that it was made from that plan.`,
  });
}

/**
 * The run's contract was approved by a person who did not ask for it. The approver's permission and the approved digest
 * were checked when the ledger recorded the approval. Separation is checked again here, because the
 * policy may have become stricter since.
 */
export const approval = forRuns({
  name,
  group: "record",
  settings: alwaysOn,
  needs: [],
  others: ({ record: { adoptedFor, adoptions } }, policy) =>
    adoptedFor === undefined ? null : ofAdopted(adoptedFor, adoptions, policy),
  judge({ run }, policy) {
    const next = {
      step: `Plan story #${run.story} again and have the plan approved.`,
      who: "a planner of the policy",
    };
    const given = run.approval;
    if (given === null) {
      const message = `The ledger has no approval of the contract that ${run.run} was made for.`;
      return result(name, "fail", { code: "not-approved", message, next });
    }
    if (given.by.type !== "User") {
      const message = `The contract was approved by @${given.by.login}, which is no person.`;
      return result(name, "fail", { code: "approved-by-no-person", message, next });
    }
    const work = whoseWork(given.by, idsOf(run.requesters), policy.policy.people);
    if (work === "own") {
      const message = `@${given.by.login} approved what they had asked for themselves.`;
      const line = policyLine(policy, "people.separation");
      return result(name, "fail", { code: "own-approval", message, ...line, next });
    }
    const isSolo = work === "own-but-solo";
    const solo = isSolo ? " They had asked for it themselves: the policy says `separation: solo`." : "";
    return result(name, "pass", {
      code: isSolo ? "approved-solo" : "approved",
      message: `@${given.by.login} approved \`${given.digest}\` (entry ${given.seq}).${solo}`,
    });
  },
});
