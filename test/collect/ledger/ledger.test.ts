import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { readApiLedger, readGitLedger } from "../../../collect/ledger/ledger.ts";
import { known } from "../../../core/known.ts";
import { evidenceBranch, segmentEntries } from "../../../core/ledger/branch.ts";
import { commitFiles, file, makeRepository, type Node, plainGit } from "../../builders/git-repository.ts";
import { type Alter, gitApi } from "../../hosts/git-api.ts";

let repository: ReturnType<typeof makeRepository>;
beforeAll(() => {
  repository = makeRepository();
});
afterAll(() => repository.remove());
beforeEach(() => {
  plainGit(repository.dir, ["update-ref", "-d", `refs/heads/${evidenceBranch}`]);
});

/** Two files, so that one entry follows after a full one. */
const full = Array.from({ length: segmentEntries }, (_, index) => `line ${index + 1}`);
const files: Record<string, Node> = {
  "README.md": file("about\n"),
  "ledger/0001.jsonl": file(`${full.join("\n")}\n`),
  "ledger/0002.jsonl": file("the last\n"),
  "bodies/ab/abcd": file(Buffer.from([0, 255])),
};
const lines = [...full, "the last"];

function put(changes: Record<string, Node> = {}, ref = `refs/heads/${evidenceBranch}`): string {
  const sha = commitFiles(repository.dir, new Map(Object.entries({ ...files, ...changes })));
  plainGit(repository.dir, ["update-ref", ref, sha]);
  return sha;
}

const fromApi = (alter?: Alter) => readApiLedger({ request: gitApi(repository.dir, alter), owner: "o", repo: "r" });
const why = (text: string) => ({ known: false, why: expect.stringContaining(text) });
const link: Node = { mode: "120000", content: Buffer.from("0001.jsonl") };

describe("from a git directory", () => {
  test("every file of the branch, byte for byte, with its commit", async () => {
    const commit = put();
    const read = await readGitLedger(repository.dir);
    expect(read).toMatchObject({ known: true, value: { commit, ref: `refs/heads/${evidenceBranch}` } });
    const found = read.known && read.value !== null ? [...read.value.files] : [];
    expect(found.map(([path, bytes]) => [path, Buffer.from(bytes)]).sort()).toEqual(
      Object.entries(files)
        .map(([path, { content }]) => [path, content])
        .sort(),
    );
  });

  test("the fetched branch where there is no own one, and the own one where there are both", async () => {
    const fetched = put({}, `refs/remotes/origin/${evidenceBranch}`);
    expect(await readGitLedger(repository.dir)).toMatchObject({ value: { commit: fetched } });
    const own = put({ "ledger/0002.jsonl": file("another\n") });
    expect(await readGitLedger(repository.dir)).toMatchObject({ value: { commit: own } });
    plainGit(repository.dir, ["update-ref", "-d", `refs/remotes/origin/${evidenceBranch}`]);
  });

  test("a tag of the branch's name is not taken for it", async () => {
    put({}, `refs/tags/${evidenceBranch}`);
    expect(await readGitLedger(repository.dir)).toEqual(known(null));
    plainGit(repository.dir, ["update-ref", "-d", `refs/tags/${evidenceBranch}`]);
  });

  test("no branch is known to be none, and no git directory is unknown", async () => {
    expect(await readGitLedger(repository.dir)).toEqual(known(null));
    expect(await readGitLedger("/nonexistent")).toEqual(why("is not a git directory"));
  });

  test("T161 a link or a submodule among the files", async () => {
    put({ "ledger/0003.jsonl": link });
    expect(await readGitLedger(repository.dir)).toEqual(why('"ledger/0003.jsonl", which is no plain file'));
    put({ bodies: { mode: "160000", content: Buffer.from("1".repeat(40)) } });
    expect(await readGitLedger(repository.dir)).toEqual(why('"bodies", which is no plain file'));
  });

  test("a clone without the files' content is unknown", async () => {
    const absent = plainGit(repository.dir, ["hash-object", "--stdin"], "never written").trim();
    const tree = plainGit(repository.dir, ["mktree", "--missing"], `100644 blob ${absent}\tREADME.md\n`).trim();
    const commit = plainGit(repository.dir, ["commit-tree", tree, "-m", "partial"]).trim();
    plainGit(repository.dir, ["update-ref", `refs/heads/${evidenceBranch}`, commit]);
    expect(await readGitLedger(repository.dir)).toEqual(why("fetch the full history"));
  });

  test("files on both sides of a batch's end are all read", async () => {
    const big = (letter: string) => file(Buffer.alloc(33 * 1024 * 1024, letter));
    const bodies = { "bodies/a": big("a"), "bodies/b": big("b"), "bodies/c": file("c") };
    put(bodies);
    const read = await readGitLedger(repository.dir);
    const found = read.known && read.value !== null ? read.value.files : new Map();
    expect([...found.keys()].sort()).toEqual([...Object.keys(files), ...Object.keys(bodies)].sort());
    for (const [path, { content }] of Object.entries(bodies)) expect(content.equals(found.get(path))).toBe(true);
  });
});

test("T161 one content under many names is not read: it would be more than a ledger may be", async () => {
  const zeros = file(Buffer.alloc(80 * 1024 * 1024));
  const names = Array.from({ length: 13 }, (_, index) => `${String(index + 1).padStart(4, "0")}.jsonl`);
  put(Object.fromEntries(names.map((name) => [`ledger/${name}`, zeros])));
  const tooLarge = why("more than 100000 files or 1000000000 bytes");
  expect(await readGitLedger(repository.dir)).toEqual(tooLarge);
  const asked: string[] = [];
  const answer = await fromApi((path, body) => {
    asked.push(path);
    return body;
  });
  expect(answer).toEqual(tooLarge);
  expect(asked.filter((path) => path.includes("git/blobs"))).toEqual([]);
});

describe("from GitHub", () => {
  test("the lines of all files in order", async () => {
    put();
    expect(await fromApi()).toEqual(known(lines));
  });

  test("no branch, and a branch without a ledger", async () => {
    expect(await fromApi()).toEqual(known(null));
    const bare = commitFiles(repository.dir, new Map([["README.md", file("about\n")]]));
    plainGit(repository.dir, ["update-ref", `refs/heads/${evidenceBranch}`, bare]);
    expect(await fromApi()).toEqual(known([]));
  });

  test("the bodies are never listed, however many they are", async () => {
    put();
    const asked: string[] = [];
    await fromApi((path, body) => {
      asked.push(path);
      return body;
    });
    expect(asked.filter((path) => path.includes("recursive"))).toEqual([]);
    expect(asked.filter((path) => path.includes("git/blobs"))).toHaveLength(2);
  });

  const refused: [string, Alter, string][] = [
    [
      "T143 the listing is cut short",
      (path, body) => (path.includes("git/trees") ? { ...body, truncated: true } : body),
      "cut the listing",
    ],
    ["the server fails", (path, body) => (path.includes("git/ref") ? 500 : body), "the evidence branch of o/r"],
    ["the token may not read it", (path, body) => (path.includes("git/ref") ? 403 : body), "403"],
    ["T148 the listing is gone", (path, body) => (path.includes("git/trees") ? 404 : body), "404"],
    ["a file is gone", (path, body) => (path.includes("git/blobs") ? 404 : body), "404"],
    [
      "a file is cut",
      (path, body) => (path.includes("git/blobs") ? { ...body, content: "" } : body),
      "incomplete or changed",
    ],
    [
      "another ref",
      (path, body) => (path.includes("git/ref") ? { ...body, ref: "refs/heads/x" } : body),
      "something else",
    ],
    [
      "a tag",
      (path, body) => (path.includes("git/ref") ? { ...body, object: { type: "tag", sha: "1".repeat(40) } } : body),
      "something else",
    ],
  ];
  test.each(refused)("unknown: %s", async (_, alter, text) => {
    put();
    expect(await fromApi(alter)).toEqual(why(text));
  });

  const layouts: [string, Record<string, Node>, string][] = [
    ["T161 a link among the files", { "ledger/0003.jsonl": link }, "no plain file"],
    ["a folder among the files", { "ledger/0003.jsonl/x": file("") }, "no plain file"],
    ["T143 the last line was cut", { "ledger/0002.jsonl": file("the la") }, "it was cut"],
    ["a file too much", { "ledger/0009.jsonl": file("x\n") }, "0002.jsonl holds 1 entries and is not the last"],
  ];
  test.each(layouts)("unknown: %s", async (_, changes, text) => {
    put(changes);
    expect(await fromApi()).toEqual(why(text));
  });

  test("unknown: the ledger is a file", async () => {
    const odd = commitFiles(repository.dir, new Map([["ledger", file("x\n")]]));
    plainGit(repository.dir, ["update-ref", `refs/heads/${evidenceBranch}`, odd]);
    expect(await fromApi()).toEqual(why('"ledger" is no folder'));
  });
});
