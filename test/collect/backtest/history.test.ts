import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { BacktestInput } from "../../../collect/backtest/facts.ts";
import { readHistory } from "../../../collect/backtest/history.ts";
import { gitObjects } from "../../../collect/git/objects.ts";
import { policyReading } from "../../../collect/policy/file.ts";
import { collectCommits, type PolicyParser } from "../../../collect/pull/commits.ts";
import type { PolicyReading, PullFacts } from "../../../core/facts.ts";
import { commitFiles, file, makeRepository, type Node, plainGit } from "../../builders/git-repository.ts";

const day = "2026-11-21";
const policyText = Buffer.from(`version: 1
extends: default
gates:
  evidence: { files: ["**/*.json"] }
`);
const parse: PolicyParser = async (...policy) => policyReading(...policy);
const policy = policyReading("1".repeat(40), "2".repeat(40), policyText);
const absent: PolicyReading = { state: "absent", ref: "1".repeat(40), removedBy: null };
const input: BacktestInput = { before: absent, after: policy, secrets: false, day };

let repository: ReturnType<typeof makeRepository>;
beforeAll(() => {
  repository = makeRepository();
});
afterAll(() => repository.remove());

/** A commit with a message of its own. */
function commit(files: Record<string, Node>, message: string, ...parents: string[]): string {
  const { dir } = repository;
  const sha = commitFiles(dir, new Map(Object.entries(files)), parents);
  const named = parents.flatMap((parent) => ["-p", parent]);
  return plainGit(dir, ["commit-tree", `${sha}^{tree}`, ...named, "-m", message]).trim();
}

async function history(tip: string, last: number, how: Partial<BacktestInput> = {}, tell = () => {}) {
  const objects = gitObjects(repository.dir);
  const source = { dir: repository.dir, branch: "main", tip, last };
  const read = await readHistory(objects, source, { ...input, ...how }, tell);
  objects.close();
  if (!read.known) throw new Error(read.why);
  return read.value;
}

const lines = (text: string, count: number) => file(`${text}\n`.repeat(count));
const link: Node = { mode: "120000", content: Buffer.from("a") };
const submodule: Node = { mode: "160000", content: Buffer.from("3".repeat(40)) };
const script: Node = { mode: "100755", content: Buffer.from("echo\n") };

/** A history with a squash, a merge of two commits, a branch that merged main, and every kind of change. */
function makeHistory() {
  const root = commit({ a: lines("1", 3), b: lines("1", 2), "x.json": file("{}") }, "Begin");
  const squash = commit(
    { a: lines("2", 4), "c/.d": file("\0binary"), l: link, "x.json": file("{") },
    "Add (#3)\n\nMore",
    root,
  );
  const side = commit({ a: lines("1", 3), b: script, s: submodule }, "Side one", root);
  const sideToo = commit(
    { a: lines("1", 3), b: script, s: submodule, l: file("now a file") },
    "Side two",
    side,
    squash,
  );
  const merge = commit(
    { a: lines("2", 4), b: script, s: submodule, l: file("now a file") },
    "Merge pull request #4 from ada/side",
    squash,
    sideToo,
  );
  const renamed = commit({ "z/a": lines("2", 4), b: script, l: link }, "Rename", merge);
  const empty = commit({ "z/a": lines("2", 4), b: script, l: link }, "Nothing", renamed);
  return { root, squash, merge, renamed, empty, side, sideToo };
}

/** The facts that do not tell where they were read from. */
function content({ mergeBase, head, changes, texts, commits, secrets, policy: by }: PullFacts) {
  const sorted = commits.known ? commits.value.toSorted((one, other) => (one.sha < other.sha ? -1 : 1)) : commits;
  const reading = by.known && by.value.state === "loaded" ? { ...by.value, ref: "", blob: "" } : by;
  return { mergeBase, head, changes, texts, commits: sorted, secrets, reading };
}

describe("the last changes of a branch", () => {
  test("the first-parent line, newest first, with subject and pull request; the first commit is left out", async () => {
    const { squash, merge, renamed, empty } = makeHistory();
    const told = (await history(empty, 50)).map(({ sha, subject, pull }) => [sha, subject, pull]);
    expect(told).toEqual([
      [empty, "Nothing", null],
      [renamed, "Rename", null],
      [merge, "Merge pull request #4 from ada/side", 4],
      [squash, "Add (#3)", 3],
    ]);
  });

  test("only as many as were asked for", async () => {
    const { empty, renamed } = makeHistory();
    expect((await history(empty, 2)).map(({ sha }) => sha)).toEqual([empty, renamed]);
  });

  test("a merge brought in what its branch has and the branch before it had not", async () => {
    const { empty, merge, side, sideToo } = makeHistory();
    const [, , merged] = await history(empty, 3);
    const commits = merged?.after.commits;
    if (commits?.known !== true) throw new Error("the commits are not known");
    expect(new Set(commits.value.map(({ sha }) => sha))).toEqual(new Set([merge, side, sideToo]));
  });

  test("the facts are those that `check` reads for the same two commits", async () => {
    const { empty } = makeHistory();
    for (const { sha, after } of await history(empty, 50, { secrets: true })) {
      const source = { dir: repository.dir, base: `${sha}^1`, head: sha, policy: policyText, parse, day };
      const checked = await collectCommits(source);
      if (!checked.known) throw new Error(checked.why);
      expect(content(after)).toEqual(content(checked.value));
    }
  });

  test("each policy reads the texts that it asks for, and no policy reads none", async () => {
    const { squash } = makeHistory();
    const plain = policyReading("1".repeat(40), "2".repeat(40), Buffer.from("version: 1\n"));
    const [change] = await history(squash, 1, { before: plain });
    const paths = (facts: PullFacts | null | undefined) =>
      facts?.texts.known === true ? facts.texts.value.map(({ path }) => path) : null;
    expect(paths(change?.after)).toContain("x.json");
    expect(paths(change?.before)).not.toContain("x.json");
    expect((await history(squash, 1))[0]?.before).toBeNull();
  });

  test("tells how far it is", async () => {
    const { empty } = makeHistory();
    const told: number[][] = [];
    const objects = gitObjects(repository.dir);
    const source = { dir: repository.dir, branch: "main", tip: empty, last: 3 };
    await readHistory(objects, source, input, (done, total) => told.push([done, total]));
    objects.close();
    expect(told).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
  });

  test("a history of one commit has no change", async () => {
    expect(await history(commit({ a: file("1") }, "Alone"), 5)).toEqual([]);
  });

  test("a shallow clone is refused: its history is cut", async () => {
    const { empty } = makeHistory();
    plainGit(repository.dir, ["update-ref", "refs/heads/main", empty]);
    const shallow = makeRepository();
    plainGit(shallow.dir, ["fetch", "-q", "--depth=2", `file://${repository.dir}`, "main:main"]);
    const objects = gitObjects(shallow.dir);
    const source = { dir: shallow.dir, branch: "main", tip: empty, last: 5 };
    const read = await readHistory(objects, source, input, () => {});
    objects.close();
    shallow.remove();
    expect(read).toMatchObject({ known: false, why: expect.stringContaining("--unshallow") });
  });
});
