import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { replayCommand } from "../../../../app/cli/ledger/replay.ts";
import { storyCommand } from "../../../../app/cli/ledger/story.ts";
import { createSigner } from "../../../../app/ledger/signer.ts";
import { parsePolicy } from "../../../../collect/policy/policy.ts";
import type { TypedEntry } from "../../../../core/entries.ts";
import { known } from "../../../../core/known.ts";
import { bodyPath, evidenceBranch } from "../../../../core/ledger/branch.ts";
import { type EntryDraft, entryHash } from "../../../../core/ledger/entry.ts";
import { commitFiles, file, plainGit } from "../../../builders/git-repository.ts";
import { chainOf, draft, newKey } from "../../../builders/ledger.ts";
import { makeLedgerClone } from "../../../builders/ledger-clone.ts";
import { answers, bodiesOf, packsOf, playRun } from "../../../builders/recorded-run.ts";
import { playStory } from "../../../builders/story.ts";
import { runCommand } from "../../../hosts/run-command.ts";
import { runLedger } from "../../../hosts/run-ledger.ts";

const repository = makeLedgerClone();
const { clone, bare, folder } = repository;
const key = newKey();
const { publicKey } = createSigner(key.pem);
const policyText = [
  "version: 1",
  "extends: default",
  "people: { planners: ['@lena'], executors: ['@lena'], approvers: ['@quinn'] }",
  "roles: { web: { allow: [web] } }",
  "gates: { forbidden-paths: { deny: [governance] } }",
  `ledger: { keys: [{ key: "${publicKey}" }] }`,
  "",
].join("\n");
const parsed = parsePolicy(policyText);
if (!parsed.ok) throw new Error(parsed.problems[0].message);
const { policy } = parsed;

/** A played entry as a draft of the signed chain, about the commits that its body names. */
function draftOf({ kind, actor, body, at }: Pick<TypedEntry, "kind" | "actor" | "body" | "at">): EntryDraft {
  const commits = Object.entries(body).flatMap(([name, value]) =>
    ["commit", "head", "merged"].includes(name) && typeof value === "string" ? [{ digest: { gitCommit: value } }] : [],
  );
  return draft({ kind, actor, body, at, ...(commits.length === 0 ? {} : { subject: commits }) });
}

/** Plays a run on real git, its ledger signed as it goes, so that each commit names the evidence entry's real hash. */
async function playOnGit() {
  const governed = new Map([
    [".github/sallyport.yml", file(policyText)],
    ["web/old.ts", file("old\n")],
  ]);
  const base = commitFiles(bare, governed);
  plainGit(bare, ["update-ref", "refs/heads/main", base]);
  const blob = plainGit(bare, ["rev-parse", `${base}:.github/sallyport.yml`]).trim();
  const hashes = new Map<string, string>();
  const play = () => {
    const story = playStory({
      base: known(base),
      policy: known({ state: "loaded", ref: base, blob, policy, lines: {} }),
    });
    return playRun(({ message, parent, branch }, _, files) => {
      const real = [...hashes].reduce((text, [made, hash]) => text.replace(made, hash), message);
      const inside = new Map(governed);
      for (const { path, content } of files) if (content !== null) inside.set(path, file(content));
      const tree = plainGit(bare, ["rev-parse", `${commitFiles(bare, inside)}^{tree}`]).trim();
      const commit = plainGit(bare, ["commit-tree", tree, "-p", parent, "-m", real]).trim();
      plainGit(bare, ["update-ref", `refs/heads/${branch}`, commit]);
      return { commit, tree, parent };
    }, story);
  };
  // The hash of an entry depends on all before it: the first commit is right in the second play, the second in the third.
  let lines: string[] = [];
  let entries: TypedEntry[] = [];
  for (let plays = 0; plays < 3; plays++) {
    entries = play();
    lines = await chainOf(key.pem, entries.map(draftOf));
    for (const { seq, kind, hash } of entries)
      if (kind === "evidence.captured") hashes.set(hash, entryHash(lines[seq - 1] ?? ""));
  }
  const published = [...bodiesOf(packsOf(entries, policy, "acme/web")), ...bodiesOf(answers)];
  const bodies = published.map(([sha256, { text }]) => [bodyPath(sha256), file(text)] as const);
  return { entries, lines, bodies: Object.fromEntries(bodies) };
}

let played: Awaited<ReturnType<typeof playOnGit>>;
let scratch: string;
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), "sallyport-"));
  played = await playOnGit();
  repository.publish(played.lines, played.bodies);
});
afterAll(() => {
  repository.remove();
  rmSync(scratch, { recursive: true, force: true });
});

const replay = (args: string[], cwd = clone) => runCommand(replayCommand, args, { cwd });

/** The JSON of a replay, its steps reduced to those that are not the same. */
async function replayed(args: string[], cwd = clone) {
  const { out, exit } = await replay([...args, "--json"], cwd);
  const { steps, ...rest } = JSON.parse(out);
  return { exit, notSame: steps.filter(({ result }: { result: string }) => result !== "same"), ...rest };
}

/** Puts the ledger there with one entry changed: the last one of its kind. */
async function publishAltered(kind: TypedEntry["kind"], change: Record<string, string>): Promise<void> {
  const index = played.entries.findLastIndex((entry) => entry.kind === kind);
  const drafts = played.entries.map((entry, at) =>
    draftOf(at === index ? { ...entry, body: Object.assign({}, entry.body, change) } : entry),
  );
  repository.publish(await chainOf(key.pem, drafts), played.bodies);
}

test("in a clone, with the keys of its own policy: exit 0, all of it the same", async () => {
  const { exit, out, err } = await replay(["run-2-1"]);
  expect({ exit, err }).toEqual({ exit: 0, err: "" });
  expect(out).toMatch(/^run-2-1 of story #2, from refs\/remotes\/origin\/sallyport\/evidence at [0-9a-f]{40}; /);
  expect(out).toContain("39 same, 0 differ, 0 unpublished, 0 missing");
  expect(await replayed(["run-2-1"])).toMatchObject({
    ...{ exit: 0, ok: true, run: "run-2-1", story: 2, notSame: [], differences: [] },
    from: { kind: "git", path: clone },
  });
});

describe("C2: story export", () => {
  const exported = (args: string[]) => runCommand(storyCommand, ["export", ...args], { cwd: clone });

  test("writes the story as files into a new folder, and into no other", async () => {
    const to = join(scratch, "story");
    const { out, err, exit } = await exported(["2", "--to", to]);
    expect({ err, exit }).toEqual({ err: "", exit: 0 });
    expect(out).toContain(`Wrote 7 files to ${to}: README.md, PLAN.md, prompts/1.md, prompts/2.md, PROGRESS.md`);
    expect(readFileSync(join(to, "prompts/1.md"), "utf8")).toContain("## Acceptance criteria");
    const again = await exported(["2", "--to", to]);
    expect(again).toMatchObject({ exit: 2, err: expect.stringContaining("is not empty: name another folder") });
  });

  test.each<[string, string[], number, string]>([
    ["a story that is not in the ledger", ["7"], 1, "sallyport story export: nothing of #7 was approved"],
    ["what is no number", ["seven"], 2, "it takes the number of the story's issue"],
    ["a place without a ledger", ["2", "nowhere"], 2, "sallyport story export:"],
    ["a folder that is a file", ["2", "--to", import.meta.filename], 2, "name another folder with --to"],
  ])("refuses %s", async (_, args, status, line) => {
    expect(await exported(args)).toMatchObject({ out: "", exit: status, err: expect.stringContaining(line) });
  });
});

test("where only digests were published: exit 0, and it says what could not be tried", async () => {
  repository.publish(played.lines);
  const found = await replayed(["run-2-1", clone], folder);
  repository.publish(played.lines, played.bodies);
  expect(found).toMatchObject({
    ...{ exit: 0, ok: true },
    counts: { same: 33, differs: 0, unpublished: 6, missing: 0 },
  });
});

test("where bodies were given up after their time: exit 2, it says which entry did it, and nothing differs", async () => {
  const gone = Object.keys(played.bodies).map((path) => path.slice(-64));
  const purge = {
    kind: "payload.purged",
    at: "2028-01-01T00:00:00.000Z",
    body: {
      digests: gone.map((sha256) => ({ sha256, bytes: 1 })),
      ...{ reason: "retention", days: 400, policy: "5".repeat(40) },
    },
  };
  repository.publish(await chainOf(key.pem, [...played.entries.map(draftOf), draft(purge)]));
  const found = await replayed(["run-2-1", clone], folder);
  const { out } = await replay(["run-2-1", clone], folder);
  repository.publish(played.lines, played.bodies);
  expect(found).toMatchObject({ exit: 2, ok: false, differences: [] });
  expect(found.counts).toMatchObject({ differs: 0, unpublished: 0, purged: 6, missing: 0 });
  expect(out).toContain("0 missing, 6 given up");
  expect(out).toContain(`given up after its time, by entry ${played.entries.length + 1}`);
});

test("an archive and an imported folder, with a key: what lies in git could not be tried", async () => {
  const [archive, imported] = [join(scratch, "ledger.tar"), join(scratch, "copy")];
  await runLedger(scratch, ["export", clone, "--out", archive]);
  await runLedger(scratch, ["import", archive, "--into", imported]);
  for (const [kind, path] of [
    ["archive", archive],
    ["folder", imported],
  ] as const) {
    expect(await replayed(["run-2-1", path, "--key", publicKey], folder)).toMatchObject({
      ...{ exit: 0, ok: true },
      from: { kind, path, ref: null, commit: null },
      counts: { same: 34, differs: 0, unpublished: 3, missing: 0 },
      notSame: [{ step: "policy" }, { step: "commit" }, { step: "commit" }],
    });
    const { exit, err, out } = await replay(["run-2-1", path], folder);
    expect({ exit, out }).toEqual({ exit: 2, out: "" });
    expect(err).toMatch(/has no policy that names keys: give --policy <file> or --key <key>$/m);
  }
});

describe("git that is not what was recorded", () => {
  test("a clone without one of the commits: exit 1, and where it can be fetched", async () => {
    const lean = join(scratch, "lean.git");
    plainGit(scratch, ["init", "-q", "--bare", lean]);
    const refs = ["main", "sallyport/evidence", "sallyport/run-2-1/3"];
    plainGit(lean, ["fetch", "-q", bare, ...refs.map((ref) => `refs/heads/${ref}:refs/heads/${ref}`)]);
    const { exit, notSame, differences } = await replayed(["run-2-1", lean, "--key", publicKey], folder);
    expect({ exit, notSame, differences }).toMatchObject({
      exit: 1,
      notSame: [{ step: "commit", about: "#4 R0/S0", result: "missing" }],
      differences: [],
    });
    expect(notSame[0].text).toMatch(/; fetch it: git fetch origin refs\/pull\/12\/head$/);
  });

  test.each([
    ["change.committed", { tree: "9".repeat(40) }, "commit"],
    ["pull.opened", { head: "9".repeat(40) }, "pull request"],
  ] as const)("%s says something else: exit 1 and a difference", async (kind, change, step) => {
    await publishAltered(kind, change);
    const { exit, notSame, differences } = await replayed(["run-2-1"]);
    const { out } = await replay(["run-2-1"]);
    repository.publish(played.lines, played.bodies);
    expect({ exit, steps: notSame }).toMatchObject({ exit: 1, steps: [{ step, result: "differs" }] });
    expect(differences).toEqual([expect.stringMatching(/^difference: entry [0-9]+, /)]);
    expect(out).toContain(`\n${differences[0]}\n`);
  });

  test("T142: a commit that was rewritten with the same tree: its trailers differ", async () => {
    const written = played.entries.findLast((entry) => entry.kind === "change.committed");
    if (written?.kind !== "change.committed") throw new Error("nothing was committed");
    const { tree, parent } = written.body;
    const commit = plainGit(bare, ["commit-tree", tree, "-p", parent, "-m", "Step 2"]).trim();
    plainGit(bare, ["update-ref", "refs/heads/other", commit]);
    await publishAltered("change.committed", { commit });
    const { exit, notSame } = await replayed(["run-2-1"]);
    repository.publish(played.lines, played.bodies);
    expect({ exit, steps: notSame }).toMatchObject({
      exit: 1,
      steps: [{ step: "trailers" }, { step: "pull request" }, { step: "hand-off" }],
    });
  });
});

describe("refused, with nothing replayed", () => {
  const stranger = createSigner(newKey().pem).publicKey;
  const cases: [string, string[], number, RegExp][] = [
    ["a run that the ledger does not know", ["run-2-9"], 2, /knows no run "run-2-9"; .* knows: run-2-1$/m],
    ["a ledger that others signed", ["run-2-1", ".", "--key", stranger], 1, /does not verify, so nothing was/],
    ["a ledger of another repository", ["run-2-1", ".", "--repository-id", "8"], 1, /does not verify, so nothing was/],
    ["a number that is none", ["run-2-1", ".", "--repository-id", "acme"], 2, /takes a whole number/],
    ["a place that is none", ["run-2-1", "nowhere"], 2, /nowhere is not a git directory/],
    ["a key that is none", ["run-2-1", ".", "--key", "x.pem"], 2, /--key x\.pem: /],
  ];
  test.each(cases)("%s", async (_, args, exit, err) => {
    expect(await replay(args)).toEqual({ out: "", exit, err: expect.stringMatching(err) });
  });

  test("a ledger whose bodies are not what their names say", async () => {
    const [path = ""] = Object.keys(played.bodies);
    repository.publish(played.lines, { ...played.bodies, [path]: file("made up") });
    const found = await replay(["run-2-1"]);
    repository.publish(played.lines, played.bodies);
    expect(found).toEqual({
      out: "",
      exit: 1,
      err: expect.stringContaining("is not the content that its name says"),
    });
  });

  test("a ledger of which somebody took a body away, and no entry had given it up", async () => {
    const [path = "", ...others] = Object.keys(played.bodies);
    const before = plainGit(bare, ["rev-parse", `refs/heads/${evidenceBranch}`]).trim();
    const left = others.map((one) => [one, played.bodies[one]]);
    repository.publish(played.lines, Object.fromEntries(left));
    const tree = plainGit(bare, ["rev-parse", `refs/heads/${evidenceBranch}^{tree}`]).trim();
    const taken = plainGit(bare, ["commit-tree", tree, "-p", before, "-m", "less"]).trim();
    plainGit(bare, ["update-ref", `refs/heads/${evidenceBranch}`, taken]);
    plainGit(clone, ["fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*"]);
    const found = await replay(["run-2-1"]);
    repository.publish(played.lines, played.bodies);
    expect(found).toEqual({
      out: "",
      exit: 1,
      err: expect.stringContaining(`${path} was on the branch and is gone`),
    });
  });

  test("a run with an entry that this version cannot read", async () => {
    const newer = draft({ kind: "prompt.mended", body: { run: "run-2-1" } });
    repository.publish(await chainOf(key.pem, [...played.entries.map(draftOf), newer]), played.bodies);
    const found = await replay(["run-2-1"]);
    repository.publish(played.lines, played.bodies);
    expect(found).toEqual({
      out: "",
      exit: 2,
      err: expect.stringMatching(/entry 40 \("prompt\.mended"\) tells of run-2-1 and this version cannot/),
    });
  });

  test("the policy file of --policy is trusted in place of the clone's", async () => {
    writeFileSync(join(scratch, "policy.yml"), policyText.replace(publicKey, stranger));
    expect(await replay(["run-2-1", clone, "--policy", "policy.yml"], scratch)).toMatchObject({ exit: 1 });
    writeFileSync(join(scratch, "policy.yml"), policyText);
    expect(await replay(["run-2-1", clone, "--policy", "policy.yml"], scratch)).toMatchObject({ exit: 0 });
  });
});
