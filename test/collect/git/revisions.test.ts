import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { findDefaultBranch } from "../../../collect/git/default-branch.ts";
import { type GitObjects, gitObjects } from "../../../collect/git/objects.ts";
import { commitFiles, file, makeRepository, plainGit } from "../../builders/git-repository.ts";

let repository: ReturnType<typeof makeRepository>;
let folder: string;
let shas: { base: string; topic: string; other: string };
const opened: GitObjects[] = [];

function open(dir: string): GitObjects {
  const objects = gitObjects(dir);
  opened.push(objects);
  return objects;
}

function clone(name: string, ...args: string[]): string {
  const dir = join(folder, name);
  plainGit(folder, ["clone", "-q", ...args, `file://${repository.dir}`, dir]);
  return dir;
}

beforeAll(() => {
  repository = makeRepository();
  folder = mkdtempSync(join(tmpdir(), "sallyport-"));
  const commit = (text: string, ...parents: string[]) =>
    commitFiles(repository.dir, new Map([["a", file(text)]]), parents);
  const base = commit("1\n");
  shas = { base, topic: commit("2\n", base), other: commit("3\n", base) };
  const refs = { "heads/develop": base, "heads/topic": shas.topic, "heads/same": base, "tags/same": base };
  for (const [ref, sha] of Object.entries({ ...refs, "tags/topic": shas.other, "tags/v1": base }))
    plainGit(repository.dir, ["update-ref", `refs/${ref}`, sha]);
  plainGit(repository.dir, ["symbolic-ref", "HEAD", "refs/heads/develop"]);
  plainGit(repository.dir, ["config", "uploadpack.allowFilter", "true"]);
});
afterAll(() => {
  for (const objects of opened) objects.close();
  repository.remove();
  rmSync(folder, { recursive: true, force: true });
});

describe("pub-git-tag-named-as-branch: a name is never chosen between a tag and a branch", () => {
  test.each(["topic", "topic^", "topic~0", "topic^{commit}"])("%s is refused, and both are named", async (revision) => {
    const resolved = await open(repository.dir).resolve(revision);
    expect(resolved).toMatchObject({ known: false, why: expect.stringMatching(/"topic" is ambiguous/) });
    if (!resolved.known) for (const ref of ["refs/tags/topic", "refs/heads/topic"]) expect(resolved.why).toContain(ref);
  });

  test.each<[string, keyof typeof shas]>([
    ["refs/heads/topic", "topic"],
    ["refs/tags/topic", "other"],
    ["heads/topic", "topic"],
    ["same", "base"],
    ["v1", "base"],
    ["develop", "base"],
  ])("%s is one commit", async (revision, sha) => {
    expect(await open(repository.dir).resolve(revision)).toEqual({ known: true, value: shas[sha] });
  });

  test("a branch of the remote with the name of a local one is told apart by its full name", async () => {
    const dir = clone("remote");
    plainGit(dir, ["update-ref", "refs/heads/origin/topic", shas.base]);
    expect(await open(dir).resolve("origin/topic")).toMatchObject({ known: false });
    expect(await open(dir).resolve("refs/remotes/origin/topic")).toMatchObject({ value: shas.topic });
  });

  test("a branch that only the remote has is named", async () => {
    expect(await open(clone("named", "--no-tags")).resolve("topic")).toMatchObject({
      why: expect.stringMatching(/write origin\/topic$/),
    });
  });
});

describe("pub-mirror-default-branch: the default branch of a clone", () => {
  test.each<[string, string[]]>([
    ["a mirror", ["--mirror"]],
    ["a bare clone", ["--bare"]],
    ["a clone", []],
  ])("%s has that of its source", async (name, args) => {
    const dir = clone(name, ...args);
    expect(await findDefaultBranch(open(dir), dir)).toEqual({
      known: true,
      value: { name: "develop", sha: shas.base },
    });
  });

  test("a bare repository whose HEAD names no branch has main", async () => {
    const dir = clone("unborn", "--bare");
    plainGit(dir, ["symbolic-ref", "HEAD", "refs/heads/nothing"]);
    plainGit(dir, ["update-ref", "refs/heads/main", shas.other]);
    expect(await findDefaultBranch(open(dir), dir)).toMatchObject({ value: { name: "main", sha: shas.other } });
  });

  test("a checkout without origin/HEAD has the remote's main", async () => {
    const dir = clone("checkout");
    plainGit(dir, ["update-ref", "--no-deref", "-d", "refs/remotes/origin/HEAD"]);
    plainGit(dir, ["update-ref", "refs/remotes/origin/main", shas.other]);
    expect(await findDefaultBranch(open(dir), dir)).toMatchObject({ value: { name: "main", sha: shas.other } });
  });
});

test.each(["blob:none", "tree:0"])("a partial clone (%s) says what fetches the rest", async (filter) => {
  const dir = clone(`partial-${filter.replace(":", "-")}`, "--bare", `--filter=${filter}`);
  const read = async () => {
    const objects = open(dir);
    const changes = await objects.changes(shas.base, shas.topic);
    return changes.known ? objects.count(changes.value) : changes;
  };
  const command = "git fetch --refetch --no-filter origin '+refs/heads/*:refs/remotes/origin/*'";
  expect(await read()).toMatchObject({ known: false, why: expect.stringContaining(`partial clone`) });
  const refused = await read();
  expect(refused.known ? "" : refused.why).toContain(command);
  plainGit(dir, ["fetch", "-q", "--refetch", "--no-filter", "origin", "+refs/heads/*:refs/remotes/origin/*"]);
  expect(await read()).toMatchObject({ value: [{ path: "a", added: 1, deleted: 1 }] });
});
