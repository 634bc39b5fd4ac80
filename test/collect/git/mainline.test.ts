import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { readMainline } from "../../../collect/git/mainline.ts";
import { readSpans } from "../../../collect/git/patch-id.ts";
import { commitFiles, file, makeRepository, type Node, plainGit } from "../../builders/git-repository.ts";

let repository: ReturnType<typeof makeRepository>;
let folder: string;
let clone: string;
let shas: { root: string; side: string; merge: string; tip: string };

function commit(files: Record<string, Node>, message: string, ...parents: string[]): string {
  const { dir } = repository;
  const tree = `${commitFiles(dir, new Map(Object.entries(files)))}^{tree}`;
  const named = parents.flatMap((parent) => ["-p", parent]);
  return plainGit(dir, ["commit-tree", tree, ...named, "-m", message]).trim();
}

const read = async (dir: string, branch?: string) => {
  const mainline = await readMainline(dir, branch);
  if (!mainline.known) throw new Error(mainline.why);
  return mainline.value;
};

beforeAll(() => {
  repository = makeRepository();
  const { dir } = repository;
  const root = commit({ a: file("1\n") }, "Begin");
  const side = commit({ a: file("1\n"), b: file("1\n") }, "Aside", root);
  const merge = commit({ a: file("1\n"), b: file("1\n") }, "Merge\nin two lines\n\nand a body", root, side);
  const tip = commit({ a: file("2\n"), b: file("1\n") }, "", merge);
  shas = { root, side, merge, tip };
  plainGit(dir, ["update-ref", "refs/heads/main", tip]);
  plainGit(dir, ["update-ref", "refs/heads/dev", side]);
  folder = mkdtempSync(join(tmpdir(), "sallyport-"));
  clone = join(folder, "clone");
  plainGit(folder, ["clone", "-q", `file://${dir}`, clone]);
});
afterAll(() => {
  repository.remove();
  rmSync(folder, { recursive: true, force: true });
});

describe("a branch's line", () => {
  test("is every commit by its first parent, newest first, with who, when and what", async () => {
    const { root, side, merge, tip } = shas;
    const who = { author: "Ada", at: "2026-01-01T00:00:00.000Z" };
    expect(await read(clone)).toEqual({
      ref: "refs/heads/main",
      tip,
      line: [
        { sha: tip, parents: [merge], ...who, subject: "" },
        { sha: merge, parents: [root, side], ...who, subject: "Merge in two lines" },
        { sha: root, parents: [], ...who, subject: "Begin" },
      ],
    });
  });

  test("is that of a named branch, bare or not", async () => {
    for (const dir of [clone, repository.dir])
      expect(await read(dir, "dev")).toMatchObject({ ref: "refs/heads/dev", tip: shas.side });
  });

  test("is the remote's, whatever the clone's own branch of that name has", async () => {
    plainGit(clone, ["update-ref", "refs/heads/main", shas.root]);
    expect(await read(clone, "main")).toMatchObject({ tip: shas.tip });
  });

  test("is not changed by the clone's settings for showing a log", async () => {
    const before = await read(clone);
    for (const [key, value] of [
      ["log.showSignature", "true"],
      ["log.mailmap", "true"],
      ["format.pretty", "fuller"],
    ] as const)
      plainGit(clone, ["config", key, value]);
    expect(await read(clone)).toEqual(before);
  });
});

test("a date that no calendar has is shown as none", async () => {
  const { dir } = repository;
  const raw = plainGit(dir, ["cat-file", "commit", shas.root]).replace(
    /^(author .*>) .*$/m,
    "$1 99999999999999999 +0000",
  );
  const odd = plainGit(dir, ["hash-object", "-t", "commit", "-w", "--literally", "--stdin"], raw).trim();
  plainGit(dir, ["update-ref", "refs/heads/odd", odd]);
  expect((await read(dir, "odd")).line).toMatchObject([{ sha: odd, at: "" }]);
});

describe("unknown, in one line", () => {
  test.each([
    ["a branch that is not there", "gone", "has no branch"],
    ["a branch named like an option", "--all", "has no branch"],
    ["a revision that is no branch", "main~1", "has no branch"],
  ])("%s", async (_, branch, why) => {
    const mainline = await readMainline(repository.dir, branch);
    expect(mainline).toMatchObject({ known: false, why: expect.stringContaining(why) });
  });

  test("a shallow clone, whose history is cut", async () => {
    const shallow = join(folder, "shallow");
    execFileSync("git", ["clone", "-q", "--depth=1", `file://${repository.dir}`, shallow], { stdio: "pipe" });
    expect(await readMainline(shallow)).toMatchObject({
      known: false,
      why: expect.stringContaining("shallow"),
    });
  });

  test("a folder that is no clone", async () => {
    expect(await readMainline(folder)).toMatchObject({ known: false });
  });
});

describe("how many commits each merge brought", () => {
  const lines = (...changed: number[]) =>
    file(Array.from({ length: 30 }, (_, index) => `${index}${changed.includes(index) ? " new" : ""}\n`).join(""));
  /** A head of two commits, and what became of it on a branch that had moved on. */
  const makePull = () => {
    const root = commit({ a: lines() }, "Begin");
    const head = commit({ a: lines(3, 25) }, "Two", commit({ a: lines(3) }, "One", root));
    const base = commit({ a: lines(), b: file("b\n") }, "Elsewhere", root);
    const onto = commit({ a: lines(3), b: file("b\n") }, "One", base);
    const rebased = commit({ a: lines(3, 25), b: file("b\n") }, "Two", onto);
    const squashed = commit({ a: lines(3, 25), b: file("b\n") }, "Both", base);
    const other = commit({ a: lines(3, 26), b: file("b\n") }, "Two", onto);
    return { head, base, rebased, squashed, other };
  };

  test("is told of those put on one by one, and only of those whose change is the judged one", async () => {
    const { head, base, rebased, squashed, other } = makePull();
    const merges = [rebased, squashed, other].map((merged) => ({ base, head, merged }));
    expect(await readSpans(repository.dir, merges)).toEqual({
      known: true,
      value: { spans: new Map([[rebased, 2]]), missing: 0 },
    });
  });

  test("is not told where the head is not here", async () => {
    const { base, rebased } = makePull();
    const merges = [{ base, head: "9".repeat(40), merged: rebased }];
    expect(await readSpans(repository.dir, merges)).toEqual({
      known: true,
      value: { spans: new Map(), missing: 1 },
    });
  });
});
