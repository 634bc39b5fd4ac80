import { multisetOf, takeOne } from "./case-matching.ts";

/**
 * A changed snapshot: the text of each side, null if that side has none, and whether the change also touches what it was
 * made from: the test of its name, or an input of tests beside it.
 */
export type Snapshot = { path: string; before: string | null; after: string | null; isSourceChanged: boolean };

/** A shorter snapshot changes by more than half in ordinary work. */
const minSnapshotLines = 10;

const linesOf = (text: string | null) =>
  (text ?? "").split("\n").flatMap((line) => (line.trim() === "" ? [] : [line.trim()]));

/** The recorded cases of a snapshot by the convention of Jest and Vitest. */
const recorded = (text: string | null) => text?.match(/^exports\[/gm)?.length ?? 0;

/** The folder whose tests a snapshot belongs to, with a slash at its end. */
export const folderOf = (path: string) => /^(.*\/|)(?:__snapshots__|snapshots)\/[^/]+$/.exec(path)?.[1] ?? null;

/** The test of a snapshot by the convention of Jest and Vitest; null if the name does not say. */
export function testOf(path: string): string | null {
  const match = /^(.*?)(?:^|(?<=\/))__snapshots__\/([^/]+)\.snap$/.exec(path);
  return match === null ? null : `${match[1]}${match[2]}`;
}

/**
 * The snapshots most of whose lines the change replaces, with how many; `gone` are the tests that it deletes. One whose
 * source changes is expected to change, unless fewer cases are recorded than before.
 */
export function rewritten(snapshots: readonly Snapshot[], gone: ReadonlySet<string>): { path: string; told: string }[] {
  const now = multisetOf(snapshots.flatMap(({ after }) => linesOf(after)));
  const count = (side: "before" | "after") => snapshots.reduce((total, one) => total + recorded(one[side]), 0);
  const [had, has] = [count("before"), count("after")];
  const fewer = has < had ? `, of ${had} recorded cases ${has} are left` : "";
  return snapshots.flatMap(({ path, before, after, isSourceChanged }) => {
    const old = linesOf(before);
    if (isSourceChanged && after !== null && has >= had) return [];
    if (old.length < minSnapshotLines || (after === null && gone.has(testOf(path) ?? ""))) return [];
    const lost = old.filter((line) => !takeOne(now, line)).length;
    return lost * 2 <= old.length
      ? []
      : [{ path, told: `${lost} of the ${old.length} lines of this snapshot are replaced or gone${fewer}` }];
  });
}
