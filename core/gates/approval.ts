import type { Account } from "../../schemas/text.ts";
import type { LoadedPolicy } from "../facts.ts";
import { findKnown, known } from "../known.ts";
import { otherHolders } from "../people/authority.ts";
import { barredOf, idsOf, requesters, whoseWork } from "../people/authorship.ts";
import { isForBase } from "../people/retarget.ts";
import { approvals } from "../people/reviewers.ts";
import type { AdoptedPlan, Adoption } from "../pull-record.ts";
import { alwaysOn, type FactsWith, forRuns, policyLine, result, unknownResult, withFacts } from "./gate.ts";
import { manualTests } from "./manual-test.ts";

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
 * Judges a change of the light tier, whose request approved its own text: an approver who did not ask for it reviews
 * this exact commit or signs off a test of it. The newest sign-off counts, and a failed one for every branch.
 */
function ofLightTier(taker: Account, facts: FactsWith<"record" | "reviews">, { policy }: LoadedPolicy) {
  const asked = requesters(facts, facts.record);
  const isOwn = ({ id }: { id: number }) => whoseWork({ id }, idsOf(asked), policy.people) === "own";
  const head = facts.head.sha;
  const signed = findKnown(
    facts.record.signOffs
      .filter(({ sha, by }) => sha === head && by.type === "User" && !isOwn(by))
      .sort((one, other) => other.seq - one.seq),
    (one) => (one.result === "fail" ? known(true) : isForBase(one, facts)),
  );
  const next = {
    step: `Review ${head} and approve it on GitHub, or \`/sign-off ${head} pass ${manualTests(policy)[0]}\`.`,
    who: otherHolders(policy.people, "approvers", barredOf(asked, policy.people)),
  };
  if (!signed.known) return unknownResult(name, "retarget-unknown", signed.why);
  if (signed.value !== null) {
    const { by, test, result: said } = signed.value;
    const message = `@${by.login} tested \`${test}\` on ${head}: ${said}.`;
    return said === "pass"
      ? result(name, "pass", { code: "signed-off", message })
      : result(name, "fail", { code: "test-failed", message, next: { step: "Mend it and push.", who: "the author" } });
  }
  const found = approvals(facts.reviews, facts, { count: 1, duties: ["approvers"], isOwn });
  if (found.state === "unread") return unknownResult(name, found.code, found.why);
  if (found.state === "enough")
    return result(name, "pass", {
      code: "approved",
      message: `@${found.by[0]?.login} approved ${head}; @${taker.login} asked for it.`,
    });
  const taken = `@${taker.login} took the issue as it stood, under the light tier, so somebody else passes this commit.`;
  return result(name, "pending", { code: "not-signed-off", message: [taken, ...found.notCounted].join(" "), next });
}

/**
 * The run's contract was approved by a person who did not ask for it; under the light tier this commit was. The
 * approver's permission and the approved digest were checked when the ledger recorded the approval. Separation is
 * checked again here, because the policy may have become stricter since.
 */
export const approval = forRuns({
  name,
  group: "record",
  settings: alwaysOn,
  needs: [],
  others: ({ record: { adoptedFor, adoptions } }, policy) =>
    adoptedFor === undefined ? null : ofAdopted(adoptedFor, adoptions, policy),
  judge(facts, policy) {
    const { run } = facts;
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
    if (given.light !== undefined)
      return withFacts(name, facts, ["record", "reviews"], (read) => ofLightTier(given.by, read, policy));
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
