import type { Policy } from "../../schemas/policy.ts";
import type { Reason } from "../../schemas/verdict.ts";
import { holders } from "../authority.ts";
import { requesters } from "../authorship.ts";
import type { Change, LoadedPolicy, PullFacts, PullRecord, SignOff } from "../facts.ts";
import { type Gate, lacking, notApplicable, policyLine, result } from "../gate.ts";
import { matcher } from "../paths.ts";

const name = "manual-test";

/** The tests that a person signs off; a contract may ask for one although the policy has no such gate. */
export function manualTests(policy: Policy): string[] {
  return [...new Set(policy.gates[name]?.tests ?? ["manual"])];
}

/** Why a manual test is needed, in words; null when it is not. */
function need(
  policy: LoadedPolicy,
  changes: readonly Change[],
  record: PullRecord,
  labels: readonly string[],
): string | null {
  const { run } = record;
  const when = policy.policy.gates[name]?.when;
  if (when?.always === true) return "every change needs one";
  if (run !== null && when?.risk.includes(run.risk) === true) return `the story's risk is ${run.risk}`;
  if (run?.needsManualTest === true) return "the approved contract asks for one";
  // Whoever may triage puts labels on and takes them off, so a label only ever adds to what the policy asks.
  const label = labels.find((one) => when?.labels.includes(one) === true);
  if (label !== undefined) return `the pull request has the label \`${label}\``;
  const paths = matcher(when?.paths ?? [], "deny");
  for (const { path } of changes) {
    const pattern = paths.matches(path);
    if (pattern !== null) return `the change touches \`${pattern}\``;
  }
  return null;
}

type TestResult = { status: "pass" | "fail" | "pending"; reason: Reason };

function settled(signOff: SignOff, isRequester: boolean, head: string): TestResult {
  const { test, by } = signOff;
  if (signOff.result === "fail") {
    const next = {
      step: `Mend it and push; the new commit is tested again.`,
      who: "the author of the change",
    };
    const message = `@${by.login} tested \`${test}\` on ${head} and it failed.`;
    return { status: "fail", reason: { code: "test-failed", message, next } };
  }
  const solo = isRequester ? " They also asked for the change: the policy says `separation: solo`." : "";
  const message = `@${by.login} tested \`${test}\` on ${head} and it passed.${solo}`;
  return { status: "pass", reason: { code: isRequester ? "signed-off-solo" : "signed-off", message } };
}

function judgeTest(
  test: string,
  why: string,
  facts: PullFacts,
  policy: LoadedPolicy,
  record: PullRecord,
): TestResult {
  const asked = requesters(facts, record);
  const solo = policy.policy.people.separation === "solo";
  const head = facts.head.sha;
  const given = record.signOffs
    .filter((one) => one.test === test && one.by.type === "User")
    .sort((one, other) => other.seq - one.seq);
  const counting = given.filter((one) => solo || !asked.has(one.by.id));
  const current = counting.find((one) => one.sha === head);
  if (current !== undefined) return settled(current, asked.has(current.by.id), head);

  const own = given.find((one) => one.sha === head);
  const older = counting.find((one) => one.sha !== head);
  const note =
    own !== undefined
      ? ` @${own.by.login} asked for this change, so their sign-off does not count: the policy says \`separation: strict\`.`
      : older !== undefined
        ? ` A sign-off was given for ${older.sha}; the head is ${head}.`
        : "";
  const next = { step: `/sign-off ${head} pass ${test}`, who: holders(policy.policy.people, "approvers") };
  const message = `Nobody has tested \`${test}\` on ${head} yet; ${why}.${note}`;
  return {
    status: "pending",
    reason: { code: "not-signed-off", message, ...policyLine(policy, `gates.${name}`), next },
  };
}

/**
 * A person tried the change and signed off this exact commit. The newest sign-off of each test counts; any push voids
 * them all, whoever pushed. Who may sign off was judged when the ledger took it in; here only that nobody tests their own.
 */
export const manualTest: Gate = {
  name,
  group: "people",
  changesOn: ["push", "policy", "label", "ledger"],
  judge(facts, policy) {
    if (!facts.record.known) return lacking(name, "record-unknown", facts.record.why);
    if (!facts.changes.known) return lacking(name, "changes-unknown", facts.changes.why);
    const record = facts.record.value;
    const why = need(policy, facts.changes.value, record, facts.pull?.labels ?? []);
    if (why === null)
      return notApplicable(
        name,
        "not-needed",
        "Neither the policy nor the approved contract asks for a manual test of this change.",
      );
    const results = manualTests(policy.policy).map((test) => judgeTest(test, why, facts, policy, record));
    const status =
      (["fail", "pending"] as const).find((one) => results.some((test) => test.status === one)) ?? "pass";
    return result(name, status, ...results.map((test) => test.reason));
  },
};
