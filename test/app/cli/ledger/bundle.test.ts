import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createSigner } from "../../../../app/ledger/signer.ts";
import { bodyPath } from "../../../../core/ledger/branch.ts";
import { EvidenceBundle } from "../../../../schemas/evidence.ts";
import { SummaryStatement } from "../../../../schemas/vsa.ts";
import { commitFiles, file, type Node, plainGit } from "../../../builders/git-repository.ts";
import { chainOf, draft, newKey } from "../../../builders/ledger.ts";
import { makeLedgerClone } from "../../../builders/ledger-clone.ts";
import { mergedStory, type Reached, type StoryCommits, signStory } from "../../../builders/merged-story.ts";

const repository = makeLedgerClone();
const { bare, run: ledger } = repository;
afterAll(repository.remove);

const { sign, publicKey } = createSigner(newKey().pem);
const commit = (files: Record<string, Node>, ...parents: string[]) =>
  commitFiles(bare, new Map(Object.entries(files)), parents);
const treeOf = (sha: string) => plainGit(bare, ["rev-parse", `${sha}^{tree}`]).trim();
const point = (branch: string, sha: string) => plainGit(bare, ["update-ref", `refs/heads/${branch}`, sha]);

let base: string;
let head: string;
const old = { a: file("1\n"), b: file("1\n") };
const wanted = { a: file("2\n"), b: file("1\n") };

beforeAll(() => {
  base = commit(old);
  head = commit(wanted, base);
  point("ours", head);
});

const commitsOf = (merged: string): StoryCommits => {
  point("main", merged);
  return { base, head, tree: treeOf(head), merged, mergedTree: treeOf(merged) };
};
/** Publishes the ledger of a story that was merged as a commit, and asks for something of #11. */
async function ask(merged: string, args: string[], reached: Reached = { upTo: "merged" }) {
  const lines = await signStory(sign, mergedStory(commitsOf(merged), reached));
  repository.publish(lines);
  const [command = "", ...more] = args;
  return ledger([command, "clone", "--pr", "11", "--key", publicKey, ...more]);
}
const bundled = async (...args: Parameters<typeof ask>) => {
  const { exit, out, err } = await ask(args[0], [...args[1], "--json"], args[2]);
  return { exit, err, bundle: EvidenceBundle.parse(JSON.parse(out)) };
};

/** The judged head, brought in by a merge commit. */
const entered = () => commit(wanted, base, head);
/** These files as a squash on a branch that has moved on. */
const onMoved = (files: Record<string, Node>) =>
  commit({ ...files, c: file("c\n") }, commit({ ...old, c: file("c\n") }, base));

describe("sallyport ledger bundle", () => {
  test("as a page in one file: every link with its digest, nothing to load and nothing to run", async () => {
    const { exit, out } = await ask(entered(), ["bundle", "--html"]);
    expect(exit).toBe(0);
    expect(out).toMatch(/^<!doctype html>/);
    expect(out).toContain("No link is missing");
    expect(out).toContain("default-src 'none'; style-src data:");
    expect(out.replace(/href="data:text\/css;base64,[^"]*"/, "")).not.toMatch(/<script|src=|href=|url\(/);
  });

  test("in one form at a time", async () => {
    for (const two of [
      ["--html", "--json"],
      ["--json", "--form", "test-result"],
      ["--html", "--form", "agent-trace"],
    ])
      expect(await ask(entered(), ["bundle", ...two])).toMatchObject({
        ...{ exit: 2, out: "" },
        err: expect.stringContaining("do not go together"),
      });
  });

  test("G15: as the checks' in-toto statement, and as an agent-trace of the lines that the commit added", async () => {
    const path = "web/step-1/a.ts";
    const commits = { ...commitsOf(entered()), base: commit({ [path]: file("1\n2\n") }) };
    commits.head = commit({ [path]: file("0\n1\n2\n3\n4\n") }, commits.base);
    point("traced", commits.head);
    repository.publish(await signStory(sign, mergedStory(commits, { upTo: "sealed" })));
    const form = (name: string) => ledger(["bundle", "clone", "--pr", "11", "--key", publicKey, "--form", name]);
    const checks = await form("test-result");
    expect(checks.exit).toBe(0);
    expect(JSON.parse(checks.out)).toMatchObject({
      subject: [{ digest: { gitCommit: commits.head } }],
      predicateType: "https://in-toto.io/attestation/test-result/v0.1",
      predicate: { result: "PASSED", passedTests: ["@github-actions/test"], failedTests: [] },
    });
    const trace = await form("agent-trace");
    expect({ exit: trace.exit, err: trace.err }).toEqual({ exit: 0, err: "" });
    const ranges = [
      { start_line: 1, end_line: 1 },
      { start_line: 4, end_line: 5 },
    ];
    expect(JSON.parse(trace.out)).toMatchObject({
      version: "0.1",
      vcs: { type: "git", revision: commits.head },
      files: [{ path, conversations: [{ contributor: { type: "ai", model_id: "anthropic/m" }, ranges }] }],
    });
  });

  test("before the merge: what was captured and sealed, and nothing more", async () => {
    const { exit, bundle } = await bundled(base, ["bundle"], { upTo: "sealed" });
    expect({ exit, bundle }).toMatchObject({ exit: 0, bundle: { state: "sealed", merge: null, ci: "pass" } });
    const early = await bundled(base, ["bundle"], { upTo: "captured" });
    expect(early).toMatchObject({ exit: 0, bundle: { state: "captured", ci: null } });
  });

  test.each<[string, () => string, object]>([
    ["the same tree", () => entered(), { change: "same-tree", patchIds: null }],
    ["the same change on a branch that moved on", () => onMoved(wanted), { change: "same-patch" }],
  ])("a merge of %s: exit 0", async (_, merged, merge) => {
    const sha = merged();
    const { exit, err, bundle } = await bundled(sha, ["bundle"]);
    expect({ exit, err, merge: bundle.merge }).toMatchObject({
      exit: 0,
      err: "",
      merge: { ...merge, commit: sha },
    });
  });

  test("a merge of another change: exit 1, and both patch-ids", async () => {
    const { exit, bundle } = await bundled(onMoved({ ...wanted, a: file("3\n") }), ["bundle"]);
    expect({ exit, merge: bundle.merge }).toMatchObject({ exit: 1, merge: { change: "another" } });
    expect(bundle.merge?.patchIds?.judged).not.toBe(bundle.merge?.patchIds?.merged);
  });

  test("T088: a merge that no success allowed: exit 1", async () => {
    const { exit, out } = await ask(entered(), ["bundle"], {
      upTo: "merged",
      conclusion: "failure",
    });
    expect(exit).toBe(1);
    expect(out).toContain("the last verdict on its head was not success");
  });

  test("without the commits it says that nothing was compared", async () => {
    const merged = onMoved(wanted);
    const commits = { ...commitsOf(merged), head: "9".repeat(40), tree: "8".repeat(40) };
    repository.publish(await signStory(sign, mergedStory(commits, { upTo: "merged" })));
    const { exit, out, err } = await ledger(["bundle", "clone", "--pr", "11", "--key", publicKey, "--json"]);
    expect({ exit, merge: JSON.parse(out).merge }).toMatchObject({
      exit: 0,
      merge: { change: "not-compared" },
    });
    expect(err).toContain("fetch the pull request's head");
  });

  test("for people: Markdown, in which the agent's words are text", async () => {
    const { exit, out } = await ask(entered(), ["bundle"]);
    expect(exit).toBe(0);
    for (const part of [
      "# Evidence of #11",
      "R0/S1 of run-2-1",
      "sealed at",
      head,
      "github-actions",
      "the judged head's very tree",
      "- entry ",
      "Only its digest is kept here",
    ])
      expect(out).toContain(part);
  });

  test("with the bodies that are kept beside the chain", async () => {
    const story = mergedStory(commitsOf(entered()), { upTo: "merged" });
    const words = "Do it.\n```\n@everyone <b>\u202e\n";
    const sha256 = createHash("sha256").update(words).digest("hex");
    const told = story.map((entry) => {
      if (entry.kind === "prompt.recorded" && entry.body.attempt.s === 1)
        return { ...entry, body: { ...entry.body, pack: { ...entry.body.pack, sha256 } } };
      if (entry.kind === "evidence.captured") return { ...entry, body: { ...entry.body, promptSha256: sha256 } };
      return entry;
    });
    repository.publish(await signStory(sign, told), { [bodyPath(sha256)]: file(words) });
    const asked = ["bundle", "clone", "--pr", "11", "--key", publicKey];
    expect(JSON.parse((await ledger([...asked, "--json"])).out).rawPrompt).toBe(words);
    const { out } = await ledger(asked);
    expect(out).toContain("````text\nDo it.\n```\n@everyone");
    expect(out).not.toContain("\u202e");
  });
});

describe("sallyport ledger vsa", () => {
  test("prints the statement that others verify: exit 0 when it passed", async () => {
    const merged = entered();
    const { exit, out, err } = await ask(merged, ["vsa"]);
    const statement = SummaryStatement.parse(JSON.parse(out));
    expect({ exit, statement }).toMatchObject({
      exit: 0,
      statement: {
        subject: [{ digest: { gitCommit: merged } }, { digest: { gitCommit: head } }],
        predicate: {
          resourceUri: "git+https://github.com/acme/web",
          verifiedLevels: ["SLSA_SOURCE_LEVEL_1", "ORG_SOURCE_SALLYPORT_DIFF_SIZE", "ORG_SOURCE_SALLYPORT_SCOPE"],
        },
      },
    });
    expect(statement.predicate.inputAttestations).toHaveLength(2);
    expect(err).toMatch(/not signed as it stands here; entry \d+ of the ledger/);
  });

  test("T088: of a merge without success, as failed: exit 1", async () => {
    const { exit, out } = await ask(entered(), ["vsa"], { upTo: "merged", conclusion: "failure" });
    expect({ exit, predicate: JSON.parse(out).predicate }).toMatchObject({
      exit: 1,
      predicate: { verificationResult: "FAILED", verifiedLevels: ["FAILED"] },
    });
  });

  test("of a pull request that is not merged: there is none, exit 1", async () => {
    expect(await ask(base, ["vsa"], { upTo: "sealed" })).toMatchObject({
      exit: 1,
      out: "",
      err: expect.stringContaining("sums up no merge of #11"),
    });
  });
});

describe.each(["bundle", "vsa"])("%s: nothing is told", (command) => {
  test("of a pull request that no run made", async () => {
    await ask(entered(), [command]);
    expect(await ledger([command, "clone", "--pr", "12", "--key", publicKey])).toMatchObject({
      exit: 1,
      out: "",
    });
  });

  test("from a ledger that does not verify", async () => {
    const lines = await signStory(sign, mergedStory(commitsOf(entered()), { upTo: "merged" }));
    repository.publish(lines.toSpliced(3, 1));
    expect(await ledger([command, "clone", "--pr", "11", "--key", publicKey])).toMatchObject({
      exit: 1,
      out: "",
      err: expect.stringContaining("not in order"),
    });
    const other = createSigner(newKey().pem).publicKey;
    repository.publish(lines);
    expect(await ledger([command, "clone", "--pr", "11", "--key", other])).toMatchObject({
      exit: 1,
      out: "",
    });
  });

  test("where a body is not what its name says", async () => {
    const lines = await signStory(sign, mergedStory(commitsOf(entered()), { upTo: "merged" }));
    repository.publish(lines, { [bodyPath("a".repeat(64))]: file("other") });
    expect(await ledger([command, "clone", "--pr", "11", "--key", publicKey])).toMatchObject({
      exit: 1,
      out: "",
    });
  });

  test("of what else lies on the branch, but that it does: somebody else wrote there", async () => {
    const lines = await signStory(sign, mergedStory(commitsOf(entered()), { upTo: "merged" }));
    repository.publish(lines, { "run.sh": file("#!/bin/sh\n") });
    const { exit, out, err } = await ledger([command, "clone", "--pr", "11", "--key", publicKey]);
    expect({ exit, out }).toEqual({ exit: 0, out: expect.not.stringContaining("run.sh") });
    expect(err).toContain('note: "run.sh" is no part of a ledger');
  });

  test("T146: from the ledger of another repository that the same App signed", async () => {
    repository.publish(await signStory(sign, mergedStory(commitsOf(entered()), { upTo: "merged" })));
    const ask = (id: string) => ledger([command, "clone", "--pr", "11", "--key", publicKey, "--repository-id", id]);
    expect(await ask("7")).toMatchObject({ exit: 0 });
    expect(await ask("8")).toMatchObject({
      exit: 1,
      out: "",
      err: expect.stringContaining("belongs to repository 7"),
    });
    expect(await ask("acme/web")).toMatchObject({ exit: 2, out: "" });
  });

  test("past an entry about it that only a newer version can read", async () => {
    const key = newKey();
    const body = { pull: 11, something: "new" };
    repository.publish(await chainOf(key.pem, [draft({ kind: "merge.redone", body })]));
    const trusted = createSigner(key.pem).publicKey;
    expect(await ledger([command, "clone", "--pr", "11", "--key", trusted])).toMatchObject({
      exit: 2,
      out: "",
      err: expect.stringContaining("use a newer one"),
    });
  });

  test.each([
    ["with a number that is none", ["clone", "--pr", "x", "--key", publicKey], "--pr takes"],
    ["with a key that is none", ["clone", "--pr", "11", "--key", "ed25519:x"], "--key"],
    ["from a folder that is no ledger", [".", "--pr", "11", "--key", publicKey], "not a git directory"],
  ])("%s: exit 2", async (_, args, message) => {
    expect(await ledger([command, ...args])).toMatchObject({
      exit: 2,
      out: "",
      err: expect.stringContaining(message),
    });
  });
});
