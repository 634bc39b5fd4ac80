import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
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
  const [changes, commits] = [await objects.changes(base, head), await objects.commits(base, head)];
  return findSecrets(objects, { policy, mergeBase: known(base), changes, commits, pull: null });
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

const pem = generateKeyPairSync("rsa", { modulusLength: 2048 })
  .privateKey.export({ type: "pkcs8", format: "pem" })
  .toString();
const token = "ghp_aZ3bY9cX0dW8eV1fU7gT2hS6iR3jQ5kP4lO9";

describe("pub-secrets-renamed-file: what stands in the base is not new", () => {
  test.each<[string, Record<string, string>, Record<string, string>]>([
    ["renamed and changed", { "a.js": `const k = \`${pem}\`` }, { "a.ts": `const k: string = \`${pem}\`` }],
    [
      "quoted otherwise",
      { "a.js": `const k = \`${pem}\`` },
      { "a.ts": `const k = "${pem.replaceAll("\n", '" +\n"')}"` },
    ],
    ["moved into another file", { a: `x\n${token}\n`, b: "b" }, { a: "x\n", b: `b\n${token}\n` }],
    ["copied from a file that stays as it is", { a: token, b: "b" }, { a: token, b: `b\n${token}\n` }],
    ["beside a folder", { "deep/er/a": token }, { "other/b": `now ${token}` }],
  ])("%s", async (_, before, after) => {
    const base = commitOf(before);
    expect(await secretsOf(base, commitOf(after, base))).toEqual(known([]));
  });

  test.each<[string, Record<string, string>, string]>([
    ["another of the same form", { a: token.replace("ghp_a", "ghp_b") }, token],
    ["one that a commit of the change took away", { a: "a" }, token],
    ["one whose beginning stands there", { a: token.slice(0, 30) }, token],
    ["a key whose first line stands there", { a: pem.split("\n").slice(0, 3).join("\n") }, pem],
  ])("%s is new", async (_, before, secret) => {
    const base = commitOf(before);
    const middle = commitOf({ ...before, b: secret }, base);
    expect(await secretsOf(base, commitOf({ ...before, c: `x ${secret}` }, middle))).toMatchObject({
      value: expect.arrayContaining([
        expect.objectContaining({ path: "b", commit: middle }),
        expect.objectContaining({ path: "c" }),
      ]),
    });
  });
});

test.each(["xoxb-a-a.", "_authToken= \n", "ghs_1_a.a.", "AKIA7Q2M9XK4ZT0R5WJB "])(
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
