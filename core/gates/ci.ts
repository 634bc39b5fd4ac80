import type { Reason } from "../../schemas/verdict.ts";
import type { CheckFact, LoadedPolicy, PullFacts } from "../facts.ts";
import { authorOf, type Gate, lacking, notApplicable, policyLine, result } from "../gate.ts";

const name = "ci";

/** The latest attempt of a check, written `@app/name` as in the policy; a name may hold a slash, an app's may not. */
function latest(wanted: string, checks: readonly CheckFact[]): CheckFact | null {
  const attempts = checks.filter((check) => `@${check.app}/${check.name}` === wanted);
  return attempts.reduce<CheckFact | null>(
    (last, one) => (last === null || last.id < one.id ? one : last),
    null,
  );
}

type Blocking = { status: "fail" | "pending"; reason: Reason };

/** What stands against one named check; null when it has succeeded, or was skipped and may be. */
function against(
  wanted: string,
  maySkip: boolean,
  checks: readonly CheckFact[],
  facts: PullFacts,
): Blocking | null {
  const check = latest(wanted, checks);
  const head = facts.head.sha;
  const who = authorOf(facts);
  if (check === null) {
    const step =
      "Wait for it to start. If it does not, see whether the pull request conflicts with its base or the run waits to be allowed.";
    const message = `\`${wanted}\` has not reported on ${head}.`;
    return { status: "pending", reason: { code: "check-missing", message, next: { step, who } } };
  }
  if (check.status !== "completed") {
    const message = `\`${wanted}\` is not done on ${head}: its status is \`${check.status}\`.`;
    const next = { step: "Wait for it to finish.", who };
    return { status: "pending", reason: { code: "check-running", message, next } };
  }
  if (check.conclusion === "success" || (check.conclusion === "skipped" && maySkip)) return null;
  const skipped = check.conclusion === "skipped";
  const step = skipped
    ? `Let it run, or ask a maintainer to list it under \`gates.${name}.skipped\` in the policy.`
    : "See what it reports, mend the change and push, or run it again.";
  const message = `\`${wanted}\` ended as \`${check.conclusion ?? "nothing"}\` on ${head}, which is no success.`;
  const code = skipped ? "check-skipped" : "check-failed";
  return { status: "fail", reason: { code, message, next: { step, who } } };
}

/** The policy's line of one of the checks. */
function lineOf(policy: LoadedPolicy, place: number): Pick<Reason, "policyLine"> {
  return policyLine(policy, `gates.${name}.checks.${place}`);
}

/**
 * Every check that the policy names has succeeded on this exact commit, made by the very app that it names: any app, and
 * any workflow of the change, may give a check any name. Of several attempts the latest counts, so an older success
 * does not stand while a new one runs. A check that nobody has seen is waited for, never taken as passed.
 */
export const ci: Gate = {
  name,
  group: "people",
  changesOn: ["push", "policy", "check"],
  judge(facts, policy) {
    const settings = policy.policy.gates[name];
    if (settings === undefined) return notApplicable(name, "not-configured", "The policy names no checks.");
    if (!facts.checks.known) return lacking(name, "checks-unknown", facts.checks.why);
    const checks = facts.checks.value;
    const blocking = settings.checks.flatMap((wanted, place): Blocking[] => {
      const found = against(wanted, settings.skipped.includes(wanted), checks, facts);
      return found === null ? [] : [{ ...found, reason: { ...found.reason, ...lineOf(policy, place) } }];
    });
    const reasons = blocking.map((one) => one.reason);
    if (blocking.some(({ status }) => status === "fail")) return result(name, "fail", ...reasons);
    if (reasons.length > 0) return result(name, "pending", ...reasons);
    const message = `${settings.checks.map((one) => `\`${one}\``).join(", ")} succeeded${settings.skipped.length === 0 ? "" : " or may be skipped"} on ${facts.head.sha}.`;
    return result(name, "pass", { code: "succeeded", message });
  },
};
