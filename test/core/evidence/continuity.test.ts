import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { TypedEntry } from "../../../core/entries.ts";
import { foldContinuity, possibleSpans, type Revision } from "../../../core/evidence/continuity.ts";
import type { VerificationSummary } from "../../../schemas/vsa.ts";

const main = "refs/heads/main";
const level = "SLSA_SOURCE_LEVEL_1";
const sizeGate = "ORG_SOURCE_SALLYPORT_DIFF_SIZE";
const testsGate = "ORG_SOURCE_SALLYPORT_TESTS";
const actor = { type: "app" as const, id: 9, login: "sallyport[bot]" };
const at = "2026-11-21T09:00:00.000Z";
const sha = (index: number) => index.toString(16).padStart(40, "0");
const headOf = (index: number) => `f${sha(index).slice(1)}`;

/** A line of commits, newest first; the newest has the highest number. */
function line(count: number, merges: number[] = []): Revision[] {
  return Array.from({ length: count }, (_, index) => {
    const number = count - index;
    const parents = number === 1 ? [] : [sha(number - 1), ...(merges.includes(number) ? [headOf(number)] : [])];
    return { sha: sha(number), parents, author: "ada", at, subject: `change ${number}` };
  });
}

/** The summary of a revision; without properties, one that failed. */
function summary(number: number, levels: string[], over: { pull?: number; ref?: string } = {}): TypedEntry {
  const about = {
    verifier: { id: "https://github.com/apps/sallyport", version: {} },
    timeVerified: at,
    resourceUri: "git+https://github.com/acme/web",
    policy: { uri: "" },
    inputAttestations: [],
    slsaVersion: "1.2" as const,
  };
  const result: VerificationSummary =
    levels.length === 0
      ? { ...about, verificationResult: "FAILED", verifiedLevels: ["FAILED"] }
      : { ...about, verificationResult: "PASSED", verifiedLevels: levels };
  const body = {
    pull: number,
    head: headOf(number),
    merged: sha(number),
    ref: main,
    summary: result,
    ...over,
  };
  return { seq: 100 + number, hash: "1".repeat(64), at, actor, kind: "source.verified", body };
}

const verdict = (number: number): TypedEntry => ({
  ...{ seq: number, hash: "1".repeat(64), at, actor, kind: "verdict.given" },
  body: {
    ...{ pull: number, head: headOf(number), base: sha(1), conclusion: "success", gates: {} },
    verdictSha256: "2".repeat(64),
  },
});

const observed = (number: number): TypedEntry => ({
  ...{ seq: number, hash: "1".repeat(64), at, actor, kind: "merge.observed" },
  body: { pull: number, head: headOf(number), merged: sha(number), tree: sha(9), judged: true, by: null },
});

const fold = (count: number, entries: TypedEntry[], spans?: ReadonlyMap<string, number>) =>
  foldContinuity(line(count), entries, main, spans);
const statesOf = (continuity: ReturnType<typeof fold>) => continuity.revisions.map(({ state }) => state);

describe("a branch whose last revisions were verified", () => {
  const covered = fold(5, [
    summary(2, [level, sizeGate]),
    summary(4, [level]),
    summary(5, [level, sizeGate, testsGate]),
  ]);

  test("is covered, with the gap between them and nothing claimed of what was before", () => {
    expect(statesOf(covered)).toEqual(["verified", "verified", "unrecorded", "verified", "unrecorded"]);
    expect(covered).toMatchObject({ ref: main, tip: sha(5), covered: true, earlier: 1 });
    expect(covered.gaps).toEqual([expect.objectContaining({ sha: sha(3), subject: "change 3", author: "ada", at })]);
  });

  test("has each property since the first revision from which it has it without a gap", () => {
    expect(covered.held).toEqual([
      { property: level, since: sha(4), revisions: 2 },
      { property: sizeGate, since: sha(5), revisions: 1 },
      { property: testsGate, since: sha(5), revisions: 1 },
    ]);
  });

  test("a waived gate is a gap for the gate and none for the rest", () => {
    const { held, gaps } = fold(3, [
      summary(1, [level, sizeGate]),
      summary(2, [level, `${sizeGate}_WAIVED`]),
      summary(3, [level, sizeGate]),
    ]);
    expect(gaps).toEqual([]);
    expect(held).toEqual([
      { property: level, since: sha(1), revisions: 3 },
      { property: sizeGate, since: sha(3), revisions: 1 },
    ]);
  });
});

describe("T088: refused: the last revision", () => {
  test.each<[string, TypedEntry[], string]>([
    ["was pushed past everything", [summary(2, [level])], "unrecorded"],
    ["was merged without success", [summary(2, [level]), summary(3, [])], "not-judged"],
    ["was merged and never summed up", [summary(2, [level]), observed(3)], "no-summary"],
    [
      "was verified for another branch",
      [summary(2, [level]), summary(3, [level], { ref: "refs/heads/dev" })],
      "unrecorded",
    ],
    [
      "T065: is what two pull requests became, one of which failed",
      [summary(2, [level]), summary(3, [level]), summary(3, [], { pull: 9 })],
      "not-judged",
    ],
  ])("%s", (_, entries, state) => {
    const continuity = fold(3, entries);
    expect(continuity).toMatchObject({ covered: false, held: [], earlier: 1 });
    expect(continuity.gaps).toMatchObject([{ sha: sha(3), state }]);
  });

  test("is the last of a branch that nothing tells of: no gaps, for nothing is claimed", () => {
    expect(fold(3, [])).toMatchObject({ covered: false, gaps: [], earlier: 3, held: [] });
  });

  test("does not exist", () => {
    expect(fold(0, [])).toMatchObject({ tip: null, covered: false });
  });
});

test("a revision that two pull requests became has what both of them have", () => {
  const { held } = fold(1, [summary(1, [level, sizeGate]), summary(1, [level, testsGate], { pull: 9 })]);
  expect(held.map(({ property }) => property)).toEqual([level]);
});

describe("commits that a verified merge put on the branch one by one", () => {
  const entries = [summary(1, [level]), summary(4, [level, sizeGate])];

  test("are part of it, as many as it brought", () => {
    const continuity = fold(4, entries, new Map([[sha(4), 3]]));
    expect(statesOf(continuity)).toEqual(["verified", "part", "part", "verified"]);
    expect(continuity).toMatchObject({ gaps: [], held: [{ revisions: 4 }, { since: sha(2), revisions: 3 }] });
  });

  test("and none below them: a push hides behind no merge", () => {
    expect(statesOf(fold(4, entries, new Map([[sha(4), 2]])))).toEqual(["verified", "part", "unrecorded", "verified"]);
  });

  test("but not one that the ledger knows by itself, nor what is below it", () => {
    const known = fold(4, [...entries, summary(3, [])], new Map([[sha(4), 3]]));
    expect(statesOf(known)).toEqual(["verified", "not-judged", "unrecorded", "verified"]);
  });

  test("and a merge that failed brings none", () => {
    const failed = fold(3, [summary(1, [level]), summary(3, [])], new Map([[sha(3), 2]]));
    expect(statesOf(failed)).toEqual(["not-judged", "unrecorded", "verified"]);
  });

  test("are looked for below a verified revision with one parent, and nowhere else", () => {
    const merges = line(8, [8]);
    const given = [8, 6, 5, 3].map((number) => summary(number, [level]));
    const verdicts = [8, 6, 5].map(verdict);
    // 8 is a merge commit, below 6 is 5 which is verified, and of 3 no verdict is known.
    expect(possibleSpans(merges, [...verdicts, ...given], main)).toEqual([
      { base: sha(1), head: headOf(5), merged: sha(5) },
    ]);
    expect(possibleSpans(merges, [...verdicts, ...given], "refs/heads/dev")).toEqual([]);
  });
});

test("whatever was recorded: what holds, holds without a gap, and a failed or unrecorded tip is never covered", () => {
  const levels = fc.constantFrom<string[] | null>([level], [level, sizeGate], [level, sizeGate, testsGate], [], null);
  fc.assert(
    fc.property(fc.array(levels, { minLength: 1, maxLength: 8 }), (given) => {
      const entries = given.flatMap((one, index) => (one === null ? [] : [summary(index + 1, one)]));
      const { covered, held, gaps, earlier, revisions } = fold(given.length, entries);
      const tip = given.at(-1) ?? [];
      expect(covered).toBe(tip.length > 0);
      expect(held.map(({ property }) => property)).toEqual(tip);
      for (const { property, since, revisions: count } of held) {
        const run = given.toReversed().slice(0, count);
        expect(run.every((one) => one?.includes(property))).toBe(true);
        expect(given.toReversed()[count]?.includes(property) ?? false).toBe(false);
        expect(since).toBe(sha(given.length - count + 1));
      }
      const verified = given.filter((one) => one !== null && one.length > 0).length;
      expect(gaps.length + earlier + verified).toBe(revisions.length);
    }),
  );
});
