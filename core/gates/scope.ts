import type { GateResult, Reason } from "../../schemas/verdict.ts";
import { casefileGuard } from "../contract/casefiles.ts";
import { testsOnly } from "../contract/tests-only.ts";
import type { Change, LoadedPolicy, PullBasics } from "../facts.ts";
import { testsGuard } from "../languages/test-files.ts";
import { matcher, nameProblem } from "../paths/patterns.ts";
import { sensitive, sensitivePatterns } from "../paths/sensitive.ts";
import type { AdoptedPlan, PullRun } from "../pull-record.ts";
import { countedSize } from "./diff-size.ts";
import { alwaysOn, authorOf, type FactsWith, forRuns, policyLine, result, unknownResult } from "./gate.ts";

const name = "scope";

const links: ReadonlyMap<string, string> = new Map([
  ["120000", "a symbolic link"],
  ["160000", "a submodule"],
]);

type ScopeProblem = Pick<Reason, "code" | "message" | "policyLine">;

/**
 * Returns a function that lists the problems of one changed path; null if the policy has no such role. A casefile
 * passes only as our writer left it. Any other path gets one problem for each part of the scope that it misses.
 */
function problemFinder(run: PullRun, loaded: LoadedPolicy): ((change: Change) => ScopeProblem[]) | null {
  const { policy } = loaded;
  const role = Object.hasOwn(policy.roles, run.role) ? policy.roles[run.role] : undefined;
  if (role === undefined) return null;
  const allowed = matcher(role.allow, "allow");
  const declared = matcher(run.paths, "allow");
  const denied = matcher(role.deny, "deny");
  const kept = matcher(policy.extends === "default" ? sensitivePatterns : [], "deny");
  const line = (key: string) => policyLine(loaded, key);
  const casefiles = run.casefiles ?? [];
  const isCasefile = casefileGuard(casefiles);
  const isNoTest = testsGuard(testsOnly(role, policy.gates));
  return ({ path, before, after }) => {
    const hostile = nameProblem(path);
    if (hostile !== null) return [{ code: "hostile-name", message: `The name is not accepted: ${hostile}.` }];
    if (isCasefile(path)) {
      const written = casefiles.find((one) => one.path === path);
      const isOurs = after?.sha === written?.blob && after?.mode === (before?.mode ?? "100644");
      if (written !== undefined && isOurs) return [];
      const message = "This is the place of a casefile, and not what Sallyport wrote there.";
      return [{ code: "casefile-altered", message, ...line("gates.casefile") }];
    }
    const findings: ScopeProblem[] = [];
    const rule = denied.matches(path);
    if (rule !== null) {
      const message = `The role \`${run.role}\` may not touch \`${rule}\`.`;
      findings.push({
        code: "denied-to-role",
        message,
        ...line(`roles.${run.role}.deny.${role.deny.indexOf(rule)}`),
      });
    }
    const sort = kept.matches(path);
    const kind = sensitive.find((one) => one.pattern === sort);
    if (kind !== undefined) {
      const message = `No agent may touch this file: ${kind.why}.`;
      findings.push({ code: "sensitive-file", message, ...line("extends") });
    }
    if (allowed.matches(path) === null) {
      const message = `Outside what the role \`${run.role}\` may touch.`;
      findings.push({ code: "outside-role", message, ...line(`roles.${run.role}.allow`) });
    }
    if (isNoTest(path)) {
      const message = `No test, and the role \`${run.role}\` writes tests only.`;
      findings.push({ code: "outside-tests", message, ...line(`roles.${run.role}.writes`) });
    }
    if (declared.matches(path) === null) {
      findings.push({
        code: "outside-declared",
        message: `Outside the paths that the approved plan of story #${run.story} declares.`,
      });
    }
    const link = after === null ? undefined : links.get(after.mode);
    if (link !== undefined) findings.push({ code: "link", message: `An agent's change may not hold ${link}.` });
    return findings;
  };
}

function judgeRun(facts: FactsWith<"changes"> & { run: PullRun }, policy: LoadedPolicy): GateResult {
  const { run, changes } = facts;
  const find = problemFinder(run, policy);
  if (find === null) {
    const message = `The run was made in the role \`${run.role}\`, which the policy does not have.`;
    const next = {
      step: `Add the role under \`roles\` in the policy, or close this pull request.`,
      who: "a maintainer",
    };
    return result(name, "fail", { code: "no-such-role", message, ...policyLine(policy, "roles"), next });
  }
  const next = {
    step: "Take this file out of the change, or plan the story again with wider paths.",
    who: authorOf(facts),
  };
  const reasons = changes.flatMap((change) => find(change).map((one): Reason => ({ ...one, path: change.path, next })));
  const { size, unread } = countedSize(changes, policy.policy);
  for (const measure of ["files", "lines"] as const) {
    const limit = run.approval?.light?.[measure];
    if (limit === undefined || size[measure] <= limit) continue;
    const message = `The change has ${size[measure]} ${measure}; the light tier allows ${limit}.`;
    const step = `Make it smaller, or close this, put the label \`story\` on #${run.story} and have it planned.`;
    const line = policyLine(policy, `tiers.light.${measure}`);
    reasons.push({ code: `too-many-${measure}`, message, ...line, next: { step, who: authorOf(facts) } });
  }
  if (reasons.length > 0) return result(name, "fail", ...reasons);
  if (run.approval?.light !== undefined && unread !== undefined) return unknownResult(name, "size-unknown", unread);
  const message = `Every changed path is inside the role \`${run.role}\` and the approved plan.`;
  return result(name, "pass", { code: "in-scope", message });
}

/**
 * A change that no run made stays inside the paths of the plan that it was adopted for. It has no role, so no role's
 * limits apply; the policy's rules for every change do.
 */
function judgeAdopted(plan: AdoptedPlan, changes: readonly Change[], facts: PullBasics): GateResult {
  const declared = matcher(plan.paths, "allow");
  const which = `the approved plan of story #${plan.story}, for which this change was adopted`;
  const step = "Take this file out of the change, or plan the story again with wider paths and adopt it anew.";
  const next = { step, who: authorOf(facts) };
  const reasons = changes.flatMap(({ path }): Reason[] => {
    const hostile = nameProblem(path);
    if (hostile !== null)
      return [{ code: "hostile-name", message: `The name is not accepted: ${hostile}.`, path, next }];
    if (declared.matches(path) !== null) return [];
    return [{ code: "outside-declared", message: `Outside the paths of ${which}.`, path, next }];
  });
  if (reasons.length > 0) return result(name, "fail", ...reasons);
  const message = `Every changed path is inside those of ${which}.`;
  return result(name, "pass", { code: "in-scope", message });
}

/**
 * A run's change stays inside its scope: the role's paths, narrowed to the paths of the approved plan, and to tests for a
 * role that writes nothing else, without paths denied to the role or to all agents. The text of issues can narrow it and
 * never widen it.
 */
export const scope = forRuns({
  name,
  group: "record",
  settings: alwaysOn,
  needs: ["changes"],
  others(facts) {
    const { adoptedFor } = facts.record;
    if (adoptedFor === undefined) return null;
    if (!facts.changes.known) return unknownResult(name, "changes-unknown", facts.changes);
    return judgeAdopted(adoptedFor, facts.changes.value, facts);
  },
  judge: judgeRun,
});
