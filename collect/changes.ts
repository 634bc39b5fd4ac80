import type { Change, FileSide } from "../core/facts.ts";
import { foldConfusables } from "../core/file-names.ts";
import { type Known, known, type Unread, unknown } from "../core/known.ts";
import { byPath } from "../core/paths/patterns.ts";
import { maxChangedFiles, tooMuch } from "./budget.ts";
import { countLines, type LineCount } from "./lines.ts";
import type { Blob, CommitPair, TreeEntry } from "./objects.ts";

/** A change whose content nobody asked for. */
const unasked: Unread = { known: false, why: "the policy asks for no count of its content" };

/** Two complete listings of files, and the twins among them (`twinsIn`). */
export type Sides = { before: TreeEntry[]; after: TreeEntry[]; twins: ReadonlyMap<string, string> };

/** The largest file that is compared line by line, in bytes; a larger one counts by its size, like a binary file. */
export const comparedBytes = 10_000_000;

/** The reason given when two file names of a tree become equal, so that one could hide the other. */
export const indistinct =
  "a tree holds two file names that cannot be told apart; rename the files whose names are not valid UTF-8";

/**
 * Compares two complete listings of files. There is no rename detection: a renamed file is two changes. Sorted by the
 * bytes of the path. Two names that become equal as UTF-8 make the answer unknown, because one could hide the other.
 */
export function changesBetween({ before, after, twins }: Sides): Known<Change[]> {
  const oldEntries = new Map(before.map((entry) => [entry.path, entry]));
  const newEntries = new Map(after.map((entry) => [entry.path, entry]));
  if (oldEntries.size !== before.length || newEntries.size !== after.length) return unknown(indistinct);
  const changes: Change[] = [];
  for (const path of new Set([...oldEntries.keys(), ...newEntries.keys()])) {
    const one = oldEntries.get(path);
    const other = newEntries.get(path);
    if (one?.sha === other?.sha && one?.mode === other?.mode) continue;
    if (changes.length === maxChangedFiles) return tooMuch(`the change touches more than ${maxChangedFiles} files`);
    const twin = one === undefined ? twinOf(path, twins) : undefined;
    const sides = { path, before: sideOf(one), after: sideOf(other), ...(twin === undefined ? {} : { twin }) };
    changes.push({ ...sides, added: 0, deleted: 0, bytes: 0, binary: false, uncounted: unasked });
  }
  return known(changes.sort(byPath));
}

function twinOf(path: string, twins: ReadonlyMap<string, string>): string | undefined {
  if (twins.size === 0) return undefined;
  const places = path.split("/").map((_, at, names) => names.slice(0, at + 1).join("/"));
  return places.map((place) => twins.get(place)).find((twin) => twin !== undefined);
}

function isBeside(one: string, other: string): boolean {
  const folderOf = (path: string) => path.slice(0, path.lastIndexOf("/") + 1);
  return folderOf(one) === folderOf(other);
}

/**
 * For each new path, another one that a file system without case, or with another form of Unicode, takes for the same.
 * The paths are of files and of folders; all of one folder, or of a whole tree.
 */
export function twinsIn(before: ReadonlySet<string>, after: readonly string[]): Map<string, string> {
  const added = after.filter((path) => !before.has(path));
  const places = new Map(added.map((path): [string, string[]] => [foldConfusables(path), []]));
  // Most changes add nothing, and a tree can be large.
  if (places.size > 0) for (const path of after) places.get(foldConfusables(path))?.push(path);
  const twins = new Map<string, string>();
  for (const path of added) {
    // In one folder: between folders that are twins themselves, a git directory is not asked about all of them.
    const twin = places.get(foldConfusables(path))?.find((other) => other !== path && isBeside(other, path));
    if (twin !== undefined) twins.set(path, twin);
  }
  return twins;
}

/** Reads pairs one after the other, until together they touch too many files. */
export async function readSteps(
  pairs: readonly CommitPair[],
  read: (pair: CommitPair) => Promise<Known<Change[]>>,
): Promise<Known<Change[][]>> {
  const steps: Change[][] = [];
  let left = maxChangedFiles;
  for (const pair of pairs) {
    const step = await read(pair);
    if (!step.known) return step;
    left -= step.value.length;
    if (left < 0) return tooMuch(`the commits of the change touch more than ${maxChangedFiles} files`);
    steps.push(step.value);
  }
  return known(steps);
}

/** The blob ids that countChange needs for these changes; submodules and mode-only changes need none. */
export function contentsOf(changes: readonly Change[]): Set<string> {
  const shas = new Set<string>();
  for (const { before, after } of changes) {
    if (before?.sha === after?.sha) continue;
    for (const side of [before, after]) if (side !== null && !isSubmodule(side)) shas.add(side.sha);
  }
  return shas;
}

/**
 * Counts one change from its contents. A file that becomes a symlink or a submodule, or the reverse, counts as deleted
 * and added in full. `read` must know every id that contentsOf named.
 */
export function countChange({ uncounted, ...change }: Change, read: (sha: string) => Blob): Change {
  const { before, after } = change;
  if (before?.sha === after?.sha) return { ...change, added: 0, deleted: 0, bytes: 0, binary: false };
  const oldBlob = before === null ? null : blobOf(before, read);
  const newBlob = after === null ? null : blobOf(after, read);
  if (before === null || after === null || kindOf(before) === kindOf(after))
    return { ...change, ...countBlobs(oldBlob, newBlob) };
  const removed = countBlobs(oldBlob, null);
  const added = countBlobs(null, newBlob);
  return {
    ...change,
    added: added.added,
    deleted: removed.deleted,
    bytes: added.bytes,
    binary: removed.binary || added.binary,
  };
}

/** A change of which the content was not read: it adds at least what its new file is longer. `sizeOf` is in bytes. */
export function leastChange(change: Change, sizeOf: (sha: string) => number, why: Unread): Change {
  const [before, after] = [change.before, change.after].map((side) =>
    side === null || isSubmodule(side) ? 0 : sizeOf(side.sha),
  );
  return { ...change, bytes: Math.max((after ?? 0) - (before ?? 0), 0), uncounted: why };
}

function countBlobs(before: Blob | null, after: Blob | null): LineCount {
  const tooLarge = [before, after].some((blob) => blob !== null && blob.content === null);
  if (tooLarge) return { added: 0, deleted: 0, bytes: after?.size ?? 0, binary: true };
  return countLines(before?.content ?? null, after?.content ?? null);
}

function blobOf(side: FileSide, read: (sha: string) => Blob): Blob {
  if (!isSubmodule(side)) return read(side.sha);
  // The line that `git diff` shows for a submodule, so that moving its pointer counts as one line.
  const content = Buffer.from(`Subproject commit ${side.sha}\n`);
  return { size: content.length, content };
}

function isSubmodule(side: FileSide): boolean {
  return side.mode === "160000";
}

/** `100…` regular file, `120…` symlink, `160…` submodule. */
function kindOf(side: FileSide): string {
  return side.mode.slice(0, 3);
}

function sideOf(entry: TreeEntry | undefined): FileSide | null {
  return entry === undefined ? null : { mode: entry.mode, sha: entry.sha };
}
