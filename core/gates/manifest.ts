import type { Reason } from "../../schemas/verdict.ts";
import type { Change } from "../facts.ts";
import { addedFiles } from "../paths/added-files.ts";
import { anyOf, pairLists } from "../paths/pattern-list.ts";
import { matcher } from "../paths/patterns.ts";
import {
  authorOf,
  defineGate,
  notApplicable,
  notConfigured,
  policyLine,
  result,
  unknownResult,
} from "./gate.ts";

const name = "manifest";

/** Whether what is needed changes with what was touched: a deletion is an answer to deletions only. */
function keepsStep(changes: readonly Change[], touched: readonly Change[], need: readonly string[]): boolean {
  if (addedFiles(changes, need).length > 0) return true;
  const wanted = matcher(need, "allow");
  return (
    touched.every(({ after }) => after === null) &&
    changes.some(({ path, after }) => after === null && wanted.matches(path) !== null)
  );
}

/** Whether prompts still to be merged may write what is needed: one list of patterns lies inside the other. */
function comesLater(need: readonly string[], later: readonly string[]): boolean {
  const [wanted, declared] = [matcher(need, "allow"), matcher(later, "allow")];
  return (
    later.some((path) => wanted.matches(path) !== null) ||
    need.some((path) => declared.matches(path) !== null)
  );
}

/**
 * When one file changes, the file that describes it changes with it: in the same change, or with a prompt of the same
 * approved plan that is still to be merged. The last prompt of a plan has none after it to wait for.
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
    // A change that is no pull request has no story: there, an unread ledger hides nothing.
    if (missing.length > 0 && !facts.record.known && facts.pull !== null)
      return unknownResult(name, "record-unknown", facts.record.why);
    if (missing.length > 0) return result(name, "fail", ...missing);
    if (notes.length > 0) return result(name, "pass", ...notes);
    const message = `What follows the changed files changed with them (rules that apply: ${applied}).`;
    return result(name, "pass", { code: "in-step", message });
  },
});
