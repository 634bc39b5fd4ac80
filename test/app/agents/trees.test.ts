import { createHash } from "node:crypto";
import { expect, test } from "@jest/globals";
import { githubTree } from "../../../app/agents/trees.ts";
import { createObjectsCache } from "../../../collect/github/cache.ts";
import type { GitHub } from "../../../collect/github/request.ts";

const text = "hello\n";
const sha = createHash("sha1").update(`blob ${text.length}\0${text}`).digest("hex");
const commit = "c".repeat(40);
const entries = [
  { path: "src", mode: "040000", type: "tree", sha: "1".repeat(40) },
  { path: "src/hello.txt", mode: "100644", type: "blob", sha },
  { path: "lib", mode: "160000", type: "commit", sha: "2".repeat(40) },
];

function github(
  answers: { truncated?: boolean; content?: string; size?: number; fail?: boolean; tree?: object[] } = {},
) {
  const asked: string[] = [];
  const { truncated = false, content = text, size = content.length, fail = false, tree = entries } = answers;
  const request = async (route: string) => {
    asked.push(route);
    if (fail) throw Object.assign(new Error("broken"), { status: 502 });
    if (route.includes("/git/trees/")) return { data: { tree, truncated } };
    return { data: { content: Buffer.from(content).toString("base64"), encoding: "base64", size } };
  };
  // Only the two calls that a tree reader makes are answered.
  return { github: { request, owner: "acme", repo: "web" } as unknown as GitHub, asked };
}

test("lists files, links and submodules, and reads a file once", async () => {
  const { github: api, asked } = github();
  const tree = await githubTree(api, commit, createObjectsCache(1_000_000));
  expect(await tree.list()).toEqual([
    { path: "src/hello.txt", mode: "100644" },
    { path: "lib", mode: "160000" },
  ]);
  for (let times = 0; times < 2; times++)
    expect(Buffer.from((await tree.read("src/hello.txt")) ?? "").toString()).toBe(text);
  expect(asked).toHaveLength(2);
});

test("a folder, a submodule and what is not there have no content", async () => {
  const tree = await githubTree(github().github, commit, createObjectsCache(1_000_000));
  for (const path of ["src", "lib", "nothing"]) expect(await tree.read(path)).toBeNull();
});

test("a listing that is cut short is an error", async () => {
  await expect(
    githubTree(github({ truncated: true }).github, commit, createObjectsCache(1_000_000)),
  ).rejects.toMatchObject({
    code: "github",
    retry: false,
  });
});

test("content that is not what the tree names is an error that may pass", async () => {
  const tree = await githubTree(github({ content: "other\n" }).github, commit, createObjectsCache(1_000_000));
  await expect(tree.read("src/hello.txt")).rejects.toMatchObject({ code: "github", retry: true });
});

test("what an agent reads is held up to an end, and more is neither shown nor asked for", async () => {
  const content = "x".repeat(2_000_000);
  const blob = createHash("sha1").update(`blob ${content.length}\0${content}`).digest("hex");
  const many = Array.from({ length: 40 }, (_, at) => ({
    path: `f${at}`,
    mode: "100644",
    type: "blob",
    sha: blob,
  }));
  const { github: api, asked } = github({ content, tree: many });
  const tree = await githubTree(api, commit, createObjectsCache(1_000_000));
  const shown: boolean[] = [];
  for (const { path } of many) shown.push((await tree.read(path)) !== null);
  expect(shown.lastIndexOf(true)).toBe(31);
  expect(asked).toHaveLength(33);
  expect(await tree.read("f0")).not.toBeNull();
});

test("a file that is too large is not shown", async () => {
  const tree = await githubTree(github({ size: 2_000_001 }).github, commit, createObjectsCache(1_000_000));
  expect(await tree.read("src/hello.txt")).toBeNull();
});

test("a service that fails is an error that may pass", async () => {
  await expect(githubTree(github({ fail: true }).github, commit, createObjectsCache(1_000_000))).rejects.toMatchObject({
    retry: true,
  });
});

test("a whole tree has each file with its content; what is too large to be shown is left out", async () => {
  const large = { path: "large", mode: "100644", type: "blob", sha: "3".repeat(40), size: 3_000_000 };
  const tree = await githubTree(github({ tree: [...entries, large] }).github, commit, createObjectsCache(1_000_000));
  const [file, ...others] = await tree.readAll();
  expect(others).toEqual([]);
  expect(file).toMatchObject({ path: "src/hello.txt", mode: "100644" });
  expect(Buffer.from(file?.content ?? "").toString()).toBe(text);
});

test("a whole tree that is too large is refused before it is read", async () => {
  const files = Array.from({ length: 40 }, (_, index) => ({
    ...{ path: `${index}`, mode: "100644", type: "blob", sha: "3".repeat(40), size: 1_900_000 },
  }));
  const { github: api, asked } = github({ tree: files });
  await expect((await githubTree(api, commit, createObjectsCache(1_000_000))).readAll()).rejects.toMatchObject({
    code: "bad-input",
    retry: false,
  });
  expect(asked).toHaveLength(1);
});
