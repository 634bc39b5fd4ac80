import type { FileSide } from "../facts.ts";
import type { Mark, TestReading } from "./test-reading.ts";

/** A changed test file: the tests and the blob of each side. Null: the side does not exist, or is no program. */
export type TestFile = {
  path: string;
  before: TestReading | null;
  after: TestReading | null;
  beforeSide: FileSide | null;
  afterSide: FileSide | null;
  /** Whether the file's name marks it as a test, not only its folder. */
  named: boolean;
};

/** A changed snapshot: the text of each side; null if that side has none. */
export type Snapshot = { path: string; before: string | null; after: string | null };

/** One way in which the tests of a change are weaker than before. `line` is in the new file. */
export type Weakening = {
  code: "test-deleted" | "test-skipped" | "test-focused" | "fewer-cases" | "fewer-assertions" | "snapshot-rewritten";
  message: string;
  path: string;
  line?: number;
  step: string;
};

/** How often each text occurs. */
type Multiset = Map<string, number>;

function multisetOf(texts: Iterable<string>): Multiset {
  const multiset: Multiset = new Map();
  for (const text of texts) multiset.set(text, (multiset.get(text) ?? 0) + 1);
  return multiset;
}

/** Removes one occurrence of a text; false if there is none left. */
function takeOne(multiset: Multiset, text: string): boolean {
  const count = multiset.get(text) ?? 0;
  if (count > 0) multiset.set(text, count - 1);
  return count > 0;
}

const isGone = ({ beforeSide, afterSide }: TestFile) => beforeSide !== null && afterSide === null;

/**
 * The deleted test files that did not move: no new file has the same blob, and not all of their cases are new
 * elsewhere.
 */
function deletedTests(files: readonly TestFile[]): TestFile[] {
  const blobs = new Set(
    files.flatMap(({ beforeSide, afterSide }) => (beforeSide === null && afterSide ? [afterSide.sha] : [])),
  );
  const before = multisetOf(files.filter((file) => !isGone(file)).flatMap((file) => file.before?.cases ?? []));
  const gained = multisetOf(files.flatMap((file) => file.after?.cases ?? []).filter((one) => !takeOne(before, one)));
  return files.filter((file) => {
    if (!isGone(file) || blobs.has(file.beforeSide?.sha ?? "")) return false;
    const cases = file.before?.cases ?? [];
    if (cases.length === 0) return file.named;
    return cases.filter((one) => takeOne(gained, one)).length < cases.length;
  });
}

/** The marks that the change adds. A mark that moves with its case, even to another file, is not added. */
function addedMarks(files: readonly TestFile[], kind: "skipped" | "focused"): { path: string; mark: Mark }[] {
  const old = multisetOf(files.flatMap((file) => file.before?.[kind] ?? []).map(({ key }) => key));
  return files.flatMap(({ path, after }) =>
    (after?.[kind] ?? []).filter(({ key }) => !takeOne(old, key)).map((mark) => ({ path, mark })),
  );
}

const markSteps = {
  skipped: "Let this test run: mend it or what it tests, and take out what skips it.",
  focused: "Take out what runs this test alone: it switches all others of the file off.",
} as const;

function marked(files: readonly TestFile[], kind: "skipped" | "focused"): Weakening[] {
  const effect = kind === "skipped" ? "switches a test off" : "switches every other test of its file off";
  return addedMarks(files, kind).map(({ path, mark }) => ({
    code: `test-${kind}`,
    message: `This line, which the change adds, ${effect}: \`${mark.text.slice(0, 80).replaceAll("`", "'")}\`.`,
    path,
    line: mark.line,
    step: markSteps[kind],
  }));
}

/** Compares counts over the whole change, so that moving tests is free. Files reported as deleted are not counted. */
function fewer(
  files: readonly TestFile[],
  code: "fewer-cases" | "fewer-assertions",
  count: (reading: TestReading) => number,
): Weakening[] {
  const sides = files.map(({ path, before, after }) => ({
    path,
    before: before === null ? 0 : count(before),
    after: after === null ? 0 : count(after),
  }));
  const before = sides.reduce((sum, side) => sum + side.before, 0);
  const after = sides.reduce((sum, side) => sum + side.after, 0);
  if (after >= before) return [];
  const [worst] = sides.toSorted((one, other) => one.after - one.before - (other.after - other.before));
  const things = code === "fewer-cases" ? "cases" : "assertions";
  const message = `The tests that the change touches had ${before} ${things} and have ${after}; most are lost in this file.`;
  const step = `Bring the ${things} back, or bring others that prove as much.`;
  return [{ code, message, path: worst?.path ?? "", step }];
}

/** A shorter snapshot changes by more than half in ordinary work. */
const minSnapshotLines = 10;

const linesOf = (text: string | null) =>
  (text ?? "").split("\n").flatMap((line) => (line.trim() === "" ? [] : [line.trim()]));

/** The test of a snapshot by the convention of Jest and Vitest; null if the name does not say. */
function testOf(path: string): string | null {
  const match = /^(.*?)(?:^|(?<=\/))__snapshots__\/([^/]+)\.snap$/.exec(path);
  return match === null ? null : `${match[1]}${match[2]}`;
}

function rewritten(snapshots: readonly Snapshot[], files: readonly TestFile[]): Weakening[] {
  const gone = new Set(files.filter(isGone).map(({ path }) => path));
  const now = multisetOf(snapshots.flatMap(({ after }) => linesOf(after)));
  return snapshots.flatMap(({ path, before, after }): Weakening[] => {
    const old = linesOf(before);
    if (old.length < minSnapshotLines || (after === null && gone.has(testOf(path) ?? ""))) return [];
    const lost = old.filter((line) => !takeOne(now, line)).length;
    if (lost * 2 <= old.length) return [];
    const message = `${lost} of the ${old.length} lines of this snapshot are replaced or gone, and the change adds no case.`;
    const step = "Keep what still holds of the snapshot, or add the cases that ask for the new one.";
    return [{ code: "snapshot-rewritten", message, path, step }];
  });
}

/**
 * How a change weakens tests: deleted files, skipped cases, fewer cases or assertions, rewritten snapshots. The author
 * of the change wrote one side of every file; the other is on the base branch.
 */
export function weakenings(files: readonly TestFile[], snapshots: readonly Snapshot[]): Weakening[] {
  const deleted = deletedTests(files);
  const kept = files.filter((file) => !deleted.includes(file));
  const cases = (side: "before" | "after") => kept.reduce((sum, file) => sum + (file[side]?.cases.length ?? 0), 0);
  return [
    ...deleted.map(
      ({ path }): Weakening => ({
        code: "test-deleted",
        message: "This test is deleted or renamed away, and its cases are nowhere else among the tests.",
        path,
        step: "Bring the test back, or move all its cases to another test.",
      }),
    ),
    ...marked(kept, "skipped"),
    ...marked(kept, "focused"),
    ...fewer(kept, "fewer-cases", ({ cases: own }) => own.length),
    ...fewer(kept, "fewer-assertions", ({ assertions }) => assertions),
    ...(cases("after") > cases("before") ? [] : rewritten(snapshots, files)),
  ];
}
