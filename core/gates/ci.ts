import type { Reason } from "../../schemas/verdict.ts";
import type { CheckFact, PullBasics } from "../facts.ts";
import { authorOf, defineGate, notConfigured, policyLine, result } from "./gate.ts";

const name = "ci";

/**
 * The latest attempts of a check, written `@app/name` as in the policy, one per check suite: another workflow may use
 * the same name, and its success does not undo a failure. A check's name may contain a slash, an app's may not.
 */
function latest(wanted: string, checks: readonly CheckFact[]): CheckFact[] {
  const bySuite = new Map<number, CheckFact>();
  for (const check of checks) {
    if (`@${check.app}/${check.name}` !== wanted) continue;
    const earlier = bySuite.get(check.suite);
    if (earlier === undefined || earlier.id < check.id) bySuite.set(check.suite, check);
  }
  return [...bySuite.values()].sort((one, other) => one.id - other.id);
}

type Blocking = { status: "fail" | "pending"; reason: Reason };

/** The reasons why one required check blocks; none if it succeeded in every suite, or was skipped and may be. */
function reasonsAgainst(wanted: string, maySkip: boolean, checks: readonly CheckFact[], facts: PullBasics): Blocking[] {
  const attempts = latest(wanted, checks);
  const who = authorOf(facts);
  if (attempts.length === 0) {
    const step =
      "Wait for it to start. If it does not, see whether the pull request conflicts with its base or the run waits to be allowed.";
    const message = `\`${wanted}\` has not reported on ${facts.head.sha}.`;
    return [{ status: "pending", reason: { code: "check-missing", message, next: { step, who } } }];
  }
  return attempts.flatMap((check) => blockingOf(check, wanted, maySkip, facts));
}

function blockingOf(check: CheckFact, wanted: string, maySkip: boolean, facts: PullBasics): Blocking[] {
  const head = facts.head.sha;
  const who = authorOf(facts);
  if (check.status !== "completed") {
    const message = `\`${wanted}\` is not done on ${head}: its status is \`${check.status}\`.`;
    const next = { step: "Wait for it to finish.", who };
    return [{ status: "pending", reason: { code: "check-running", message, next } }];
  }
  if (check.conclusion === "success" || (check.conclusion === "skipped" && maySkip)) return [];
  const skipped = check.conclusion === "skipped";
  const step = skipped
    ? `Let it run, or ask a maintainer to list it under \`gates.${name}.skipped\` in the policy.`
    : "See what it reports, mend the change and push, or run it again.";
  const message = `\`${wanted}\` ended as \`${check.conclusion ?? "nothing"}\` on ${head}, which is no success.`;
  const code = skipped ? "check-skipped" : "check-failed";
  return [{ status: "fail", reason: { code, message, next: { step, who } } }];
}

/**
 * Every check that the policy names succeeded on this exact commit, reported by the app that it names: any app, and any
 * workflow of the change, may use any check name. The latest attempt in a suite counts, so an older success is void
 * while a new attempt runs. A check without a report is pending, never passed.
 */
export const ci = defineGate({
  name,
  group: "people",
  settings: ({ gates }) => gates[name] ?? notConfigured("The policy names no checks."),
  needs: ["checks"],
  judge(facts, policy, settings) {
    const blocking = settings.checks.flatMap((wanted, index) =>
      reasonsAgainst(wanted, settings.skipped.includes(wanted), facts.checks, facts).map(({ status, reason }) => ({
        status,
        reason: { ...reason, ...policyLine(policy, `gates.${name}.checks.${index}`) },
      })),
    );
    const reasons = blocking.map((one) => one.reason);
    if (blocking.some(({ status }) => status === "fail")) return result(name, "fail", ...reasons);
    if (reasons.length > 0) return result(name, "pending", ...reasons);
    const message = `${settings.checks.map((one) => `\`${one}\``).join(", ")} succeeded${settings.skipped.length === 0 ? "" : " or may be skipped"} on ${facts.head.sha}.`;
    return result(name, "pass", { code: "succeeded", message });
  },
});
