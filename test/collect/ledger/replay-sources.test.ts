import { createHash } from "node:crypto";
import { afterAll, expect, test } from "@jest/globals";
import { collectReplaySources } from "../../../collect/ledger/replay-sources.ts";
import type { Draft, TypedEntry } from "../../../core/entries.ts";
import { canonicalJson, type Json } from "../../../core/json.ts";
import { bodyPath } from "../../../core/ledger/branch.ts";
import { acted } from "../../builders/attempt-entries.ts";
import { commitFiles, file, makeRepository, type Node, plainGit } from "../../builders/git-repository.ts";
import { answers } from "../../builders/recorded-run.ts";

const { dir, remove } = makeRepository();
afterAll(remove);

const digest = (text: string) => createHash("sha256").update(text).digest("hex");
const before = new Map<string, Node>([
  ["a", file("1\n")],
  ["b", file("1\n")],
  ["run.sh", { mode: "100755", content: Buffer.from("1\n") }],
]);
const after = new Map<string, Node>([
  ["a", file("2\n")],
  ["run.sh", { mode: "120000", content: Buffer.from("a") }],
  ["folder/c", file("3\n")],
]);
const parent = commitFiles(dir, before);
const commit = commitFiles(dir, after, [parent]);

/** Entries of one attempt whose answer names these paths, and whose commit is this one. */
function attempt(ids: { commit: string; parent: string }, paths: string[] = []): TypedEntry[] {
  const drafts = [acted("ask"), acted("answer"), acted("commit")].map((one): Draft => {
    if (one.kind === "response.recorded")
      return { ...one, body: { ...one.body, files: paths.map((path) => ({ path, sha256: null })) } };
    return one.kind === "change.committed" ? { ...one, body: { ...one.body, ...ids } } : one;
  });
  return drafts.map((one, index) => ({ ...one, seq: index + 1, hash: digest(`${index}`), at: "" }));
}

const collect = (entries: TypedEntry[], files: [string, string][] = [], from: string | null = dir) =>
  collectReplaySources("run-7-1", {
    files: new Map(files.map(([path, text]) => [path, Buffer.from(text)])),
    entries,
    names: new Map(),
    dir: from,
  });

/** The commit as it was read. */
async function written(ids: { commit: string; parent: string }, paths: string[] = []) {
  const { git } = await collect(attempt(ids, paths));
  return git?.commits.get(ids.commit);
}

test("a commit: its tree, parents and message, every change with its modes, and the files of the answer", async () => {
  const read = await written({ commit, parent }, ["a", "b", "folder", "run.sh"]);
  expect(read).toMatchObject({
    known: true,
    value: {
      tree: plainGit(dir, ["rev-parse", `${commit}^{tree}`]).trim(),
      parents: [parent],
      message: "3 files",
      changes: [
        { path: "a", before: { mode: "100644" }, after: { mode: "100644" } },
        { path: "b", after: null },
        { path: "folder/c", before: null },
        { path: "run.sh", before: { mode: "100755" }, after: { mode: "120000" } },
      ],
    },
  });
  expect(read?.known === true && [...read.value.files]).toEqual([
    ["a", digest("2\n")],
    ["b", null],
    ["folder", null],
    ["run.sh", digest("a")],
  ]);
});

test("casefiles: their content in the commit, and their text in its parent", async () => {
  const casefiles = ["a", "folder/c", "b"].map((path) => ({
    ...{ name: "log" as const, path, sha256: "0".repeat(64), blob: "0".repeat(40) },
  }));
  const entries = attempt({ commit, parent }, ["run.sh"]).map((entry) =>
    entry.kind === "change.committed" ? { ...entry, body: { ...entry.body, casefiles } } : entry,
  );
  const read = (await collect(entries)).git?.commits.get(commit);
  if (read?.known !== true) throw new Error("the commit was not read");
  expect([...read.value.files]).toEqual([
    ["run.sh", digest("a")],
    ["a", digest("2\n")],
    ["folder/c", digest("3\n")],
    ["b", null],
  ]);
  expect([...(read.value.before ?? [])]).toEqual([
    ["a", "1\n"],
    ["folder/c", null],
    ["b", "1\n"],
  ]);
});

test("a commit that git lacks, or that does not come after its parent, is unknown", async () => {
  const lost = "9".repeat(40);
  for (const ids of [
    { commit: lost, parent },
    { commit, parent: lost },
    { commit: parent, parent: commit },
  ])
    expect(await written(ids)).toEqual({ known: false, why: expect.stringMatching(/^[^\n]+$/) });
});

test("a second parent is told", async () => {
  const side = commitFiles(dir, new Map([["z", file("1\n")]]));
  const merge = commitFiles(dir, after, [parent, side]);
  expect(await written({ commit: merge, parent })).toMatchObject({ value: { parents: [parent, side] } });
});

test("bodies: what is there, and no value where the text is not the canonical form of an answer", async () => {
  const path = bodyPath("b".repeat(64));
  const results = async (...files: [string, string][]) => [
    ...(await collect(attempt({ commit, parent }), files)).results.values(),
  ];
  const [answer] = answers;
  const text = canonicalJson(answer ?? null);
  expect(await results()).toEqual([]);
  expect(await results([path, text])).toEqual([{ text, value: answer }]);
  const unlike: Json = { version: 1, files: [] };
  for (const wrong of [`${text} `, "{", "", canonicalJson(unlike)])
    expect(await results([path, wrong])).toEqual([{ text: wrong, value: null }]);
});

test("a copy without git has none, and without the run's entries no policy is known", async () => {
  expect(await collect(attempt({ commit, parent }), [], null)).toMatchObject({ git: null });
  expect(await collect(attempt({ commit, parent }))).toMatchObject({
    git: { policy: { known: false }, policyAtBase: { known: false } },
  });
});
