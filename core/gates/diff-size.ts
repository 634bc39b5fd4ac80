import type { Policy } from "../../schemas/policy.ts";
import type { Reason } from "../../schemas/verdict.ts";
import type { Change } from "../facts.ts";
import { patternList } from "../paths/pattern-list.ts";
import { matcher } from "../paths/patterns.ts";
import { authorOf, defineGate, notConfigured, policyLine, result, unknownResult } from "./gate.ts";

const name = "diff-size";

const measures = ["files", "lines", "bytes"] as const;
type Size = Record<(typeof measures)[number], number>;

/**
 * The changes without moves: a file that is gone from one path and stands at another as the same blob. Each of the gone
 * pairs with one of the new, so that a copy counts in full.
 */
function withoutMoves(changes: readonly Change[]): Change[] {
  const gone = new Map<string, Change[]>();
  for (const change of changes) {
    const { before, after } = change;
    if (before === null || after !== null) continue;
    const same = gone.get(before.sha);
    if (same === undefined) gone.set(before.sha, [change]);
    else same.push(change);
  }
  const moved = new Set<Change>();
  for (const change of changes) {
    const from = change.before === null && change.after !== null ? gone.get(change.after.sha)?.pop() : undefined;
    if (from !== undefined) moved.add(from).add(change);
  }
  return changes.filter((change) => !moved.has(change));
}

/** A move is one file, of no lines and no bytes. */
function sizeOf(changes: readonly Change[]): Size {
  const others = withoutMoves(changes);
  const size: Size = { files: others.length + (changes.length - others.length) / 2, lines: 0, bytes: 0 };
  for (const change of others) {
    size.lines += change.added + change.deleted;
    size.bytes += change.bytes;
  }
  return size;
}

/** The paths whose content a policy wants counted: none, unless it limits lines or bytes. */
export function countedPaths({ gates }: Policy): (path: string) => boolean {
  const { lines, bytes, ignore = [] } = gates[name] ?? {};
  if (lines === undefined && bytes === undefined) return () => false;
  const ignored = matcher(ignore, "allow");
  return (path) => ignored.matches(path) === null;
}

/** A change stays within the policy's size limits. Lines are counted from the files, so `.gitattributes` hides none. */
export const diffSize = defineGate({
  name,
  group: "content",
  settings: ({ gates }) => gates[name] ?? notConfigured("The policy sets no limit on size."),
  needs: ["changes"],
  lists: ({ gates }) => [
    patternList(`gates.${name}.ignore`, "allow", gates[name]?.ignore, "it does not count as size"),
  ],
  judge(facts, policy, limits) {
    const ignored = matcher(limits.ignore, "allow");
    const counted = facts.changes.filter((change) => ignored.matches(change.path) === null);
    const size = sizeOf(counted);
    const unread = withoutMoves(counted).find(({ uncounted }) => uncounted !== undefined)?.uncounted;
    const reasons = measures.flatMap((measure): Reason[] => {
      const limit = limits[measure];
      if (limit === undefined || size[measure] <= limit) return [];
      const least = unread === undefined || measure === "files" ? "" : "at least ";
      const message = `The change has ${least}${size[measure]} ${measure}; the policy allows ${limit}.`;
      const next = { step: "Split the change into smaller pull requests.", who: authorOf(facts) };
      return [{ code: `too-many-${measure}`, message, ...policyLine(policy, `gates.${name}.${measure}`), next }];
    });
    if (reasons.length > 0) return result(name, "fail", ...reasons);
    if (unread !== undefined && (limits.lines !== undefined || limits.bytes !== undefined))
      return unknownResult(name, "size-unknown", unread);
    const left = facts.changes.length - counted.length;
    const figures = measures.map(
      (measure) => `${size[measure]} ${measure}${limits[measure] === undefined ? "" : ` of ${limits[measure]}`}`,
    );
    const message = `${figures.join(", ")}${left === 0 ? "" : `; ${left} ignored by the policy`}.`;
    return result(name, "pass", { code: "within-limits", message });
  },
});
