import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { gitObjects } from "../../../collect/git/objects.ts";
import { whyOtherContent } from "../../../collect/group/merge-content.ts";
import { commitFiles, file, makeRepository, type Node, plainGit } from "../../builders/git-repository.ts";

let repository: ReturnType<typeof makeRepository>;
beforeAll(() => {
  repository = makeRepository();
});
afterAll(() => repository.remove());

type Files = Record<string, Node>;
const commit = (files: Files, ...parents: string[]) =>
  commitFiles(repository.dir, new Map(Object.entries(files)), parents);

/** What git itself makes of two commits; null when they conflict. */
function merged(onto: string, head: string): string | null {
  try {
    const tree = plainGit(repository.dir, ["merge-tree", "--write-tree", onto, head]).trim();
    return plainGit(repository.dir, ["commit-tree", tree, "-p", onto, "-m", "A change (#1)"]).trim();
  } catch {
    return null;
  }
}

async function why(from: string, head: string, parent: string, landed: string): Promise<string | null> {
  const objects = gitObjects(repository.dir);
  const judged = await objects.changes(from, head);
  if (!judged.known) throw new Error(judged.why);
  const answer = await whyOtherContent(objects, { parent, commit: landed }, judged.value);
  objects.close();
  if (!answer.known) throw new Error(answer.why);
  return answer.value;
}

const lines = (...texts: string[]) => file(texts.map((text) => `${text}\n`).join(""));
const start: Files = {
  a: lines("1", "2", "3", "4", "5", "6", "7", "8"),
  b: lines("b"),
  dir: { mode: "120000", content: Buffer.from("b") },
};
const change = (over: Files) => ({ ...start, ...over });
const without = (name: string) => Object.fromEntries(Object.entries(start).filter(([key]) => key !== name));

describe("what git makes of a pull request is what was judged", () => {
  const cases: [string, Files, Files][] = [
    ["on an untouched branch", change({ a: lines("one") }), start],
    ["when it deletes a file", without("b"), change({ c: lines("c") })],
    ["when it adds one", change({ c: lines("c") }), change({ d: lines("d") })],
    [
      "when the branch changed the same file elsewhere",
      change({ a: lines("one", "2", "3", "4", "5", "6", "7", "8") }),
      change({ a: lines("1", "2", "3", "4", "5", "6", "seven", "more", "8") }),
    ],
    [
      "when the branch changed the line after the next",
      change({ a: lines("1", "2", "three", "4", "5", "6", "7", "8") }),
      change({ a: lines("1", "2", "3", "4", "five", "6", "7", "8") }),
    ],
    ["when the branch has it already", change({ b: lines("new"), c: lines("c") }), change({ b: lines("new") })],
    [
      "with a file that became executable and changed elsewhere",
      change({ a: { mode: "100755", content: start.a?.content ?? Buffer.alloc(0) } }),
      change({ a: lines("1", "2", "3", "4", "5", "6", "7", "eight") }),
    ],
  ];
  test.each(cases)("%s", async (_, mine, theirs) => {
    const from = commit(start);
    const [head, onto] = [commit(mine, from), commit(theirs, from)];
    const landed = merged(onto, head);
    if (landed === null) throw new Error("git merges these two");
    expect(await why(from, head, onto, landed)).toBe(null);
  });
});

describe("T072: a commit that brings in something else is told from it", () => {
  const mine = change({ a: lines("one", "2", "3", "4", "5", "6", "7", "8"), c: lines("c") });
  const theirs = change({ a: lines("1", "2", "3", "4", "5", "6", "seven", "8") });
  const both = { ...mine, a: lines("one", "2", "3", "4", "5", "6", "seven", "8") };
  const cases: [string, Files, RegExp][] = [
    ["one more file", { ...both, d: lines("d") }, /changes "d", which/],
    ["one file less", { ...both, c: lines("x") }, /something else of "c"/],
    ["a file left out", change({ a: both.a }), /leaves out the change of "c"/],
    ["a line in a merged file", { ...both, a: lines("one", "2", "3", "4", "evil", "6", "seven", "8") }, /of "a"/],
    ["the branch's own line taken back", { ...both, a: mine.a ?? lines() }, /of "a"/],
    ["another mode", { ...both, c: { mode: "100755", content: Buffer.from("c\n") } }, /of "c"/],
    ["a merged file made executable", { ...both, a: { mode: "100755", content: both.a.content } }, /of "a"/],
    ["a link in place of a file", { ...both, a: { mode: "120000", content: Buffer.from("b") } }, /of "a"/],
    ["a merged file deleted", Object.fromEntries(Object.entries(both).filter(([key]) => key !== "a")), /of "a"/],
  ];
  test.each(cases)("%s", async (_, files, expected) => {
    const from = commit(start);
    const [head, onto] = [commit(mine, from), commit(theirs, from)];
    expect(await why(from, head, onto, commit(both, onto))).toBe(null);
    expect(await why(from, head, onto, commit(files, onto))).toMatch(expected);
  });
});

test("T072: the judged lines do not land in another place that looks like theirs", async () => {
  const block = ["function check() {", "  return false;", "}"];
  const open = ["function check() {", "  return true;", "}"];
  const gap = (name: string, count: number) => Array.from({ length: count }, (_, index) => `${name} ${index}`);
  const text = (...parts: string[][]) => ({ a: lines(...parts.flat()) });
  const from = commit(text(gap("top", 5), block, gap("middle", 20), block, gap("end", 5)));
  const head = commit(text(gap("top", 5), block, gap("middle", 20), open, gap("end", 5)), from);
  // The branch grew so that the first block stands where the second one stood.
  const onto = commit(text(gap("new", 23), gap("top", 5), block, gap("middle", 20), block, gap("end", 5)), from);
  const moved = commit(text(gap("new", 23), gap("top", 5), open, gap("middle", 20), block, gap("end", 5)), onto);
  expect(await why(from, head, onto, merged(onto, head) ?? "")).toBe(null);
  expect(await why(from, head, onto, moved)).toMatch(/something else of "a"/);
});

describe("T072: the mode of a file that both sides changed", () => {
  const executable = (node: Node): Node => ({ ...node, mode: "100755" });
  const text = (first: string, last: string) => lines(first, "2", "3", "4", "5", "6", "7", last);
  const cases: [string, Node, Node, Node, RegExp][] = [
    ["that was judged is left out", executable(text("1", "8")), text("1", "x"), text("1", "x"), /leaves out/],
    [
      "that the branch gave it is taken back",
      text("x", "8"),
      executable(text("1", "x")),
      text("x", "x"),
      /something else of "a"/,
    ],
  ];
  test.each(cases)("%s", async (_, mine, theirs, landed, expected) => {
    const from = commit(start);
    const [head, onto] = [commit(change({ a: mine }), from), commit(change({ a: theirs }), from)];
    expect(await why(from, head, onto, merged(onto, head) ?? "")).toBe(null);
    expect(await why(from, head, onto, commit(change({ a: landed }), onto))).toMatch(expected);
  });
});

describe("an edit that both sides make", () => {
  const from = () => commit({ a: lines("1", "2", "3", "4", "5", "6") });
  test("and nothing else: the branch has the whole change, and the commit leaves the file alone", async () => {
    const base = from();
    const head = commit({ a: lines("2", "3", "4", "5", "6") }, base);
    const onto = commit({ a: lines("2", "three", "4", "5", "6") }, base);
    expect(await why(base, head, onto, commit({ a: lines("2", "three", "4", "5", "6"), b: lines() }, onto))).toMatch(
      /changes "b", which/,
    );
    expect(await why(base, head, onto, merged(onto, head) ?? "")).toBe(null);
  });
  test("beside others: each is taken once", async () => {
    const base = from();
    const head = commit({ a: lines("2", "3", "4", "5", "mine") }, base);
    const onto = commit({ a: lines("2", "three", "4", "5", "6") }, base);
    expect(await why(base, head, onto, merged(onto, head) ?? "")).toBe(null);
    expect(await why(base, head, onto, commit({ a: lines("2", "three", "4", "5", "evil") }, onto))).not.toBe(null);
    expect(await why(base, head, onto, onto)).toMatch(/leaves out the change of "a"/);
  });
});

test("whatever two sides do to a file of distinct lines: git's own merge is known, and any other line is not", async () => {
  const edit = fc.record({
    at: fc.nat(19),
    how: fc.constantFrom("replace", "delete", "insert"),
    word: fc.constantFrom("x", "y"),
  });
  const edits = fc.array(edit, { minLength: 1, maxLength: 3 });
  const apply = (side: string, list: { at: number; how: string; word: string }[]) => {
    const text = Array.from({ length: 20 }, (_, index) => [`line ${index}`]);
    for (const { at, how, word } of list) {
      const own = `${side} ${word} ${at}`;
      text[at] = how === "delete" ? [] : how === "replace" ? [own] : [...(text[at] ?? []), own];
    }
    return text.flat();
  };
  const from = commit({ a: lines(...apply("", [])) });
  await fc.assert(
    fc.asyncProperty(edits, edits, fc.nat(30), async (mine, theirs, index) => {
      const [head, onto] = [
        commit({ a: lines(...apply("mine", mine)) }, from),
        commit({ a: lines(...apply("theirs", theirs)) }, from),
      ];
      const landed = merged(onto, head);
      if (landed === null) return;
      expect(await why(from, head, onto, landed)).toBe(null);
      const text = plainGit(repository.dir, ["show", `${landed}:a`])
        .trimEnd()
        .split("\n");
      text.splice(index % text.length, 0, "evil");
      expect(await why(from, head, onto, commit({ a: lines(...text) }, onto))).not.toBe(null);
    }),
    { numRuns: 25 },
  );
});
