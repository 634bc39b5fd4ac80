import { diffArrays } from "diff";
import type { Change, FileSide } from "../../core/facts.ts";
import { type Known, known } from "../../core/known.ts";
import type { Objects } from "../objects.ts";

/** The largest file, in bytes, in which two changes are merged line by line. */
const mergedBytes = 1_000_000;

/** Files with more changed lines than this are not merged. */
const maxEditLength = 5_000;

/**
 * Checks that a commit of the queue holds the judged changes and nothing else: a file that the branch did not change
 * has the pull request's content, and one that both changed has both changes merged. Null if so, else one line that
 * says what differs. Everyone who may push can make a commit that names any pull request.
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
    if (wanted === undefined) return known(`commit ${commit} changes ${name}, which the pull request does not`);
    if (sameSide(change.before, wanted.before) && sameSide(change.after, wanted.after)) continue;
    const merged = await isMerged(objects, change, wanted);
    if (!merged.known) return merged;
    if (!merged.value) return known(`commit ${commit} makes something else of ${name} than its judged head`);
  }
  for (const wanted of own.values()) {
    // A change that the branch already contains is not in the commit's diff.
    const entry = await objects.entry(parent, wanted.path);
    if (!entry.known) return entry;
    if (sameSide(entry.value, wanted.after)) continue;
    const merged = await isMerged(objects, { before: entry.value, after: entry.value }, wanted);
    if (!merged.known) return merged;
    if (!merged.value) return known(`commit ${commit} leaves out the change of ${JSON.stringify(wanted.path)}`);
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
  // As in git: the mode is the branch's own unless the pull request changed it.
  const mode = judged.after?.mode === judged.before?.mode ? landed.before?.mode : judged.after?.mode;
  // If the branch did not change the file there is nothing to merge.
  if (old === theirs || landed.after?.mode !== mode) return known(false);
  const read = await objects.blobs([old, ours, theirs, both].map(String), mergedBytes);
  if (!read.known) return read;
  const text = (sha = "") => read.value.get(sha)?.content?.toString("latin1") ?? null;
  const [start, mine, other, result] = [text(old), text(ours), text(theirs), text(both)];
  if (start === null || mine === null || other === null || result === null) return known(false);
  // Among equal lines an edit can be placed at several positions with the same result: try from both ends.
  const forward = merge(linesOf(start), linesOf(mine), linesOf(other));
  if (forward?.join("") === result) return known(true);
  const backward = (text: string) => linesOf(text).reverse();
  return known(merge(backward(start), backward(mine), backward(other))?.reverse().join("") === result);
}

/** One edit: the old lines from `start` up to `end` become `lines`. */
type Edit = { start: number; end: number; lines: string[] };

function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function editsOf(from: string[], to: string[]): Edit[] | null {
  const parts = diffArrays(from, to, { maxEditLength });
  if (parts === undefined) return null;
  const edits: Edit[] = [];
  let at = 0;
  let open: Edit | null = null;
  for (const { added, removed, count, value } of parts) {
    if (!added && !removed) {
      open = null;
      at += count;
      continue;
    }
    if (open === null) {
      open = { start: at, end: at, lines: [] };
      edits.push(open);
    }
    if (added) open.lines = open.lines.concat(value);
    else {
      at += count;
      open.end = at;
    }
  }
  return edits;
}

/**
 * Merges two lists of edits to the same lines, each edit at its own position only, even if other lines look alike. Null
 * where two edits touch: git does not merge changes in neighbouring lines. An edit that both make is taken once.
 */
function merge(from: string[], one: string[], other: string[]): string[] | null {
  const [own, others] = [editsOf(from, one), editsOf(from, other)];
  if (own === null || others === null) return null;
  const pieces: string[][] = [];
  let last: Edit | null = null;
  for (const edit of [...own, ...others].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (last !== null && isSame(last, edit)) continue;
    if (last !== null && edit.start <= last.end) return null;
    pieces.push(from.slice(last?.end ?? 0, edit.start), edit.lines);
    last = edit;
  }
  return [...pieces, from.slice(last?.end ?? 0)].flat();
}

function isSame(one: Edit, other: Edit): boolean {
  return one.start === other.start && one.end === other.end && one.lines.join("") === other.lines.join("");
}
