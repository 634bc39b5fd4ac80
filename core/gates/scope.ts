import type { Reason } from "../../schemas/verdict.ts";
import type { Change, LoadedPolicy, PullFacts, RunRecord } from "../facts.ts";
import { authorOf, type Gate, lacking, notApplicable, policyLine, result } from "../gate.ts";
import { matcher, nameProblem } from "../paths.ts";
import { sensitive, sensitivePatterns } from "../sensitive.ts";

const name = "scope";

const links: ReadonlyMap<string, string> = new Map([
  ["120000", "a symbolic link"],
  ["160000", "a submodule"],
]);

type Finding = Pick<Reason, "code" | "message" | "policyLine">;

/** What is wrong with one changed path; a path that misses several parts of the scope gets one finding for each. */
function finder(run: RunRecord, loaded: LoadedPolicy): ((change: Change) => Finding[]) | null {
  const { policy } = loaded;
  const role = Object.hasOwn(policy.roles, run.role) ? policy.roles[run.role] : undefined;
  if (role === undefined) return null;
  const allowed = matcher(role.allow, "allow");
  const declared = matcher(run.paths, "allow");
  const denied = matcher(role.deny, "deny");
  const kept = matcher(policy.extends === "default" ? sensitivePatterns : [], "deny");
  const line = (key: string) => policyLine(loaded, key);
  return ({ path, after }) => {
    const hostile = nameProblem(path);
    if (hostile !== null) return [{ code: "hostile-name", message: `The name is not accepted: ${hostile}.` }];
    const findings: Finding[] = [];
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
    if (declared.matches(path) === null) {
      findings.push({
        code: "outside-declared",
        message: `Outside the paths that the approved plan of story #${run.story} declares.`,
      });
    }
    const link = after === null ? undefined : links.get(after.mode);
    if (link !== undefined)
      findings.push({ code: "link", message: `An agent's change may not hold ${link}.` });
    return findings;
  };
}

function judgeRun(run: RunRecord, changes: readonly Change[], facts: PullFacts, policy: LoadedPolicy) {
  const find = finder(run, policy);
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
  const reasons = changes.flatMap((change) =>
    find(change).map((one): Reason => ({ ...one, path: change.path, next })),
  );
  if (reasons.length > 0) return result(name, "fail", ...reasons);
  const message = `All ${changes.length} changed paths are inside the role \`${run.role}\` and the approved plan.`;
  return result(name, "pass", { code: "in-scope", message });
}

/**
 * A change made by a run stays inside its scope: what the role may touch, narrowed to the paths of the approved plan,
 * without what is denied to the role or to all agents. Text of issues can narrow it and never widen it.
 */
export const scope: Gate = {
  name,
  group: "record",
  changesOn: ["push", "base", "policy", "ledger"],
  judge(facts, policy) {
    if (!facts.record.known) return lacking(name, "record-unknown", facts.record.why);
    const { run, evidence } = facts.record.value;
    if (run === null && evidence.length > 0) {
      return lacking(
        name,
        "run-unknown",
        "The ledger has evidence for this pull request and not the run that made it.",
      );
    }
    if (run === null) return notApplicable(name, "no-run", "No run of an agent made this pull request.");
    if (!facts.changes.known) return lacking(name, "changes-unknown", facts.changes.why);
    return judgeRun(run, facts.changes.value, facts, policy);
  },
};
