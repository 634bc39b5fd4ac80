import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { type Chain, exportLedger } from "../../app/export.ts";
import { evidenceBranch } from "../../core/evidence-branch.ts";
import { verifyChain } from "../../core/ledger-verify.ts";
import { chainOf, draft, drafts, newKey } from "../ledger.ts";
import { type Acme, type Json, startAcme } from "./acme.ts";

let acme: Acme;
const key = newKey();
let chain1200: string[];

beforeAll(async () => {
  acme = await startAcme();
  chain1200 = await chainOf(key.pem, drafts(1_200));
});
afterAll(() => acme.close());
beforeEach(async () => {
  await acme.as("lena", "DELETE", `git/refs/heads/${evidenceBranch}`).catch(() => {});
});

const github = () => acme.world.github;

function chain(lines: readonly string[], bodies: Record<string, Uint8Array> = {}): Chain {
  const numbered = lines.map((line, place) => ({ seq: place + 1, line }));
  return {
    repository: acme.repository,
    lines: async (from) => numbered.filter(({ seq }) => seq >= from),
    body: async (sha256) => bodies[sha256] ?? null,
    secrets: acme.world.secrets,
    ourselves: acme.world.ourselves,
  };
}

const tip = async () => (await acme.as("lena", "GET", `git/ref/heads/${evidenceBranch}`)).object.sha;
const commitOf = (sha: string) => acme.as("lena", "GET", `git/commits/${sha}`);

/** The files of the branch, as a stranger's clone has them. */
async function onBranch(path = ""): Promise<Map<string, string>> {
  const { tree } = await acme.as(
    "lena",
    "GET",
    `${path}git/trees/${encodeURIComponent(evidenceBranch)}?recursive=1`,
  );
  const files = new Map<string, string>();
  for (const { path: name, type, sha } of tree) {
    if (type !== "blob") continue;
    const { content } = await acme.as("lena", "GET", `${path}git/blobs/${sha}`);
    files.set(name, Buffer.from(content, "base64").toString("utf8"));
  }
  return files;
}

const linesOf = (files: Map<string, string>) =>
  [...files]
    .filter(([path]) => path.startsWith("ledger/"))
    .sort()
    .flatMap(([, text]) => text.trimEnd().split("\n"));

describe("the evidence branch", () => {
  test("begins as an orphan with its README and holds the chain", async () => {
    const lines = chain1200.slice(0, 3);
    const result = await exportLedger(github(), chain(lines));
    expect(result).toEqual({ commit: await tip(), seq: 3 });
    expect(await commitOf(await tip())).toMatchObject({
      parents: [],
      author: { name: "sallyport[bot]", date: "2026-11-21T10:00:00Z" },
    });
    const files = await onBranch();
    expect([...files.keys()].sort()).toEqual(["README.md", "ledger/0001.jsonl"]);
    expect(verifyChain(linesOf(files), [{ key: key.publicKey }])).toMatchObject({ ok: true, entries: 3 });
  });

  test("grows by one commit on its tip, across files of 500 entries, with at most 10 calls for 1,000", async () => {
    await exportLedger(github(), chain(chain1200.slice(0, 190)));
    const parent = await tip();
    const before = acme.watch.exchanges.length;
    await exportLedger(github(), chain(chain1200.slice(0, 1_190)));
    expect(acme.watch.exchanges.length - before).toBeLessThanOrEqual(10);
    expect((await commitOf(await tip())).parents.map((one: Json) => one.sha)).toEqual([parent]);
    const files = await onBranch();
    expect([...files.keys()].sort()).toEqual([
      "README.md",
      "ledger/0001.jsonl",
      "ledger/0002.jsonl",
      "ledger/0003.jsonl",
    ]);
    expect(linesOf(files)).toEqual(chain1200.slice(0, 1_190));
  });

  test.each([499, 500, 501, 1_000])("goes on after %d entries", async (count) => {
    await exportLedger(github(), chain(chain1200.slice(0, count)));
    await exportLedger(github(), chain(chain1200.slice(0, count + 1)));
    expect(linesOf(await onBranch())).toEqual(chain1200.slice(0, count + 1));
  });

  test("that holds all of it is left alone, and so is a repository without entries", async () => {
    await exportLedger(github(), chain(chain1200.slice(0, 501)));
    acme.written();
    expect(await exportLedger(github(), chain(chain1200.slice(0, 501)))).toBeNull();
    expect(await exportLedger(github(), chain([]))).toBeNull();
    expect(acme.written()).toEqual([]);
  });

  test("a batch too large for one request travels as blobs", async () => {
    const big = await chainOf(
      key.pem,
      drafts(6).map((one, place) => ({
        ...one,
        body: { code: "big", message: String(place).repeat(700_000), issue: null },
      })),
    );
    acme.written();
    await exportLedger(github(), chain(big));
    expect(acme.written()).toContain("POST /git/blobs");
    expect(linesOf(await onBranch())).toEqual(big);
  });
});

describe("a branch that was written by somebody else", () => {
  const tampered: [string, (text: string) => string | null][] = [
    ["an entry changed", (text) => text.replace('"payload":"e', '"payload":"f')],
    ["an entry taken out", (text) => text.split("\n").slice(1).join("\n")],
    ["an entry added", (text) => `${text}{}\n`],
    ["a byte added at the end", (text) => `${text}\n`],
    ["the last line end cut", (text) => text.trimEnd()],
    ["the file emptied", () => ""],
  ];

  test.each(tampered)("%s: nothing is written", async (_what, change) => {
    await exportLedger(github(), chain(chain1200.slice(0, 5)));
    const { content, sha } = await acme.as(
      "lena",
      "GET",
      `contents/ledger/0001.jsonl?ref=${encodeURIComponent(evidenceBranch)}`,
    );
    const text = change(Buffer.from(content, "base64").toString("utf8")) ?? "";
    await acme.as("lena", "PUT", "contents/ledger/0001.jsonl", {
      message: "tampered",
      content: Buffer.from(text).toString("base64"),
      sha,
      branch: evidenceBranch,
    });
    acme.written();
    await expect(exportLedger(github(), chain(chain1200.slice(0, 9)))).rejects.toMatchObject({
      code: "evidence-rewritten",
      retry: false,
    });
    expect(acme.written()).toEqual([]);
  });

  test("a chain of another key, a longer chain than ours, a foreign file: nothing is written", async () => {
    await exportLedger(github(), chain(chain1200.slice(0, 5)));
    const foreign = await chainOf(newKey().pem, drafts(9));
    for (const lines of [foreign, chain1200.slice(0, 4)]) {
      await expect(exportLedger(github(), chain(lines))).rejects.toMatchObject({
        code: "evidence-rewritten",
      });
    }
    await acme.as("lena", "PUT", "contents/ledger/0009.jsonl", {
      message: "more",
      content: "eA==",
      branch: evidenceBranch,
    });
    await expect(exportLedger(github(), chain(chain1200.slice(0, 9)))).rejects.toMatchObject({
      code: "evidence-rewritten",
    });
  });

  test("a branch that moves between reading and writing is read again and never forced", async () => {
    await exportLedger(github(), chain(chain1200.slice(0, 2)));
    const { request, ...place } = github();
    let moved = false;
    const hooked = Object.assign(async (...args: Parameters<typeof request>) => {
      if (String(args[0]).startsWith("POST") && !moved) {
        moved = true;
        await exportLedger(github(), chain(chain1200.slice(0, 4)));
      }
      return request(...args);
    }, request);
    await exportLedger({ ...place, request: hooked as typeof request }, chain(chain1200.slice(0, 6)));
    expect(moved).toBe(true);
    expect(linesOf(await onBranch())).toEqual(chain1200.slice(0, 6));
  });
});

test.each([
  ["POST", "/git/refs$", 0],
  ["POST", "/git/trees$", 2],
  ["PATCH", "/git/refs/", 2],
])("T257 %s %s done, its answer lost: the next try leaves the same branch", async (method, path, before) => {
  if (before > 0) await exportLedger(github(), chain(chain1200.slice(0, before)));
  const whole = chain(chain1200.slice(0, 4));
  acme.sandbox.fault({ kind: "status", method, path, status: 502, after: true });
  await expect(exportLedger(github(), whole)).rejects.toMatchObject({ status: 502 });
  await exportLedger(github(), whole);
  expect(linesOf(await onBranch())).toEqual(chain1200.slice(0, 4));
  const commit = await commitOf(await tip());
  expect(commit.parents).toHaveLength(before > 0 ? 1 : 0);
});

describe("bodies", () => {
  const body = Buffer.from('{"kind":"step"}');
  const sha256 = createHash("sha256").update(body).digest("hex");
  const recorded = draft({
    kind: "prompt.recorded",
    body: {
      run: "run-1-1",
      story: 1,
      prompt: 2,
      attempt: { r: 0, s: 0 },
      base: "a".repeat(40),
      branch: "sallyport/run-1-1/2",
      pack: { sha256, bytes: body.length, mediaType: "application/json" },
    },
  });

  test("stay in the database when the repository is public", async () => {
    await exportLedger(github(), chain(await chainOf(key.pem, [recorded]), { [sha256]: body }));
    expect([...(await onBranch()).keys()].sort()).toEqual(["README.md", "ledger/0001.jsonl"]);
  });

  test("go along when it is private", async () => {
    const { id } = await acme.as("lena", "GET", "/repos/acme/vault");
    const vault = await acme.clients.forRepository(id, "write");
    await exportLedger(vault, chain(await chainOf(key.pem, [recorded]), { [sha256]: body }));
    const files = await onBranch("/repos/acme/vault/");
    expect(files.get(`bodies/${sha256.slice(0, 2)}/${sha256}`)).toBe(body.toString());
  });
});
