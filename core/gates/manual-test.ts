import type { Policy } from "../../schemas/policy.ts";
import type { GateResult } from "../../schemas/verdict.ts";
import type { LoadedPolicy, PullBasics } from "../facts.ts";
import { findKnown, type Known, known } from "../known.ts";
import { patternList } from "../paths/pattern-list.ts";
import { otherHolders } from "../people/authority.ts";
import { barredOf, idsOf, requesters, whoseWork } from "../people/authorship.ts";
import { givenElsewhere, isForBase } from "../people/retarget.ts";
import type { PullRecord, SignOff, UnheardSignOff } from "../pull-record.ts";
import { whyItHolds } from "../record/condition.ts";
import {
  alwaysOn,
  defineGate,
  type FactsWith,
  notApplicable,
  policyLine,
  result,
  unknownResult,
  worstOf,
} from "./gate.ts";

const name = "manual-test";

/** The names of the tests that a person signs off; a contract may ask for one even if the policy has no such gate. */
export function manualTests(policy: Policy): string[] {
  return [...new Set(policy.gates[name]?.tests ?? ["manual"])];
}

/** Why a manual test is needed, in words; null when it is not. */
function need(policy: LoadedPolicy, facts: FactsWith<"record" | "changes">): string | null {
  const when = policy.policy.gates[name]?.when;
  if (when?.always === true) return "every change needs one";
  const plan = facts.record.run ?? facts.record.adoptedFor;
  const why = when === undefined ? null : whyItHolds(when, facts);
  return why ?? (plan?.needsManualTest === true ? "the approved contract asks for one" : null);
}

function settled(signOff: SignOff, isSolo: boolean, head: string): GateResult {
  const { test, by } = signOff;
  if (signOff.result === "fail") {
    const next = {
      step: `Mend it and push; the new commit is tested again.`,
      who: "the author of the change",
    };
    const message = `@${by.login} tested \`${test}\` on ${head} and it failed.`;
    return result(name, "fail", { code: "test-failed", message, next });
  }
  const solo = isSolo ? " They also asked for the change: the policy says `separation: solo`." : "";
  const message = `@${by.login} tested \`${test}\` on ${head} and it passed.${solo}`;
  return result(name, "pass", { code: isSolo ? "signed-off-solo" : "signed-off", message });
}

/** A passed test counts for the base branch it was signed off for; a failed one counts for every branch. */
function counts(signOff: SignOff, facts: PullBasics): Known<boolean> {
  return signOff.result === "fail" ? known(true) : isForBase(signOff, facts);
}

/** Why comments of people who may write were no sign-offs, each person's newest: else they would wait for an answer. */
function unheardNote({ unheard = [] }: PullRecord, heard: readonly SignOff[]): string {
  const people = new Map<number, UnheardSignOff>();
  for (const one of unheard.toReversed()) if (one.mayWrite) people.set(one.by.id, one);
  for (const { by } of heard) people.delete(by.id);
  return [...people.values()]
    .slice(-maxNoted)
    .map(({ by, why }) => ` @${by.login}'s comment does not count as a sign-off: ${why}`)
    .join("");
}

/** The most people whose comments one reason explains; the Action's job summary has the others. */
const maxNoted = 3;

function judgeTest(test: string, why: string, facts: PullBasics, policy: LoadedPolicy, record: PullRecord): GateResult {
  const { people } = policy.policy;
  const asked = requesters(facts, record);
  const workOf = ({ by }: SignOff) => whoseWork(by, idsOf(asked), people);
  const head = facts.head.sha;
  const given = record.signOffs
    .filter((one) => one.test === test && one.by.type === "User")
    .sort((one, other) => other.seq - one.seq);
  const counting = given.filter((one) => workOf(one) !== "own");
  const onHead = counting.filter((one) => one.sha === head);
  const current = findKnown(onHead, (one) => counts(one, facts));
  if (!current.known) {
    const why = `Whether \`${test}\` was signed off for \`${facts.base.ref}\` could not be read: ${current.why}`;
    return unknownResult(name, "retarget-unknown", why);
  }
  if (current.value !== null) return settled(current.value, workOf(current.value) === "own-but-solo", head);

  const [elsewhere] = onHead;
  const own = given.find((one) => one.sha === head);
  // Only asked where none counts on the head.
  const [older] = counting;
  const note = elsewhere
    ? ` @${elsewhere.by.login}'s sign-off was given ${givenElsewhere(elsewhere, facts)}.`
    : own !== undefined
      ? ` @${own.by.login} asked for this change, so their sign-off does not count: the policy says \`separation: strict\`.`
      : older !== undefined
        ? ` A sign-off was given for ${older.sha}; the head is ${head}.`
        : "";
  if (record.lacksApp === true) {
    const told = `\`${test}\` is to be tested; ${why}. The policy pins \`ledger.keys\`, so a sign-off counts once the App has recorded it, and the repository has no ledger of the App.`;
    const step =
      "Install the App, or take `ledger` out of the policy: then sign-offs in comments count. An App that is installed makes its ledger with its first verdict.";
    return result(name, "pending", { code: "app-missing", message: told, next: { step, who: "a maintainer" } });
  }
  const next = {
    step: `/sign-off ${head} pass ${test}`,
    who: otherHolders(people, "approvers", barredOf(asked, people)),
  };
  const told = unheardNote(
    record,
    given.filter((one) => one.sha === head),
  );
  const message = `Nobody has tested \`${test}\` on ${head} yet; ${why}.${note}${told}`;
  return result(name, "pending", {
    code: "not-signed-off",
    message,
    ...policyLine(policy, `gates.${name}`),
    next,
  });
}

/**
 * A person tried the change and signed off this exact commit for this branch. The newest sign-off of each test counts;
 * any push voids all of them. The tester's permission was checked when the ledger recorded the sign-off; here only that
 * nobody tests their own work.
 */
export const manualTest = defineGate({
  name,
  group: "people",
  settings: alwaysOn,
  needs: ["record", "changes"],
  lists({ gates }) {
    const { tests = [], when } = gates[name] ?? {};
    const listed = tests.map((test) => `\`${test}\``).join(", ");
    const meaning = `a person tries a change of it and signs off ${listed}`;
    return [patternList(`gates.${name}.when.paths`, "deny", when?.paths, meaning)];
  },
  judge(facts, policy) {
    const { record } = facts;
    const why = need(policy, facts);
    if (why === null)
      return notApplicable(
        name,
        "not-needed",
        "Neither the policy nor the approved contract asks for a manual test of this change.",
      );
    const results = manualTests(policy.policy).map((test) => judgeTest(test, why, facts, policy, record));
    return result(name, worstOf(results), ...results.flatMap((test) => test.reasons));
  },
});
