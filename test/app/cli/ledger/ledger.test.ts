import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createSigner } from "../../../../app/ledger/signer.ts";
import { bodyPath, evidenceBranch } from "../../../../core/ledger/branch.ts";
import { appendEntry, entryHash } from "../../../../core/ledger/entry.ts";
import { file, type Node } from "../../../builders/git-repository.ts";
import { chainOf, draft, drafts, newKey } from "../../../builders/ledger.ts";
import { makeLedgerClone } from "../../../builders/ledger-clone.ts";

const repository = makeLedgerClone();
const { clone, run: ledger } = repository;
afterAll(repository.remove);

const [key, other] = [newKey(), newKey()];
const publicKey = createSigner(key.pem).publicKey;
const body = "what the agent was told";
const sha256 = createHash("sha256").update(body).digest("hex");
let lines: string[];

const publish = (chain: readonly string[], extra: Record<string, Node> = {}) =>
  repository.publish(chain, { [bodyPath(sha256)]: file(body), ...extra });
const verify = (...args: string[]) => ledger(["verify", clone, "--key", publicKey, ...args]);
const headOf = (chain: readonly string[]) => `${chain.length}:${entryHash(chain.at(-1) ?? "")}`;

beforeAll(async () => {
  const named = { sha256, mediaType: "text/plain" };
  lines = await chainOf(key.pem, [
    ...drafts(500),
    draft({ kind: "prompt.recorded", body: { story: 7, pack: { ...named, bytes: body.length } } }),
    draft({
      kind: "prompt.recorded",
      body: { story: 8, pack: { ...named, bytes: 1, sha256: "c".repeat(64) } },
    }),
  ]);
});
describe("sallyport ledger verify", () => {
  test("a clone of an honest repository: exit 0, what it proves and what not", async () => {
    publish(lines);
    const { out, err, exit } = await verify("--repository-id", "7");
    expect({ err, exit }).toEqual({ err: "", exit: 0 });
    expect(out).toMatch(/^verified\n/);
    for (const text of [
      `refs/remotes/origin/${evidenceBranch} at `,
      "acme/web (id 7)",
      "502, from 2026-11-21T10:00:00.000Z",
      headOf(lines),
      createSigner(key.pem).keyid,
      "incident.raised 500, prompt.recorded 2",
      "1 of 2 are here",
      "This proves",
      "does not prove that nothing was cut off",
      "does not prove that the App recorded everything",
    ])
      expect(out).toContain(text);
    expect(out).not.toContain("\u001b");
  });

  test("the ledger of another repository: whose it is, and that not every problem is listed", async () => {
    publish(lines);
    const { out, exit } = await verify("--repository-id", "8");
    expect(exit).toBe(1);
    expect(out).toContain("The first 20 problems; there can be more:\n");
    expect(out).toContain("wrong-repository: entry 1 belongs to repository 7, not to 8 [");
    expect(out).toContain("\nNext: verify the ledger of the repository that you mean");
    const cut = (await verify("--head", `503:${"a".repeat(64)}`)).out;
    expect(cut).toContain("\nProblems:\n");
    expect(cut).toContain(`\nNext: fetch the branch ${evidenceBranch} anew`);
  });

  test("as JSON, for the bare repository and the key in a file", async () => {
    publish(lines);
    const pem = join(repository.folder, "ledger.pub");
    writeFileSync(pem, key.publicKey.export({ type: "spki", format: "pem" }));
    const { out, exit } = await ledger(["verify", repository.bare, "--key", "ledger.pub", "--json"]);
    expect({ exit, report: JSON.parse(out) }).toMatchObject({
      exit: 0,
      report: {
        ok: true,
        entries: 502,
        head: { seq: 502 },
        kind: "git",
        ref: `refs/heads/${evidenceBranch}`,
        bodies: { named: 2, present: 1 },
        trust: { source: "--key", keys: 1 },
        anchored: false,
        trace: null,
        problems: [],
        notes: [],
      },
    });
  });

  test("T157: entries under an old key and a new one, with both keys", async () => {
    const [old, fresh] = [createSigner(key.pem), createSigner(other.pem)];
    const chain = await chainOf(key.pem, drafts(3));
    const head = { seq: 3, hash: entryHash(chain.at(-1) ?? "") };
    publish([...chain, (await appendEntry(head, draft(), fresh.sign)).line]);
    const both = await verify("--key", fresh.publicKey, "--json");
    expect({ exit: both.exit, keyids: JSON.parse(both.out).keyids }).toEqual({
      exit: 0,
      keyids: [old.keyid, fresh.keyid],
    });
    const { out, exit } = await verify();
    expect(exit).toBe(1);
    expect(out).toContain("unknown-key: entry 4");
    expect(out).toContain("\nNext: give each key that the repository ever had");
  });

  test("T143: a tail that was cut is found with a head from elsewhere, and only with it", async () => {
    publish(lines.slice(0, 400));
    expect((await verify()).exit).toBe(0);
    const { out, exit } = await verify("--head", headOf(lines));
    expect(exit).toBe(1);
    expect(out).toContain("cut-tail");
    const anchored = await verify("--head", headOf(lines.slice(0, 400)));
    expect(anchored).toMatchObject({
      exit: 0,
      out: expect.stringContaining("nothing up to there was cut off"),
    });
  });

  test("T144: the head of one ledger tells whether another one continues it or parts from it", async () => {
    const fork = await chainOf(key.pem, [...drafts(100), draft({ kind: "command" }), ...drafts(20)]);
    publish(fork);
    expect(await verify("--head", headOf(lines.slice(0, 100)))).toMatchObject({ exit: 0 });
    const { out, exit } = await verify("--head", headOf(lines.slice(0, 101)));
    expect(exit).toBe(1);
    expect(out).toContain("cut-tail");
  });

  const second = "ledger/0002.jsonl";
  const broken: [string, () => [readonly string[], Record<string, Node>?], string][] = [
    [
      "T147 an entry was changed",
      () => [lines.with(500, (lines[500] ?? "").replace(/.(?=")/, "A"))],
      `[entry 501: ${second}, line 1]`,
    ],
    ["T147 an entry was dropped", () => [lines.toSpliced(300, 1)], "[entry 301: ledger/0001.jsonl, line 301]"],
    [
      "T147 two entries were swapped",
      () => [lines.with(8, lines[9] ?? "").with(9, lines[8] ?? "")],
      "ledger/0001.jsonl, line 9]",
    ],
    ["T143 the last line was cut", () => [lines, { [second]: file("{") }], `[entry 501: ${second}, line 1]`],
    [
      "T143 a file is missing",
      () => [lines.slice(0, 500), { "ledger/0003.jsonl": file("{}\n") }],
      `[entry 501: ${second}, line 1]`,
    ],
    [
      "bytes that are no text",
      () => [lines, { [second]: file(Buffer.from([0xff, 0x0a])) }],
      `${second} is not UTF-8 text in line 1`,
    ],
    [
      "T164 a body was changed",
      () => [lines, { [bodyPath(sha256)]: file("another") }],
      `bad-body: "${bodyPath(sha256)}"`,
    ],
  ];
  test.each(broken)("broken: exit 1 and the place: %s", async (_, made, text) => {
    publish(...made());
    const { out, err, exit } = await verify();
    expect({ err, exit }).toEqual({ err: "", exit: 1 });
    expect(out).toMatch(/^broken\n/);
    expect(out).toContain(text);
    expect(out).not.toContain("This proves");
    const asJson = await verify("--json");
    const report = JSON.parse(asJson.out);
    expect(report.ok).toBe(false);
    expect(out).toContain(`${report.problems[0].code}: ${report.problems[0].message}`);
    expect(asJson.exit).toBe(1);
  });

  test("T149: a branch without entries", async () => {
    publish([]);
    expect(await verify()).toMatchObject({ exit: 1, out: expect.stringContaining("empty") });
  });

  test("T146, T147: the ledger of another repository, or signed by another key", async () => {
    publish(await chainOf(key.pem, drafts(3, { repository: { id: 8, name: "acme/other" } })));
    expect(await verify("--repository-id", "7")).toMatchObject({
      exit: 1,
      out: expect.stringContaining("wrong-repository"),
    });
    publish(await chainOf(other.pem, drafts(3)));
    expect(await verify()).toMatchObject({ exit: 1, out: expect.stringContaining("unknown-key") });
  });

  test("a file that somebody else put there is told and is no fault of the ledger", async () => {
    publish(lines, { "run.sh": file("echo\n") });
    expect(await verify()).toMatchObject({
      exit: 0,
      out: expect.stringContaining('note: "run.sh" is no part'),
    });
  });

  test("nothing on the branch reaches the terminal as a command; colour is our own", async () => {
    // Every control character but the line feed, and what turns the reading direction around.
    const commands = /[^\P{Cc}\n]|\p{Bidi_Control}/u;
    const hostile = "\u001b]0;owned\u0007\u009b31m\u202e";
    publish(await chainOf(key.pem, drafts(1, { repository: { id: 7, name: `acme/${hostile}` } })), {
      [`x${hostile}`]: file(""),
    });
    expect((await verify()).out).not.toMatch(commands);
    expect((await ledger(["verify", clone, "--key", publicKey], true)).out).toContain("\u001b[32mverified");
    publish(
      await chainOf(key.pem, [
        draft({ actor: { type: "user", id: 1, login: `a${hostile}` }, body: { story: hostile } }),
      ]),
    );
    const shown = await ledger(["show", clone]);
    expect(shown.out).not.toMatch(commands);
    const asJson = await ledger(["show", clone, "--json"]);
    expect(asJson.out).not.toMatch(commands);
    expect(JSON.parse(asJson.out)).toMatchObject({
      actor: { login: `a${hostile}` },
      body: { story: hostile },
    });
  });
});

describe("sallyport ledger show", () => {
  test("one entry a line, by kind and by story", async () => {
    publish(lines);
    const all = await ledger(["show", clone]);
    expect({ exit: all.exit, count: all.out.trimEnd().split("\n").length }).toEqual({ exit: 0, count: 502 });
    const prompts = await ledger(["show", clone, "--kind", "prompt.recorded"]);
    expect(prompts.out).toMatch(/^ +501 .*story 7\n +502 .*story 8\n$/);
    const story = await ledger(["show", clone, "--story", "8", "--json"]);
    expect(JSON.parse(story.out)).toMatchObject({ seq: 502, kind: "prompt.recorded", body: { story: 8 } });
  });

  test("T15: a story's history is whole: its commands, and the verdicts, waivers and merges of its pull requests", async () => {
    const sha = "d".repeat(40);
    const about = { story: 7, prompt: 8, pull: 9 };
    const gates = { tests: "fail", ci: "pending" };
    const verdict = { pull: 9, head: sha, base: sha, conclusion: "failure", gates, verdictSha256: "7".repeat(64) };
    const waiver = { pull: 9, comment: 1, sha, gate: "tests", until: "2026-11-30", reason: "It is generated." };
    const source = { type: "comment", id: 5 };
    const command = {
      issue: 7,
      source,
      command: "approve",
      accepted: false,
      code: "not-in-duty",
      message: "No.",
      text: "",
    };
    const merge = { pull: 9, head: sha, merged: sha, tree: sha, judged: false, by: null };
    const subject = [{ digest: { gitCommit: sha } }];
    publish(
      await chainOf(key.pem, [
        draft({ kind: "command", body: command }),
        draft({
          kind: "pull.opened",
          subject,
          body: { ...about, run: "run-7-1", branch: "sallyport/run-7-1/8", head: sha },
        }),
        draft({ kind: "verdict.given", subject, body: verdict }),
        draft({ kind: "waiver.given", subject, body: waiver }),
        draft({ kind: "merge.observed", subject, body: merge }),
        draft({ kind: "verdict.given", subject, body: { ...verdict, pull: 10 } }),
      ]),
    );
    const lines = (await ledger(["show", clone, "--story", "7"])).out.trimEnd().split("\n");
    expect(lines).toEqual([
      expect.stringContaining("/approve: refused (not-in-duty): No."),
      expect.stringContaining("pull.opened"),
      expect.stringContaining(`failure on ${sha}: fails tests: waits ci`),
      expect.stringContaining(`tests on ${sha} until 2026-11-30: It is generated.`),
      expect.stringContaining(`as ${sha}: past the check`),
    ]);
    expect((await ledger(["show", clone, "--story", "7", "--json"])).out.trimEnd().split("\n")).toHaveLength(5);
  });

  test("stops at a line that is no entry", async () => {
    publish(lines, { "ledger/0002.jsonl": file("{}\n") });
    expect(await ledger(["show", clone])).toMatchObject({
      exit: 1,
      err: expect.stringContaining("[ledger/0002.jsonl, line 1]"),
    });
  });
});
