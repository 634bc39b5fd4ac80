import { applyPatch, type StructuredPatchHunk, structuredPatch } from "diff";
import type { Change, FileSide } from "../core/facts.ts";
import { type Known, known } from "../core/known.ts";
import type { Objects } from "./objects.ts";

/** The largest file, in bytes, in which two changes are followed line by line. */
const mergedBytes = 1_000_000;

/** More changed lines than this in one file are not followed. */
const longestEdit = 5_000;

/**
 * Checks that a commit of the queue brings in what was judged and nothing else: a file that the branch left alone becomes
 * what the pull request made of it, and one that the branch changed too becomes both changes together. Null when it does,
 * else one line that says what differs. Whoever may push can make a commit that names any pull request.
 */
export async function whyOtherContent(
  objects: Objects,
  { parent, commit }: { parent: string; commit: string },
  judged: readonly Change[],
): Promise<Known<string | null>> {
  const landed = await objects.changes(parent, commit);
  if (!landed.known) return landed;
  const own = new Map(judged.map((change) => [change.path, change]));
  for (const change of landed.value) {
    const name = JSON.stringify(change.path);
    const wanted = own.get(change.path);
    own.delete(change.path);
    if (wanted === undefined)
      return known(`commit ${commit} changes ${name}, which the pull request does not`);
    if (sameSide(change.before, wanted.before) && sameSide(change.after, wanted.after)) continue;
    const merged = await isMerged(objects, change, wanted);
    if (!merged.known) return merged;
    if (!merged.value) return known(`commit ${commit} makes something else of ${name} than its judged head`);
  }
  for (const wanted of own.values()) {
    // What the branch has already is no change any more.
    const entry = await objects.entry(parent, wanted.path);
    if (!entry.known) return entry;
    if (sameSide(entry.value, wanted.after)) continue;
    const merged = await isMerged(objects, { before: entry.value, after: entry.value }, wanted);
    if (!merged.known) return merged;
    if (!merged.value)
      return known(`commit ${commit} leaves out the change of ${JSON.stringify(wanted.path)}`);
  }
  return known(null);
}

function sameSide(one: FileSide | null, other: FileSide | null): boolean {
  return one?.sha === other?.sha && one?.mode === other?.mode;
}

/** Whether a file's new content is the branch's own with the pull request's change applied to it. */
async function isMerged(
  objects: Objects,
  landed: Pick<Change, "before" | "after">,
  judged: Change,
): Promise<Known<boolean>> {
  const sides = [judged.before, judged.after, landed.before, landed.after];
  if (sides.some((side) => side === null || !side.mode.startsWith("100"))) return known(false);
  const [old, ours, theirs, both] = sides.map((side) => side?.sha ?? "");
  // As git has it: the mode is the branch's own unless the pull request changed it.
  const mode = judged.after?.mode === judged.before?.mode ? landed.before?.mode : judged.after?.mode;
  // Where the branch left the file alone there is nothing to merge.
  if (old === theirs || landed.after?.mode !== mode) return known(false);
  const read = await objects.blobs([old, ours, theirs, both].map(String), mergedBytes);
  if (!read.known) return read;
  const text = (sha = "") => read.value.get(sha)?.content?.toString("latin1") ?? null;
  const [start, mine, other, result] = [text(old), text(ours), text(theirs), text(both)];
  if (start === null || mine === null || other === null || result === null) return known(false);
  const from = withShared(start, mine, other);
  if (from === null) return known(false);
  return known(applied(from, mine, other) === result || applied(from, other, mine) === result);
}

/** A text with the change between two others applied to it; null when the change does not fit. */
function applied(from: string, to: string, text: string): string | null {
  // git merges no two changes in neighbouring lines, so one line around each is the same on both sides.
  const patch = structuredPatch("", "", from, to, "", "", { context: 1, maxEditLength: longestEdit });
  if (patch === undefined) return null;
  const result = applyPatch(text, patch, { fuzzFactor: 0, autoConvertLineEndings: false });
  return result === false ? null : result;
}

/** A text with those edits applied that both others make of it alike: git takes such an edit once. */
function withShared(from: string, one: string, other: string): string | null {
  const [first, second] = [one, other].map((to) =>
    structuredPatch("", "", from, to, "", "", { context: 0, maxEditLength: longestEdit }),
  );
  if (first === undefined || second === undefined) return null;
  const others = new Set(second.hunks.map(placed));
  const hunks = first.hunks.filter((hunk) => others.has(placed(hunk)));
  if (hunks.length === 0) return from;
  const result = applyPatch(from, { ...first, hunks }, { fuzzFactor: 0, autoConvertLineEndings: false });
  return result === false ? null : result;
}

/** What a hunk does and where in the old text; where that is in the new one depends on the hunks before it. */
function placed({ oldStart, oldLines, lines }: StructuredPatchHunk): string {
  return JSON.stringify([oldStart, oldLines, lines]);
}
