import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createSigner } from "../../../../app/ledger/signer.ts";
import type { EntryDraft } from "../../../../core/ledger/entry.ts";
import { commitFiles, file, plainGit } from "../../../builders/git-repository.ts";
import { chainOf, draft, newKey } from "../../../builders/ledger.ts";
import { makeLedgerClone } from "../../../builders/ledger-clone.ts";
import { mergedStory, signStory } from "../../../builders/merged-story.ts";

const repository = makeLedgerClone();
const { bare, run: ledger } = repository;
afterAll(repository.remove);

const key = newKey();
const { sign, publicKey } = createSigner(key.pem);
const lines = (...changed: number[]) =>
  file(Array.from({ length: 40 }, (_, index) => `${index}${changed.includes(index) ? " new" : ""}\n`).join(""));
const commit = (changed: number[], ...parents: string[]) =>
  commitFiles(bare, new Map([["a", lines(...changed)]]), parents);
const named = (sha: string, subject: string, parent: string) =>
  plainGit(bare, ["commit-tree", `${sha}^{tree}`, "-p", parent, "-m", subject]).trim();
const point = (branch: string, sha: string) => plainGit(bare, ["update-ref", `refs/heads/${branch}`, sha]);

let root: string;
let head: string;
let merged: string;
/** The chain of #11, which became `merged` on `main`. */
let chain: string[];
const treeOf = (sha: string) => plainGit(bare, ["rev-parse", `${sha}^{tree}`]).trim();

beforeAll(async () => {
  root = commit([]);
  head = commit([5], root);
  merged = commit([5], root, head);
  chain = await storyOf(root, head, merged);
});

const storyOf = (base: string, judged: string, entered: string, conclusion?: "failure") => {
  const commits = { base, head: judged, tree: treeOf(judged), merged: entered, mergedTree: treeOf(entered) };
  return signStory(sign, mergedStory(commits, { upTo: "merged", ...(conclusion && { conclusion }) }));
};
/** Puts `main` where it is to be, publishes a chain and asks. */
async function ask(tip: string, given: string[], ...more: string[]) {
  point("main", tip);
  repository.publish(given);
  const { exit, out, err } = await ledger(["continuity", "clone", "--key", publicKey, ...more, "--json"]);
  return { exit, err, told: out === "" ? null : JSON.parse(out) };
}

describe("sallyport ledger continuity", () => {
  test("a branch whose last revision was verified: exit 0, and what holds since when", async () => {
    const { exit, told } = await ask(merged, chain);
    expect({ exit, told }).toMatchObject({
      exit: 0,
      told: {
        ref: "refs/heads/main",
        tip: merged,
        covered: true,
        gaps: [],
        earlier: 1,
        missingHeads: 0,
        revisions: [
          { sha: merged, state: "verified", pull: 11 },
          { sha: root, state: "unrecorded" },
        ],
      },
    });
    expect(told.held).toContainEqual({ property: "SLSA_SOURCE_LEVEL_1", since: merged, revisions: 1 });
  });

  test("T088: a push on top: exit 1, and the push is named", async () => {
    const pushed = named(commit([5, 30]), "Quickly \u202epushed", merged);
    expect(await ask(pushed, chain)).toMatchObject({
      exit: 1,
      told: { covered: false, held: [], gaps: [{ sha: pushed, state: "unrecorded", author: "Ada" }] },
    });
    const { out } = await ledger(["continuity", "clone", "--key", publicKey]);
    expect(out).toMatch(/^not covered\n/);
    expect(out).toContain(`${pushed}  2026-01-01T00:00:00.000Z  pushed, or merged unseen  Ada: Quickly [U+202E]pushed`);
  });

  test("T088: a merge without success: exit 1, and its pull request is named", async () => {
    const failed = await storyOf(root, head, merged, "failure");
    expect(await ask(merged, failed)).toMatchObject({ exit: 1, told: { covered: false, held: [] } });
    const { out } = await ledger(["continuity", "clone", "--key", publicKey]);
    expect(out).toContain("The last revision has no verified property.");
  });

  test("commits that were rebased belong to their merge, as long as their head is here", async () => {
    const base = commit([39], root);
    const judged = commit([5, 25], commit([5], root));
    const onto = commit([5, 39], base);
    const rebased = commit([5, 25, 39], onto);
    const story = await storyOf(base, judged, rebased);
    point("theirs", judged);
    expect(await ask(rebased, story)).toMatchObject({
      exit: 0,
      told: {
        gaps: [],
        missingHeads: 0,
        revisions: [{ state: "verified" }, { sha: onto, state: "part" }, {}, {}],
      },
    });
    const commits = {
      base,
      head: "9".repeat(40),
      tree: "8".repeat(40),
      merged: rebased,
      mergedTree: treeOf(rebased),
    };
    const unseen = await signStory(sign, mergedStory(commits, { upTo: "merged" }));
    expect(await ask(rebased, unseen)).toMatchObject({
      exit: 0,
      told: {
        missingHeads: 1,
        earlier: 3,
        revisions: [{ state: "verified" }, { state: "unrecorded" }, {}, {}],
      },
    });
    const { out } = await ledger(["continuity", "clone", "--key", publicKey]);
    expect(out).toContain("Merges whose head is not here: 1");
  });

  test("for people, on another branch: only what entered that one counts", async () => {
    point("dev", merged);
    await ask(merged, chain);
    expect(await ledger(["continuity", "clone", "--key", publicKey])).toMatchObject({
      exit: 0,
      out: expect.stringMatching(/^covered\n[\s\S]*refs\/heads\/main at [\s\S]*SLSA_SOURCE_LEVEL_1 +1 since /),
    });
    expect(await ledger(["continuity", "clone", "--branch", "dev", "--key", publicKey])).toMatchObject({
      exit: 1,
      out: expect.stringContaining("refs/heads/dev"),
    });
  });
});

describe("refused", () => {
  test("a ledger that does not verify: exit 1, and nothing is told", async () => {
    expect(await ask(merged, chain.toSpliced(2, 1))).toMatchObject({
      exit: 1,
      told: null,
      err: expect.stringContaining("not in order"),
    });
  });

  test("T146: the ledger of a fork, whose branch has the same commits: exit 1", async () => {
    expect(await ask(merged, chain, "--repository-id", "7")).toMatchObject({ exit: 0 });
    expect(await ask(merged, chain, "--repository-id", "8")).toMatchObject({ exit: 1, told: null });
  });

  test("a summary that only a newer version can read: exit 2", async () => {
    const one: EntryDraft = draft({
      kind: "source.verified",
      subject: [{ name: "refs/heads/main", digest: { gitCommit: merged } }],
      body: { pull: 11, merged, verdict: "fine" },
    });
    expect(await ask(merged, await chainOf(key.pem, [one]))).toMatchObject({
      exit: 2,
      told: null,
      err: expect.stringContaining("use a newer one"),
    });
  });

  test("a branch that is not there, and an archive, which has no history: exit 2", async () => {
    expect(await ask(merged, chain, "--branch", "gone")).toMatchObject({
      exit: 2,
      err: expect.stringContaining('no branch "gone"'),
    });
    await ledger(["export", "clone", "--out", "ledger.tar"]);
    expect(await ledger(["continuity", "ledger.tar", "--key", publicKey])).toMatchObject({
      exit: 2,
      err: expect.stringContaining("has no history to cover"),
    });
  });
});
