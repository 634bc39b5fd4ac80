import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { readCommit } from "../../../sandbox/git/commits.ts";
import { branchTip, git, gitText, isAncestor, objectType, resolveCommit } from "../../../sandbox/git/git.ts";
import { readCached } from "../../../sandbox/git/memory.ts";

let dir: string;
const commit = async (message: string, ...parents: string[]) => {
  const tree = await gitText(dir, ["mktree"], { input: "" });
  return gitText(dir, ["commit-tree", tree, "-m", message, ...parents.flatMap((sha) => ["-p", sha])]);
};

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "git-memory-"));
  await gitText(dir, ["init", "--quiet", "--bare", "--initial-branch=main"]);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test("what was asked by ids alone is answered from memory, and in its own folder only", async () => {
  const first = await commit("first");
  const second = await commit("second", first);
  const asked = [
    ["cat-file", "-t", first],
    ["merge-base", "--is-ancestor", first, second],
    ["merge-base", "--is-ancestor", second, first],
    ["rev-list", "--count", `${first}..${second}`],
    ["--literal-pathspecs", "ls-tree", "-z", first, "--", "main"],
  ];
  for (const args of asked) {
    const answer = await git(dir, args);
    expect(readCached(dir, args)).toEqual(answer);
    expect(readCached(tmpdir(), args)).toBeUndefined();
  }
});

test("what is said besides the arguments is part of the question", async () => {
  const first = await commit("first");
  const second = await commit("second", first);
  const args = ["rev-list", "--stdin", second];
  expect(await gitText(dir, args)).toBe(`${second}\n${first}`);
  expect(await gitText(dir, args, { input: `^${first}\n` })).toBe(second);
});

test("an object that is lacking may come later", async () => {
  const text = `tree ${await gitText(dir, ["mktree"], { input: "" })}\nauthor a <a@b> 1 +0000\ncommitter a <a@b> 1 +0000\n\nlater\n`;
  const id = await gitText(dir, ["hash-object", "-t", "commit", "--stdin"], { input: text });
  expect(await objectType(dir, id)).toBeUndefined();
  await gitText(dir, ["hash-object", "-t", "commit", "-w", "--stdin"], { input: text });
  expect(await objectType(dir, id)).toBe("commit");
  expect(await readCommit(dir, id)).toMatchObject({ message: "later" });
});

describe("what names a ref is asked anew", () => {
  test("where a branch stands", async () => {
    const first = await commit("one");
    const second = await commit("two", first);
    for (const tip of [first, second, first]) {
      await gitText(dir, ["update-ref", "refs/heads/main", tip]);
      expect(await branchTip(dir, "main")).toBe(tip);
      expect(await resolveCommit(dir, "main")).toBe(tip);
      expect(await isAncestor(dir, second, "refs/heads/main")).toBe(tip === second);
      expect((await gitText(dir, ["rev-list", "main", `^${first}`])) === second).toBe(tip === second);
      expect((await gitText(dir, ["log", "--format=%H", "--all", first])).includes(second)).toBe(tip === second);
    }
  });
});
