import type { GateResult, Reason } from "../../schemas/verdict.ts";
import { folderOf, testOf } from "../analysis/snapshots.ts";
import { maxTestLength, readSide, type TestReading } from "../analysis/test-reading.ts";
import { holdsThresholds, type Lowered, lowered, thresholdsIn } from "../analysis/thresholds.ts";
import { type TestFile, weakenings } from "../analysis/weakening.ts";
import type { Change, Content, FileText, LoadedPolicy } from "../facts.ts";
import { looksLikeTest, snapshots, testFolders, testNames } from "../languages/test-files.ts";
import { testLanguage } from "../languages/test-languages.ts";
import { anyOf, pairLists } from "../paths/pattern-list.ts";
import { type Matcher, matcher } from "../paths/patterns.ts";
import {
  askingLine,
  asksFor,
  authorOf,
  defineGate,
  type FactsWith,
  notConfigured,
  policyLine,
  result,
} from "./gate.ts";

const name = "tests";

type Pair = { when: Matcher; need: Matcher; wanted: string; line: Pick<Reason, "policyLine"> };

function pairsOf(policy: LoadedPolicy): Pair[] {
  return (policy.policy.gates[name] ?? []).map(({ when, need }, index) => ({
    when: matcher(when, "deny"),
    need: matcher(need, "allow"),
    wanted: anyOf(need),
    line: policyLine(policy, `gates.${name}.${index}`),
  }));
}

/** Returns whether a changed path is a test: by its name, its folder, or the policy. */
function testPaths(pairs: readonly Pair[]): (path: string) => boolean {
  return (path) =>
    testLanguage(path) !== null && (looksLikeTest(path) || pairs.some(({ need }) => need.matches(path) !== null));
}

/** A file's text; null if there is none or it is a link or submodule, `undefined` if it cannot be read. */
function textOf(content: Content | undefined, maxLength: number): string | null | undefined {
  if (content === undefined) return undefined;
  if (content.state === "text") return content.text.length > maxLength ? undefined : content.text;
  return content.state === "absent" || content.why === "link" || content.why === "submodule" ? null : undefined;
}

type Sides = { change: Change; before: string | null; after: string | null };
type Readings = { tests: Sides[]; snapshots: Sides[]; settings: Sides[]; unread: string[] };

/**
 * Sorts the changed files into tests, snapshots and settings. An unreadable file is listed, unless it is new: a new
 * file weakens nothing and proves nothing.
 */
function read(changes: readonly Change[], texts: readonly FileText[], isTest: (path: string) => boolean): Readings {
  const byPath = new Map(texts.map((text) => [text.path, text]));
  const readings: Readings = { tests: [], snapshots: [], settings: [], unread: [] };
  for (const change of changes) {
    const { path } = change;
    const [test, setting] = [isTest(path), holdsThresholds(path)];
    const isSnapshot = snapshots.matches(path) !== null;
    if (!test && !setting && !isSnapshot) continue;
    const text = byPath.get(path);
    const maxLength = test ? maxTestLength : Number.POSITIVE_INFINITY;
    const [before, after] = [textOf(text?.before, maxLength), textOf(text?.after, maxLength)];
    const sides = { change, before: before ?? null, after: after ?? null };
    // A binary snapshot is not compared; one that becomes binary has lost all its lines.
    if (isSnapshot && text !== undefined) readings.snapshots.push(sides);
    else if (before === undefined || (after === undefined && before !== null)) readings.unread.push(path);
    else {
      if (setting) readings.settings.push(sides);
      if (test) readings.tests.push(sides);
    }
  }
  return readings;
}

function testFiles(files: readonly Sides[]): TestFile[] {
  const side = (which: "before" | "after") =>
    readSide(files.map((one) => ({ path: one.change.path, text: one[which] })));
  const [before, after] = [side("before"), side("after")];
  return files.map(({ change, ...texts }, index) => ({
    path: change.path,
    before: before[index] ?? null,
    after: after[index] ?? null,
    beforeSide: texts.before === null ? null : change.before,
    afterSide: texts.after === null ? null : change.after,
    named: testNames.matches(change.path) !== null,
  }));
}

/** Whether the change touches what a snapshot was made from: the code of its test, or an input of tests beside it. */
function sourceChanged(changes: readonly Change[], tests: readonly TestFile[]): (snapshot: string) => boolean {
  const edited = new Set(tests.filter(({ before, after }) => before?.code !== after?.code).map(({ path }) => path));
  const read = new Set(tests.map(({ path }) => path));
  const inputs = changes
    .filter(
      ({ path, before }) => before !== null && snapshots.matches(path) === null && testFolders.matches(path) !== null,
    )
    .map(({ path }) => path)
    .filter((path) => !read.has(path) || edited.has(path));
  return (snapshot) => {
    const folder = folderOf(snapshot);
    return edited.has(testOf(snapshot) ?? "") || (folder !== null && inputs.some((path) => path.startsWith(folder)));
  };
}

/** Whether a test's file holds calls and no case that we recognise: then it is not known what it proves. */
const isUnread = ({ cases, calls }: TestReading) => cases.length === 0 && calls;

/**
 * Whether the change adds the test or changes its code, and some of it runs: a comment in an old test proves nothing.
 */
function proves({ before, after }: TestFile): boolean {
  return (
    after !== null &&
    (isUnread(after) || after.cases.some(({ state }) => state !== "never")) &&
    after.code !== before?.code
  );
}

/** For each pair of the policy whose files the change touches: why no test of it was added or changed. */
function missing(
  pairs: readonly Pair[],
  changes: readonly Change[],
  tests: readonly TestFile[],
  who: string,
): Reason[] {
  const files = new Map(tests.map((file) => [file.path, file]));
  const present = changes.filter(({ after }) => after !== null);
  return pairs.flatMap(({ when, need, wanted, line }): Reason[] => {
    const candidates = present.filter(({ path }) => need.matches(path) !== null);
    const isMet = candidates.some(({ path }) => {
      const file = files.get(path);
      return file !== undefined && proves(file);
    });
    if (isMet) return [];
    // A test needs no test, even in a folder whose files need one.
    const isTest = (path: string) =>
      need.matches(path) !== null && (looksLikeTest(path) || (files.get(path)?.after?.cases.length ?? 0) > 0);
    const asking = present.flatMap(({ path }) => {
      const rule = isTest(path) ? null : when.matches(path);
      return rule === null ? [] : [{ path, rule }];
    });
    const [first] = asking;
    if (first === undefined) return [];
    const { path, rule } = first;
    const others = asking.length === 1 ? "" : ` and ${asking.length - 1} more`;
    const next = { step: `Add or change a test under ${wanted} that covers this file and runs.`, who };
    const asks = `The change touches this file${others} under \`${rule}\``;
    const [candidate] = candidates;
    if (candidate === undefined) {
      const message = `${asks} and no test under ${wanted}.`;
      return [{ code: "tests-missing", message, path, ...line, next }];
    }
    const message = `${asks}; what it changes under ${wanted}, such as \`${candidate.path}\`, adds or changes no case that runs.`;
    return [{ code: "tests-empty", message, path, ...line, next }];
  });
}

function loweredReason({ change }: Sides, { name: key, from, to, line }: Lowered, who: string): Reason {
  const message =
    to === null
      ? `The threshold \`${key}\` was ${from} and is no longer set (line ${line} of the old file).`
      : `The threshold \`${key}\` was ${from} and is ${to}: it lets more through.`;
  const next = { step: "Put the threshold back to what it was.", who };
  return { code: "threshold-lowered", message, path: change.path, ...(to === null ? {} : { line }), next };
}

function thresholds(settings: readonly Sides[], who: string): Reason[] {
  const now = settings.map(({ change, after }) => (after === null ? [] : thresholdsIn(change.path, after)));
  return settings.flatMap((sides, index) => {
    if (sides.before === null) return [];
    const elsewhere = now.toSpliced(index, 1).flat();
    const drops = lowered(thresholdsIn(sides.change.path, sides.before), now[index] ?? [], elsewhere);
    return drops.map((one) => loweredReason(sides, one, who));
  });
}

/** The tests whose cases were removed, skipped or thinned out, and the snapshots that were changed by themselves. */
function weakened(tests: readonly TestFile[], snapshots: readonly Sides[], changes: readonly Change[], who: string) {
  const isSourceChanged = sourceChanged(changes, tests);
  const sides = snapshots.map(({ change: { path }, ...texts }) => ({
    path,
    ...texts,
    isSourceChanged: isSourceChanged(path),
  }));
  return weakenings(tests, sides).map(({ step, ...weakening }): Reason => ({ ...weakening, next: { step, who } }));
}

/** What is said of tests that the change kept, and which of them could not be read. */
function keptMessage(tests: readonly TestFile[]): string {
  if (tests.length === 0) return "The change touches no test.";
  const count = (side: "before" | "after") => tests.reduce((sum, file) => sum + (file[side]?.cases.length ?? 0), 0);
  const kept = `No test is weakened. Cases in the tests that the change touches: ${count("before")} before, ${count("after")} after.`;
  const [first, ...others] = tests.filter(({ named: isNamed, after }) => isNamed && after !== null && isUnread(after));
  if (first === undefined) return kept;
  const more = others.length > 0 ? ` and ${others.length} more` : "";
  return `${kept} Not read, because no case is recognised in it: \`${first.path}\`${more}.`;
}

function judge(facts: FactsWith<"changes" | "texts">, policy: LoadedPolicy): GateResult {
  const { changes, texts } = facts;
  const pairs = pairsOf(policy);
  const who = authorOf(facts);
  const { unread, settings, ...sides } = read(changes, texts, testPaths(pairs));
  const tests = testFiles(sides.tests);
  const line = askingLine(policy, name);
  const reasons = [
    ...missing(pairs, changes, tests, who),
    ...weakened(tests, sides.snapshots, changes, who),
    ...thresholds(settings, who),
  ].map((reason) => ({ ...line, ...reason }));
  const step = "Make it a text that can be read and is shorter, or take it out of the change.";
  const unreadable = unread.map((path): Reason => {
    const message = "This file is binary or too large to be read, so whether it weakens tests is not known.";
    return { code: "tests-unreadable", message, path, ...line, next: { step, who } };
  });
  if (reasons.length > 0) return result(name, "fail", ...reasons, ...unreadable);
  if (unreadable.length > 0) return result(name, "unknown", ...unreadable);
  return result(name, "pass", { code: "tests-kept", message: keptMessage(tests) });
}

/**
 * A change of the policy's `when` paths needs a change of tests, and no change weakens tests: it deletes, skips or
 * thins out none and lowers no threshold. Both sides of the tests are read as text; the gate `ci` asks whether they run
 * and succeed.
 */
export const tests = defineGate({
  name,
  group: "content",
  settings: (policy) => asksFor(policy, name) || notConfigured("The policy does not ask for tests."),
  needs: ["changes", "texts"],
  lists: ({ gates }) =>
    pairLists(`gates.${name}`, gates[name], (when, need) => [
      `a change of it needs a change of ${need}`,
      `it can be the test that a change of ${when} needs`,
    ]),
  reads({ changes }, policy) {
    if (!asksFor(policy.policy, name)) return [];
    const isTest = testPaths(pairsOf(policy));
    return changes
      .map(({ path }) => path)
      .filter((path) => isTest(path) || snapshots.matches(path) !== null || holdsThresholds(path));
  },
  judge,
});
