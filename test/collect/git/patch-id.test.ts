import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { comparePatches, readSpans } from "../../../collect/git/patch-id.ts";
import { commitFiles, file, makeRepository, type Node, plainGit } from "../../builders/git-repository.ts";

let repository: ReturnType<typeof makeRepository>;
let root: string;
/** The branch as it stands when the pull request is merged: another file of it has changed. */
let base: string;
/** The judged head: two commits on the older branch. */
let head: string;
let middle: string;

const text = (...changed: [number, string][]) => {
  const lines = Array.from({ length: 40 }, (_, index) => `line ${index}`);
  for (const [index, line] of changed) lines[index] = line;
  return file(`${lines.join("\n")}\n`);
};
const first: [number, string] = [5, "  one"];
const second: [number, string] = [30, "  two"];
const binary = (content: string) => file(Buffer.from(`\0${content}`));

const before: Record<string, Node> = { a: text(), b: text(), bin: binary("old") };
const moved: Record<string, Node> = { ...before, b: text([20, "of others"]) };
const wanted: Record<string, Node> = { a: text(first, second), bin: binary("new"), empty: file("") };

const commit = (files: Record<string, Node>, ...parents: string[]) =>
  commitFiles(repository.dir, new Map(Object.entries(files)), parents);
const compare = async (merged: string, over: { base?: string; head?: string } = {}) => {
  const compared = await comparePatches(repository.dir, { base, head, merged, ...over });
  if (!compared.known) throw new Error(compared.why);
  return compared.value;
};

beforeAll(() => {
  repository = makeRepository();
  root = commit(before);
  base = commit(moved, root);
  middle = commit({ ...before, a: text(first), bin: binary("new") }, root);
  head = commit({ ...before, ...wanted }, middle);
});
afterAll(() => repository.remove());

describe("the judged change is known again", () => {
  test("in a squash on a branch that has moved on", async () => {
    const compared = await compare(commit({ ...moved, ...wanted }, base));
    expect(compared).toMatchObject({ same: true, commits: 1 });
    expect(compared.merged).toBe(compared.judged);
  });

  test("in a merge commit", async () => {
    expect(await compare(commit({ ...moved, ...wanted }, base, head))).toMatchObject({
      same: true,
      commits: 1,
    });
  });

  test("in commits that were put on the branch one by one", async () => {
    const onto = commit({ ...moved, a: text(first), bin: binary("new") }, base);
    expect(await compare(commit({ ...moved, ...wanted }, onto))).toMatchObject({ same: true, commits: 2 });
  });

  test("further down in a file that others have made longer", async () => {
    const longer = file(`above\n${text().content.toString()}`);
    const tip = commit({ ...before, a: longer }, root);
    const merged = { ...before, ...wanted, a: file(`above\n${text(first, second).content.toString()}`) };
    expect(await compare(commit(merged, tip), { base: tip })).toMatchObject({ same: true });
  });

  test("by the id that git itself gives the whole change", async () => {
    const { judged } = await compare(commit({ ...moved, ...wanted }, base));
    const diff = plainGit(repository.dir, ["diff", "--full-index", root, head]);
    const [id] = plainGit(repository.dir, ["patch-id", "--verbatim"], diff).split(" ");
    expect(judged).toBe(id);
  });
});

describe("refused: the merged commit", () => {
  const script: Node = { mode: "100755", content: text(first, second).content };
  test.each<[string, Record<string, Node>]>([
    ["leaves a line out", { ...wanted, a: text(first) }],
    ["adds a line", { ...wanted, a: text(first, second, [35, "three"]) }],
    ["adds a file", { ...wanted, more: file("more\n") }],
    ["adds an empty file", { ...wanted, more: file("") }],
    ["leaves the empty file out", { a: text(first, second), bin: binary("new") }],
    ["indents a line otherwise", { ...wanted, a: text([5, "    one"], second) }],
    ["makes a file executable", { ...wanted, a: script }],
    ["has another binary file", { ...wanted, bin: binary("bad") }],
    ["has a symlink in place of the file", { ...wanted, empty: { mode: "120000", content: Buffer.from("a") } }],
  ])("%s", async (_, files) => {
    expect(await compare(commit({ ...moved, ...files }, base))).toMatchObject({ same: false });
  });

  test("is the second of two rebased commits, and the first brings more", async () => {
    const onto = commit({ ...moved, a: text(first, [12, "more"]), bin: binary("new") }, base);
    const merged = commit({ ...moved, ...wanted, a: text(first, second, [12, "more"]) }, onto);
    expect(await compare(merged)).toMatchObject({ same: false });
  });

  test("is a merge commit whose branch side was changed", async () => {
    expect(await compare(commit({ ...moved, ...wanted, b: text() }, base, head))).toMatchObject({
      same: false,
    });
  });

  test("is another commit on the same parent that a `-diff` attribute hides", async () => {
    const hidden = { ".gitattributes": file("a -diff\n") };
    const tip = commit({ ...before, ...hidden }, root);
    const judged = commit({ ...before, ...hidden, a: text(first) }, tip);
    const merged = commit({ ...before, ...hidden, a: text(second) }, tip);
    plainGit(repository.dir, ["update-ref", "refs/heads/main", tip]);
    expect(await compare(merged, { base: tip, head: judged })).toMatchObject({ same: false });
  });
});

describe("a submodule that `.gitmodules` says is to be ignored", () => {
  test("is part of the change", async () => {
    const clone = mkdtempSync(join(tmpdir(), "sallyport-"));
    const link = (digit: string): Node => ({ mode: "160000", content: Buffer.from(digit.repeat(40)) });
    const modules = '[submodule "v"]\n\tpath = vendor\n\turl = ./v\n\tignore = all\n';
    const old = { ...before, ".gitmodules": file(modules), vendor: link("1") };
    const tip = commit(old, root);
    const judged = commit({ ...old, a: text(first) }, tip);
    const merged = commit({ ...old, a: text(first), vendor: link("2") }, tip);
    plainGit(repository.dir, ["update-ref", "refs/heads/main", merged]);
    plainGit(clone, ["clone", "-q", `file://${repository.dir}`, "."]);
    plainGit(clone, ["fetch", "-q", "origin", judged]);
    const compared = await comparePatches(clone, { base: tip, head: judged, merged });
    rmSync(clone, { recursive: true, force: true });
    expect(compared).toMatchObject({ known: true, value: { same: false } });
  });
});

describe("commits that a merge put on the branch one by one", () => {
  const spans = async (merged: string) => {
    const read = await readSpans(repository.dir, [{ base, head, merged }]);
    return read.known ? [...read.value.spans.values()] : read;
  };

  test("are the judged ones", async () => {
    const onto = commit({ ...moved, a: text(first), bin: binary("new") }, base);
    expect(await spans(commit({ ...moved, ...wanted }, onto))).toEqual([2]);
  });

  test("T088 are not those that somebody pushed and the merge took back", async () => {
    const pushed = commit({ ...moved, a: text(first), bin: binary("new"), evil: file("evil\n") }, base);
    const merged = commit({ ...moved, ...wanted }, pushed);
    expect(await compare(merged)).toMatchObject({ same: true, commits: 2 });
    expect(await spans(merged)).toEqual([]);
  });
});

describe("unknown, never taken for the same", () => {
  test("a head that the clone does not have", async () => {
    const compared = await comparePatches(repository.dir, { base, head: "9".repeat(40), merged: base });
    expect(compared).toEqual({ known: false, why: expect.stringContaining("fetch the pull request's head") });
  });

  test("a merged commit that the clone does not have", async () => {
    expect(await comparePatches(repository.dir, { base, head, merged: "9".repeat(40) })).toMatchObject({
      known: false,
    });
  });

  test("a change that is empty", async () => {
    expect(await comparePatches(repository.dir, { base: root, head: root, merged: base })).toMatchObject({
      known: false,
      why: expect.stringContaining("empty"),
    });
  });

  test("a text with a NUL byte far down, past which git's patch-id reads nothing of a line", async () => {
    const long = "x\n".repeat(6_000);
    const hiding = (tail: string) => file(`${long}\0${tail}\n`);
    const judged = commit({ ...before, n: hiding("good") }, root);
    const merged = commit({ ...moved, n: hiding("bad") }, base);
    const compared = await comparePatches(repository.dir, { base, head: judged, merged });
    expect(compared).toEqual({ known: false, why: expect.stringContaining("NUL") });
    // Without the refusal the two would be taken for one.
    const ids = [
      [root, judged],
      [base, merged],
    ].map(([from = "", to = ""]) => {
      const diff = execFileSync("git", ["-C", repository.dir, "diff-tree", "-p", "-r", "--full-index", from, to]);
      const plain = Buffer.from(diff.toString("latin1").replace(/^index .*\n/gm, ""), "latin1");
      return plainGit(repository.dir, ["patch-id", "--verbatim"], plain).split(" ")[0];
    });
    expect(ids[0]).toBe(ids[1]);
  });
});
