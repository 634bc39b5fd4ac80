import type { FileSide } from "../facts.ts";
import { type Match, type Multiset, matchCases, multisetOf, type Placed, takeOne } from "./case-matching.ts";
import { rewritten, type Snapshot } from "./snapshots.ts";
import type { TestCase, TestReading } from "./test-reading.ts";

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

/** One way in which the tests of a change are weaker than before. `line` is in the new file. */
export type Weakening = {
  code: "test-deleted" | "test-skipped" | "test-focused" | "fewer-cases" | "fewer-assertions" | "snapshot-rewritten";
  message: string;
  path: string;
  line?: number;
  step: string;
};

const isGone = ({ beforeSide, afterSide }: TestFile) => beforeSide !== null && afterSide === null;
const quoted = (text: string) => `\`${text.slice(0, 80).replaceAll("`", "'").replace(/\s+/g, " ")}\``;
const placedIn = (files: readonly TestFile[], side: "before" | "after"): Placed[] =>
  files.flatMap((file) => (file[side]?.cases ?? []).map((one) => ({ path: file.path, one })));

/** The first few of a list in a sentence, each with its line. */
function listed(cases: readonly TestCase[]): string {
  const named = cases.slice(0, 3).map(({ name, line }) => `${quoted(name)} (line ${line})`);
  return `${named.join(", ")}${cases.length > 3 ? ` and ${cases.length - 3} more` : ""}`;
}

/** What the cases of each file lost, in the order of the files. */
function byPath<T extends { path: string }>(items: readonly T[]): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(item.path);
    if (group === undefined) groups.set(item.path, [item]);
    else group.push(item);
  }
  return [...groups];
}

const order = { runs: 2, sometimes: 1, never: 0 } as const;
/** Whether a case does not run because nothing is left in it. */
const isEmptied = ({ state, off }: TestCase) => state === "never" && off === null;
const steps = {
  skipped: "Let this test run as before: mend it or what it tests, and take out what switches it off.",
  focused: "Take out what runs this test alone: it switches all others of the file off.",
} as const;

function skipped(matches: readonly Match[]): Weakening[] {
  return matches.flatMap(({ before, after: { path, one } }): Weakening[] => {
    const isNarrower =
      one.state === before.one.state && one.state === "sometimes" && one.conditions > before.one.conditions;
    if (
      (order[one.state] >= order[before.one.state] && !isNarrower) ||
      (isEmptied(one) && before.one.assertions.length > 0)
    )
      return [];
    const ran = before.one.state === "runs" ? "ran" : "ran on a condition";
    const runs =
      one.state === "never" ? "no longer runs" : isNarrower ? "runs on one more" : "runs on a condition only";
    const off = one.off ?? { line: one.line, text: one.name };
    const message = `The case ${quoted(one.name)} (line ${one.line}) ${ran} and ${runs}: ${quoted(off.text)}.`;
    return [{ code: "test-skipped", message, path, line: off.line, step: steps.skipped }];
  });
}

/** The cases whose table lost rows, unless as many cases are new. */
function fewerRows(matches: readonly Match[], fresh: readonly Placed[]): Weakening[] {
  let free = fresh.reduce((total, { one }) => total + one.rows, 0);
  return matches.flatMap(({ before: { one: old }, after: { path, one } }): Weakening[] => {
    if (one.rows >= old.rows || old.rows === Number.POSITIVE_INFINITY) return [];
    free -= old.rows - one.rows;
    if (free >= 0) return [];
    const message = `The table of the case ${quoted(one.name)} (line ${one.line}) had ${old.rows} rows and has ${one.rows}.`;
    const step = "Bring the rows back, or bring cases that prove as much.";
    return [{ code: "fewer-cases", message, path, line: one.line, step }];
  });
}

function focused(files: readonly TestFile[]): Weakening[] {
  const old = multisetOf(files.flatMap(({ before }) => before?.focused ?? []).map(({ text }) => text));
  return files.flatMap(({ path, after }) =>
    (after?.focused ?? [])
      .filter(({ text }) => !takeOne(old, text))
      .map(({ line, text }): Weakening => {
        const message = `This line, which the change adds, switches every other test of its file off: ${quoted(text)}.`;
        return { code: "test-focused", message, path, line, step: steps.focused };
      }),
  );
}

const sum = (weights: readonly { weight: number }[]) => weights.reduce((total, { weight }) => total + weight, 0);

const countOf = (text: string, word: RegExp) => text.match(word)?.length ?? 0;

/** What a case proved that the later one has to: without a condition, the branch that proved more. */
function provedBy(old: TestCase, one: TestCase): TestCase["assertions"] {
  const [was, is] = [old.body(), one.body()];
  const hasLess = [/\bif\b/g, /\belse\b/g].every((word) => countOf(is, word) < countOf(was, word));
  return hasLess ? old.assertions.filter(({ isOther }) => !isOther) : old.assertions;
}

/** Whether an assertion asks for a part of the text that another one compares as a whole. */
function isPartOf(text: string, whole: string): boolean {
  if (!/contain|include/i.test(text) || /not|false/i.test(text) || !/equal|toBe\(|==/i.test(whole)) return false;
  const part = /"([^"]{2,200})"/.exec(text)?.[1];
  return part !== undefined && whole.replaceAll('\\"', '"').includes(part.replaceAll('\\"', '"'));
}

/** An expectation of a call that also says what the double answers. */
const answers = /\b(?:andReturn|willReturn|and_return)\w{0,20}\(/;
const doubles = /\b(?:\w{0,40}Mock|mock|spy|double)\(/gi;
const fakes = /\bfake\(|\bFake[A-Z]|[a-z]Fake\(|\bInMemory/g;

/** Whether doubles of a case gave way to a fake, which answers in their stead, and the case asserts what comes of it. */
function isFaked(old: TestCase, one: TestCase): boolean {
  const [was, is] = [old.body(), one.body()];
  const hasFake = countOf(is, doubles) < countOf(was, doubles) && countOf(is, fakes) > countOf(was, fakes);
  return hasFake && one.assertions.some(({ text }) => !answers.test(text));
}

/** The pairs whose case proves less: fewer assertions that also compare less, and those that are gone stand nowhere else. */
function weaker(matches: readonly Match[], gained: Multiset): Match[] {
  return matches.filter(({ before: { one: old }, after: { one } }) => {
    if (one.state === "never" && old.state !== "never" && !isEmptied(one)) return false;
    const isTable = one.rows > old.rows && one.assertions.length > 0;
    if (isTable || one.assertions.length >= old.assertions.length) return false;
    const proved = provedBy(old, one);
    if (one.assertions.length >= proved.length || sum(one.assertions) >= sum(proved)) return false;
    const kept = multisetOf(one.assertions.map(({ text }) => text));
    const missing = proved.filter(({ text }) => !takeOne(kept, text)).filter(({ text }) => !takeOne(gained, text));
    const fresh = one.assertions.filter(({ text }) => takeOne(kept, text));
    const lost = missing
      .filter(({ text }) => !fresh.some((whole) => isPartOf(text, whole.text)))
      .filter(({ text }) => !answers.test(text) || !isFaked(old, one));
    return lost.length > fresh.length && sum(lost) > sum(fresh);
  });
}

function fewerAssertions(weak: readonly Match[]): Weakening[] {
  return byPath(weak.map(({ before, after }) => ({ path: after.path, old: before.one, one: after.one }))).map(
    ([path, cases]) => {
      const told = cases.slice(0, 3).map(({ old, one }) => {
        const name = one.name === "" ? "what stands outside of cases" : `${quoted(one.name)} (line ${one.line})`;
        return `${name} had ${old.assertions.length} and has ${one.assertions.length}`;
      });
      const more = cases.length > 3 ? `, and ${cases.length - 3} more have fewer` : "";
      const message = `Fewer assertions that can fail: ${told.join(", ")}${more}.`;
      const step = "Bring the assertions back, or bring others that prove as much.";
      return { code: "fewer-assertions", message, path, line: cases[0]?.one.line ?? 1, step };
    },
  );
}

/** The functions that assert, paired by name, as if they were cases. */
function helperMatches(files: readonly TestFile[]): Match[] {
  const after = new Map(
    files.flatMap((file) => [...(file.after?.helpers ?? [])].map(([name, one]) => [name, { path: file.path, one }])),
  );
  return files.flatMap((file) =>
    [...(file.before?.helpers ?? [])].flatMap(([name, one]): Match[] => {
      const own = file.after?.helpers.get(name);
      const found = own === undefined ? after.get(name) : { path: file.path, one: own };
      if (found !== undefined && (name !== "" || own !== undefined))
        return [{ before: { path: file.path, one }, after: found }];
      if (file.after === null || name !== "") return [];
      return [
        { before: { path: file.path, one }, after: { path: file.path, one: { ...one, line: 1, assertions: [] } } },
      ];
    }),
  );
}

const textsOf = ({ one }: Placed) => (one.state === "never" ? [] : one.assertions.map(({ text }) => text));

/** What cases and helpers assert that they did not before, or that are new. */
function gainedTexts(matches: readonly Match[], fresh: readonly Placed[]): Multiset {
  const kept = matches.flatMap(({ before, after }) => {
    const old = multisetOf(textsOf(before));
    return textsOf(after).filter((text) => !takeOne(old, text));
  });
  return multisetOf([...kept, ...fresh.flatMap(textsOf)]);
}

/** Whether all that a case asserts stands in other cases now. */
function isElsewhere({ one }: Placed, gained: Multiset): boolean {
  const { assertions } = one;
  if (assertions.length === 0 || !assertions.every(({ text }) => (gained.get(text) ?? 0) > 0)) return false;
  return assertions.every(({ text }) => takeOne(gained, text));
}

function gone(files: readonly TestFile[], cases: readonly Placed[], snapshots: ReadonlySet<string>): Weakening[] {
  const lost = new Map(byPath(cases));
  return files.flatMap((file): Weakening[] => {
    const { path } = file;
    const own = (lost.get(path) ?? []).map(({ one }) => one);
    const all = file.before?.cases.length ?? 0;
    if (isGone(file)) {
      if (snapshots.has(file.beforeSide?.sha ?? "") || (own.length === 0 && (all > 0 || !file.named))) return [];
      const which =
        own.length === 0 ? "" : `, and ${own.length} of its ${all} cases stand nowhere else: ${listed(own)}`;
      const step = "Bring the test back, or move all its cases to another test.";
      return [{ code: "test-deleted", message: `This test is deleted or renamed away${which}.`, path, step }];
    }
    if (own.length === 0) return [];
    const message = `${own.length} of the ${all} cases of the old file are gone and stand nowhere else: ${listed(own)}.`;
    return [{ code: "fewer-cases", message, path, step: "Bring the cases back, or bring others that prove as much." }];
  });
}

function replaced(files: readonly TestFile[], snapshots: readonly Snapshot[]): Weakening[] {
  return rewritten(snapshots, new Set(files.filter(isGone).map(({ path }) => path))).map(({ path, told }) => {
    const message = `${told}, and the change adds no case.`;
    const step = "Keep what still holds of the snapshot, or add the cases that ask for the new one.";
    return { code: "snapshot-rewritten", message, path, step };
  });
}

/**
 * How a change weakens tests: cases that are gone, run less or prove less, and rewritten snapshots. The author of the
 * change wrote one side of every file; the other is on the base branch.
 */
export function weakenings(files: readonly TestFile[], snapshots: readonly Snapshot[]): Weakening[] {
  const [before, after] = [placedIn(files, "before"), placedIn(files, "after")];
  const { matches, alike, gone: unmatched, fresh } = matchCases(before, after);
  const helpers = helperMatches(files);
  const codeOf = (side: "before" | "after") => new Map(files.map((file) => [file.path, file[side]?.code]));
  const [oldCode, newCode] = [codeOf("before"), codeOf("after")];
  // A file that only moved proves what it did: what its helpers lost is told of them.
  const changed = ({ before: was, after: is }: Match) =>
    was.path === is.path || oldCode.get(was.path) !== newCode.get(is.path);
  const old = new Set(helpers.map((match) => match.after.one));
  const freshHelpers = files.flatMap(({ path, after: side }) =>
    [...(side?.helpers.values() ?? [])].filter((one) => !old.has(one)).map((one) => ({ path, one })),
  );
  // What stands outside of cases and functions may be given to something that never runs it.
  const isNamed = ({ one }: Placed) => one.name !== "";
  const gained = gainedTexts(
    [...matches, ...helpers.filter(({ after }) => isNamed(after))],
    [...fresh, ...freshHelpers.filter(isNamed)],
  );
  const blobs = new Set(
    files.flatMap(({ beforeSide, afterSide }) => (beforeSide === null && afterSide ? [afterSide.sha] : [])),
  );
  // A case that never ran proves nothing that could be lost.
  const lost = unmatched.filter(({ one }) => one.state !== "never").filter((placed) => !isElsewhere(placed, gained));
  return [
    ...gone(files, lost, blobs),
    ...fewerRows(matches, fresh),
    ...skipped([...matches, ...alike]),
    ...focused(files),
    ...fewerAssertions(weaker([...matches, ...helpers].filter(changed), gained)),
    ...(after.length > before.length ? [] : replaced(files, snapshots)),
  ];
}
