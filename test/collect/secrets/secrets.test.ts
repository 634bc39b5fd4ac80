import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type GitObjects, gitObjects } from "../../../collect/git/objects.ts";
import { loadScan } from "../../../collect/secrets/scan.ts";
import { findSecrets } from "../../../collect/secrets/secrets.ts";
import { known } from "../../../core/known.ts";
import { commitFiles, makeRepository, type Node } from "../../builders/git-repository.ts";
import { policyOf } from "../../builders/pull-facts.ts";

const repository = makeRepository();
let objects: GitObjects;
beforeAll(() => {
  objects = gitObjects(repository.dir);
});
afterAll(() => {
  objects.close();
  repository.remove();
});

const policy = known({
  state: "loaded" as const,
  ...policyOf("version: 1\nextends: default\npeople: { separation: solo }\ngates: {}\n"),
});
const login = "//registry.npmjs.org/:_authToken=0a1b2c3d-0a1b-4c2d-8e3f-0a1b2c3d4e5f\n";

/** A commit whose files hold these texts. */
function commitOf(texts: Record<string, string>, ...parents: string[]): string {
  const node = (content: string): Node => ({ mode: "100644", content: Buffer.from(content) });
  return commitFiles(repository.dir, new Map(Object.entries(texts).map(([path, text]) => [path, node(text)])), parents);
}

async function secretsOf(base: string, head: string) {
  const commits = await objects.commits(base, head);
  return findSecrets(objects, { policy, commits, pull: null });
}

test.each([
  ["after it", "z.txt"],
  ["before it", ".a"],
  ["in another folder", "z/notes"],
])("a copy under a plain name %s does not hide what a rule finds by a file's name", async (_, copy) => {
  const base = commitOf({ a: "a" });
  const head = commitOf({ a: "a", ".npmrc": login, [copy]: login }, base);
  expect(await secretsOf(base, head)).toMatchObject({ value: [{ rule: "npm", path: ".npmrc", line: 1 }] });
});

test("a secret does not come in under a plain name and get the name that tells it afterwards", async () => {
  const base = commitOf({ a: "a" });
  const plain = commitOf({ a: "a", "notes.txt": login }, base);
  const head = commitOf({ a: "a", "web/.npmrc": login }, plain);
  expect(await secretsOf(base, head)).toMatchObject({
    value: [{ rule: "npm", path: "web/.npmrc", commit: head }],
  });
});

test("a secret that only moves, under names that are read alike, is not new", async () => {
  const base = commitOf({ ".npmrc": login });
  const head = commitOf({ "web/.npmrc": login }, base);
  expect(await secretsOf(base, head)).toEqual(known([]));
});

test.each(["xoxb-a-a.", "_authToken= \n", "ghs_1_a.a.", "AKIA0123456789ABCDEF "])(
  "T038: a megabyte of %j, all of it findings, is searched in linear time",
  async (piece) => {
    const scan = await loadScan();
    const hits = await scan(piece.repeat(1_000_000 / piece.length), ".npmrc");
    expect(hits.length).toBeGreaterThan(10_000);
    expect(hits.at(-1)?.line).toBe(piece.includes("\n") ? hits.length : 1);
  },
);

test("an account's number is no secret, and a key's id is", async () => {
  const scan = await loadScan();
  expect(await scan("aws_account_id = 1234-5678-9012\n", "a")).toEqual([]);
  expect(await scan("\nid = AKIAIOSFODNN7EXAMPLQ\n", "a")).toMatchObject([{ rule: "aws", line: 2 }]);
});
