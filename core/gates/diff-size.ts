import type { Policy } from "../../schemas/policy.ts";
import type { GateResult, Reason } from "../../schemas/verdict.ts";
import type { Change, LoadedPolicy, PullFacts } from "../facts.ts";
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
export function countedPaths({ gates, tiers }: Policy): (path: string) => boolean {
  const { lines, bytes, story, ignore = [] } = gates[name] ?? {};
  const limited = [lines, bytes, story?.lines, tiers.light];
  if (limited.every((one) => one === undefined)) return () => false;
  const ignored = matcher(ignore, "allow");
  return (path) => ignored.matches(path) === null;
}

/**
 * What a run's change adds to its story, for its verdict's entry; null where the policy sets no budget for stories, the
 * change is no run's, or not all of it was counted.
 */
export function storySize(facts: PullFacts): { files: number; lines: number } | null {
  const { policy, record, changes } = facts;
  if (!policy.known || policy.value.state !== "loaded" || !record.known || !changes.known) return null;
  const limits = policy.value.policy.gates[name];
  if (limits?.story === undefined || record.value.run === null) return null;
  const counted = withoutIgnored(changes.value, limits.ignore);
  if (limits.story.lines !== undefined && withoutMoves(counted).some(({ uncounted }) => uncounted !== undefined))
    return null;
  const { files, lines } = sizeOf(counted);
  return { files, lines };
}

/** A change's size without the `left` files that the policy does not count; `unread`: why it is only the least. */
export function countedSize(changes: readonly Change[], { gates }: Policy) {
  const counted = withoutIgnored(changes, gates[name]?.ignore ?? []);
  const unread = withoutMoves(counted).find(({ uncounted }) => uncounted !== undefined)?.uncounted;
  return { size: sizeOf(counted), unread, left: changes.length - counted.length };
}

function withoutIgnored(changes: readonly Change[], ignore: readonly string[]): Change[] {
  const ignored = matcher(ignore, "allow");
  return changes.filter((change) => ignored.matches(change.path) === null);
}

/** The budget of a whole story, for a change of one of its prompts; null: it is kept, or none is set. */
function storyResult(facts: Pick<PullFacts, "record" | "pull">, size: Size, policy: LoadedPolicy): GateResult | null {
  const budget = policy.policy.gates[name]?.story;
  // Without the ledger at hand, as in a clone, the App judges it; a merge group is of many stories, and each member's
  // own verdict counts what the story's other prompts added.
  if (budget === undefined || facts.pull === null) return null;
  if (!facts.record.known) return unknownResult(name, "record-unknown", facts.record);
  const { run } = facts.record.value;
  if (run === null) return null;
  const before = run.added ?? [];
  const reasons = (["files", "lines"] as const).flatMap((measure): Reason[] => {
    const limit = budget[measure];
    const total = before.reduce((sum, { size: one }) => sum + (one?.[measure] ?? 0), size[measure]);
    if (limit === undefined || total <= limit) return [];
    const others = before.map(({ pull }) => `#${pull}`).join(", ");
    const message = `With ${others === "" ? "this change" : others}, story #${run.story} has ${total} ${measure}; the policy allows ${limit} a story.`;
    const next = { step: "Close this pull request, or plan what is left as a story of its own.", who: "a planner" };
    return [
      { code: `story-too-many-${measure}`, message, ...policyLine(policy, `gates.${name}.story.${measure}`), next },
    ];
  });
  if (reasons.length > 0) return result(name, "fail", ...reasons);
  const uncounted = before.flatMap(({ pull, size: one }) => (one === null ? [`#${pull}`] : []));
  if (uncounted.length === 0) return null;
  const message = `${uncounted.join(", ")} of story #${run.story} was not counted when it was judged.`;
  const next = { step: `Wait for its verdict. If it is merged, waive \`${name}\` here.`, who: "a maintainer" };
  return result(name, "pending", { code: "story-not-counted", message, next });
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
    const { size, unread, left } = countedSize(facts.changes, policy.policy);
    const reasons = measures.flatMap((measure): Reason[] => {
      const limit = limits[measure];
      if (limit === undefined || size[measure] <= limit) return [];
      const least = unread === undefined || measure === "files" ? "" : "at least ";
      const message = `The change has ${least}${size[measure]} ${measure}; the policy allows ${limit}.`;
      const next = { step: "Split the change into smaller pull requests.", who: authorOf(facts) };
      return [{ code: `too-many-${measure}`, message, ...policyLine(policy, `gates.${name}.${measure}`), next }];
    });
    if (reasons.length > 0) return result(name, "fail", ...reasons);
    const isCounted = [limits.lines, limits.bytes, limits.story?.lines].some((limit) => limit !== undefined);
    if (unread !== undefined && isCounted) return unknownResult(name, "size-unknown", unread);
    const ofStory = storyResult(facts, size, policy);
    if (ofStory !== null) return ofStory;
    const figures = measures.map(
      (measure) => `${measure} ${size[measure]}${limits[measure] === undefined ? "" : ` of ${limits[measure]}`}`,
    );
    const message = `Size: ${figures.join(", ")}${left === 0 ? "" : `; ignored by the policy: ${left}`}.`;
    return result(name, "pass", { code: "within-limits", message });
  },
});
