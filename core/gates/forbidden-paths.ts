import type { Reason } from "../../schemas/verdict.ts";
import type { Change, LoadedPolicy, PullBasics } from "../facts.ts";
import { patternList } from "../paths/pattern-list.ts";
import { matcher } from "../paths/patterns.ts";
import { alwaysOn, authorOf, defineGate, notApplicable, policyLine, result } from "./gate.ts";

const name = "forbidden-paths";

/** What a change does to its path. A rename is a deletion and an addition here, so it has no word of its own. */
function verbOf(change: Change): string {
  if (change.before === null) return "adds";
  return change.after === null ? "deletes" : "edits";
}

function hits(changes: readonly Change[], policy: LoadedPolicy, facts: PullBasics, deny: readonly string[]): Reason[] {
  const denied = matcher(deny, "deny");
  const who = authorOf(facts);
  return changes.flatMap((change): Reason[] => {
    const { path } = change;
    const pattern = denied.matches(path);
    if (pattern === null) return [];
    const line = policyLine(policy, `gates.${name}.deny.${deny.indexOf(pattern)}`);
    const where = line.policyLine === undefined ? "the policy" : `line ${line.policyLine} of the policy`;
    const step = `Take this file out of the change, or ask a maintainer to change ${where}.`;
    const message = `This change ${verbOf(change)} a file that the policy forbids by \`${pattern}\`.`;
    return [{ code: "forbidden-path", message, path, ...line, next: { step, who } }];
  });
}

/**
 * No pull request touches the paths that the policy forbids, whoever wrote it. It is always on, also where no path is
 * forbidden, because it is the gate that rejects an empty change and an unread list of changes for all the others.
 */
export const forbiddenPaths = defineGate({
  name,
  group: "content",
  settings: alwaysOn,
  needs: ["mergeBase", "changes"],
  lists: ({ gates }) => [
    patternList(`gates.${name}.deny`, "deny", gates[name]?.deny, "no pull request may touch it, whoever wrote it"),
  ],
  judge(facts, policy) {
    const { changes } = facts;
    if (changes.length === 0) {
      const next = {
        step: "Push a commit that changes something, or close the pull request.",
        who: authorOf(facts),
      };
      const message = "Nothing differs between the head and the base, so there is nothing to judge.";
      return result(name, "fail", { code: "nothing-changed", message, next });
    }
    const deny = policy.policy.gates[name]?.deny;
    if (deny === undefined) return notApplicable(name, "not-configured", "The policy forbids no paths.");
    const reasons = hits(changes, policy, facts, deny);
    if (reasons.length > 0) return result(name, "fail", ...reasons);
    return result(name, "pass", {
      code: "no-forbidden-path",
      message: "No changed path is forbidden.",
    });
  },
});
