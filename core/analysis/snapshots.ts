import { multisetOf, takeOne } from "./case-matching.ts";

/** A changed snapshot: the text of each side; null if that side has none. */
export type Snapshot = { path: string; before: string | null; after: string | null };

/** A shorter snapshot changes by more than half in ordinary work. */
const minSnapshotLines = 10;

const linesOf = (text: string | null) =>
  (text ?? "").split("\n").flatMap((line) => (line.trim() === "" ? [] : [line.trim()]));

/** The test of a snapshot by the convention of Jest and Vitest; null if the name does not say. */
function testOf(path: string): string | null {
  const match = /^(.*?)(?:^|(?<=\/))__snapshots__\/([^/]+)\.snap$/.exec(path);
  return match === null ? null : `${match[1]}${match[2]}`;
}

/** The snapshots most of whose lines the change replaces, with how many; `gone` are the tests that it deletes. */
export function rewritten(snapshots: readonly Snapshot[], gone: ReadonlySet<string>): { path: string; told: string }[] {
  const now = multisetOf(snapshots.flatMap(({ after }) => linesOf(after)));
  return snapshots.flatMap(({ path, before, after }) => {
    const old = linesOf(before);
    if (old.length < minSnapshotLines || (after === null && gone.has(testOf(path) ?? ""))) return [];
    const lost = old.filter((line) => !takeOne(now, line)).length;
    return lost * 2 <= old.length ? [] : [{ path, told: `${lost} of the ${old.length} lines` }];
  });
}
