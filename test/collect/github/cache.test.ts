import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { gitObjects } from "../../../collect/git/objects.ts";
import { createObjectsCache } from "../../../collect/github/cache.ts";
import { apiObjects } from "../../../collect/github/objects.ts";
import { commitFiles, file, makeRepository } from "../../builders/git-repository.ts";
import { countedChanges } from "../../hosts/counted-changes.ts";
import { type Alter, gitApi } from "../../hosts/git-api.ts";

let repository: ReturnType<typeof makeRepository>;
beforeAll(() => {
  repository = makeRepository();
});
afterAll(() => repository.remove());

const commit = (files: Record<string, string>, parents?: string[]) => {
  const nodes = Object.entries(files).map(([path, text]) => [path, file(text)] as const);
  return commitFiles(repository.dir, new Map(nodes), parents);
};

test("a blob larger than a quarter of its room is not kept, and an empty one is", () => {
  const { blobs } = createObjectsCache(8_000);
  blobs.set("empty", Buffer.alloc(0));
  blobs.set("large", Buffer.alloc(751));
  expect(["empty", "large"].map((name) => blobs.get(name)?.length)).toEqual([0, undefined]);
});

/** Objects over an API whose requests are counted, with a cache that outlives them. */
function counted() {
  const asked: string[] = [];
  const cache = createObjectsCache(10_000_000);
  const alter: Alter = (path, body) => {
    asked.push(path);
    return body;
  };
  const objects = (repo = "r") => apiObjects({ request: gitApi(repository.dir, alter), owner: "o", repo }, cache);
  const since = () => asked.splice(0).length;
  return { objects, since };
}

test("a second look asks for nothing that is named by an id", async () => {
  const start = commit({ a: "1\n", "docs/b": "1\n" });
  const tip = commit({ a: "1\n", "docs/b": "1\n", c: "1\n" }, [start]);
  const head = commit({ a: "2\n", "docs/b": "1\n", d: "1\n" }, [start]);
  const { objects, since } = counted();
  const look = async () => {
    const reader = objects();
    return [
      await reader.mergeBase(tip, head),
      await reader.changes(start, head),
      await reader.commits(start, head),
      await reader.entry(start, "docs/b"),
      await reader.blobs(await changedBlobs(start, head), 1_000),
    ];
  };
  const first = await look();
  // A comparison, two trees, one query for the contents.
  expect(since()).toBe(4);
  expect(await look()).toEqual(first);
  expect(since()).toBe(0);
  const git = gitObjects(repository.dir);
  expect(first.slice(0, 3)).toEqual([
    await git.mergeBase(tip, head),
    await git.changes(start, head),
    await git.commits(start, head),
  ]);
});

async function changedBlobs(before: string, after: string): Promise<string[]> {
  const changes = await gitObjects(repository.dir).changes(before, after);
  if (!changes.known) throw new Error(changes.why);
  return changes.value.flatMap((change) => [change.before?.sha ?? [], change.after?.sha ?? []].flat());
}

test("what could not be read, or not in full, is asked for again", async () => {
  const [before, after] = [commit({ a: "1\n" }), commit({ a: "2\n", b: "1\n" })];
  const cache = createObjectsCache(10_000_000);
  const broken: Alter[] = [
    (path, body) => (path.includes("/trees/") ? 502 : body),
    (path, body) => (path.includes("/graphql/") ? { data: { repository: {} } } : { ...body, truncated: true }),
    (path, body) => (path.includes("/graphql/") ? 502 : body),
  ];
  const reader = (alter?: Alter) =>
    apiObjects({ request: gitApi(repository.dir, alter), owner: "o", repo: "r" }, cache);
  for (const alter of broken)
    expect(await countedChanges(reader(alter), before, after)).toMatchObject({ known: false });
  const git = gitObjects(repository.dir);
  expect(await countedChanges(reader(), before, after)).toEqual(await countedChanges(git, before, after));
});

test("T276: nothing of one repository is given to a reader of another", async () => {
  const at = commit({ a: "1\n" });
  const { objects, since } = counted();
  await objects().entry(at, "a");
  expect(since()).toBe(1);
  expect(await objects("other").entry(at, "a")).toMatchObject({ known: false });
});

describe("the commits of a change, with the comparison", () => {
  const count = async (base: string, start: string, head: string) => {
    const { objects, since } = counted();
    const reader = objects();
    const mergeBase = await reader.mergeBase(base, head);
    const commits = await reader.commits(start, head);
    const git = await gitObjects(repository.dir).commits(start, head);
    expect(mergeBase).toEqual({ known: true, value: start });
    const sorted = (all: typeof commits) => (all.known ? all.value.map(({ sha }) => sha).sort() : all.why);
    expect(sorted(commits)).toEqual(sorted(git));
    return since();
  };

  test("cost nothing more in the plain case", async () => {
    const start = commit({ a: "1" });
    const one = commit({ a: "2" }, [start]);
    expect(await count(commit({ b: "1" }, [start]), start, commit({ a: "3" }, [one]))).toBe(1);
  });

  test("cost nothing more when the head has nothing of its own", async () => {
    const start = commit({ a: "1" });
    expect(await count(commit({ b: "1" }, [start]), start, start)).toBe(1);
  });

  test("are read from the merge base when the base was merged into the change", async () => {
    const start = commit({ a: "1" });
    const one = commit({ a: "2" }, [start]);
    const tip = commit({ a: "1", b: "1" }, [start]);
    const merged = commit({ a: "2", b: "1" }, [one, tip]);
    expect(await count(tip, tip, merged)).toBe(2);
  });
});
