import type { Reason } from "../../schemas/verdict.ts";
import { requiredCasefiles } from "../contract/casefiles.ts";
import type { LoadedPolicy } from "../facts.ts";
import { emptyReason } from "../paths/added-files.ts";
import { nameProblem } from "../paths/patterns.ts";
import { holders } from "../people/authority.ts";
import type { PullRun } from "../pull-record.ts";
import { forRuns, notConfigured, policyLine, result } from "./gate.ts";

const name = "casefile";

/** The casefiles that the policy requires of a run's change, each with its policy key. */
function casefiles(run: PullRun, { policy }: LoadedPolicy) {
  return requiredCasefiles(policy).map(({ key, template, ours }) => ({
    path: template.replaceAll("{story}", String(run.story)).replaceAll("{prompt}", String(run.prompt)),
    key,
    ours,
  }));
}

/**
 * How to get a missing file: the App writes its own with the next commit of a run, a prompt has to write the others.
 */
function nextStep({ story }: PullRun, ours: boolean): string {
  return ours
    ? `Close this pull request and plan story #${story} again with \`/plan\`: Sallyport writes this file in each commit of a run.`
    : `Plan story #${story} again, with this file among what its prompt writes.`;
}

/**
 * A run's change needs its casefiles: each is on the head, as text that is not empty. It does not matter whether this
 * change or an earlier one of the story wrote it.
 */
export const casefile = forRuns({
  name,
  group: "record",
  settings: ({ gates }) => gates[name] ?? notConfigured("The policy asks for no casefiles."),
  needs: ["texts"],
  // A path with a hostile name is not read, so its casefile is reported as missing.
  reads: ({ record }, policy) =>
    record === null || record.run === null
      ? []
      : casefiles(record.run, policy).flatMap(({ path }) => (nameProblem(path) === null ? [path] : [])),
  judge(facts, policy) {
    const { run } = facts;
    const texts = new Map(facts.texts.map((file) => [file.path, file.after]));
    const files = casefiles(run, policy);
    const reasons = files.flatMap(({ path, key, ours }): Reason[] => {
      const content = texts.get(path) ?? { state: "absent" };
      const why = emptyReason(content);
      if (why === null) return [];
      const code = content.state === "absent" ? "casefile-missing" : "casefile-empty";
      const message = `This casefile of story #${run.story} ${why} on the head.`;
      const line = {
        ...policyLine(policy, `gates.${name}`),
        ...policyLine(policy, key),
      };
      const next = { step: nextStep(run, ours), who: holders(policy.policy.people, "planners") };
      return [{ code, message, path, ...line, next }];
    });
    if (reasons.length > 0) return result(name, "fail", ...reasons);
    const message = `All ${files.length} casefiles of story #${run.story} are there.`;
    return result(name, "pass", { code: "casefiles-there", message });
  },
});
