import type { Reason } from "../../schemas/verdict.ts";
import type { Change } from "../facts.ts";
import { addedFiles } from "../paths/added-files.ts";
import { anyOf, pairLists } from "../paths/pattern-list.ts";
import { matcher } from "../paths/patterns.ts";
import { authorOf, defineGate, notApplicable, notConfigured, policyLine, result, unknownResult } from "./gate.ts";

const name = "manifest";

/** Whether a needed file changes with the touched ones; a deletion only answers deletions. */
function keepsStep(changes: readonly Change[], touched: readonly Change[], need: readonly string[]): boolean {
  if (addedFiles(changes, need).length > 0) return true;
  const wanted = matcher(need, "allow");
  return (
    touched.every(({ after }) => after === null) &&
    changes.some(({ path, after }) => after === null && wanted.matches(path) !== null)
  );
}

/** Whether prompts still to be merged may write a needed file: a pattern of one list matches a pattern of the other. */
function comesLater(need: readonly string[], later: readonly string[]): boolean {
  const [wanted, declared] = [matcher(need, "allow"), matcher(later, "allow")];
  return later.some((path) => wanted.matches(path) !== null) || need.some((path) => declared.matches(path) !== null);
}

/**
 * When one file changes, the file that describes it changes too: in the same change, or in a later prompt of the same
 * approved plan that is not merged yet. The last prompt of a plan has no later one.
 */
export const manifest = defineGate({
  name,
  group: "content",
  settings: ({ gates }) => gates[name] ?? notConfigured("The policy names no files that change together."),
  needs: ["changes"],
  lists: ({ gates }) =>
    pairLists(`gates.${name}`, gates[name], (when, need) => [
      `when it changes, ${need} changes with it`,
      `it changes when ${when} changes`,
    ]),
  judge(facts, policy, pairs) {
    const { changes } = facts;
    const later = facts.record.known ? (facts.record.value.run?.laterPaths ?? []) : [];
    const missing: Reason[] = [];
    const notes: Reason[] = [];
    let applied = 0;
    for (const [index, { when, need }] of pairs.entries()) {
      const watched = matcher(when, "deny");
      const touched = changes.filter(({ path }) => watched.matches(path) !== null);
      const [first] = touched;
      if (first === undefined) continue;
      applied += 1;
      if (keepsStep(changes, touched, need)) continue;
      const wanted = anyOf(need);
      const line = policyLine(policy, `gates.${name}.${index}`);
      const reason = { path: first.path, ...line };
      if (comesLater(need, later)) {
        const message = `This file changes; ${wanted} may come with a later prompt of the story.`;
        notes.push({ code: "comes-later", message, ...reason });
        continue;
      }
      const message = `This file changes, and ${wanted} does not change with it.`;
      const next = { step: `Bring ${wanted} up to date in this change.`, who: authorOf(facts) };
      missing.push({ code: "out-of-step", message, ...reason, next });
    }
    if (applied === 0)
      return notApplicable(name, "nothing-watched", "The change touches no file that another follows.");
    // Without a pull request there is no story, so an unread ledger does not matter.
    if (missing.length > 0 && !facts.record.known && facts.pull !== null)
      return unknownResult(name, "record-unknown", facts.record.why);
    if (missing.length > 0) return result(name, "fail", ...missing);
    if (notes.length > 0) return result(name, "pass", ...notes);
    const message = `What follows the changed files changed with them (rules that apply: ${applied}).`;
    return result(name, "pass", { code: "in-step", message });
  },
});
