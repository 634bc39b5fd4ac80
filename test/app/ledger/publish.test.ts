import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { type ChainSource, publishLedger } from "../../../app/ledger/publish.ts";
import type { Published } from "../../../app/ledger/published.ts";
import { evidenceBranch } from "../../../core/ledger/branch.ts";
import { formatPublicKey } from "../../../core/ledger/public-key.ts";
import { verifyChain } from "../../../core/ledger/verify.ts";
import { chainOf, draft, drafts, newKey } from "../../builders/ledger.ts";
import { type Acme, type Json, startAcme, tries } from "../../hosts/store-and-github.ts";

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

function chain(
  lines: readonly string[],
  bodies: Record<string, Uint8Array> = {},
  reader = acme.world.reader,
): ChainSource {
  const numbered = lines.map((line, index) => ({ seq: index + 1, line }));
  return {
    repository: acme.repository,
    head: async () => (lines.length === 0 ? null : { seq: lines.length, hash: "not read" }),
    lines: async (from, to) => numbered.slice(from - 1, to),
    published: { get: async () => null, set: async () => {} },
    body: async (sha256) => bodies[sha256] ?? null,
    reader,
    secrets: acme.world.secrets,
    ourselves: acme.world.ourselves,
  };
}

const tip = async () => (await acme.as("lena", "GET", `git/ref/heads/${evidenceBranch}`)).object.sha;
const commitOf = (sha: string) => acme.as("lena", "GET", `git/commits/${sha}`);

/** The files of the branch, as a stranger's clone has them. */
async function onBranch(path = ""): Promise<Map<string, string>> {
  const { tree } = await acme.as("lena", "GET", `${path}git/trees/${encodeURIComponent(evidenceBranch)}?recursive=1`);
  const files = new Map<string, string>();
  for (const { path: name, type, sha } of tree) {
    if (type !== "blob") continue;
    const { content } = await acme.as("lena", "GET", `${path}git/blobs/${sha}`);
    files.set(name, Buffer.from(content, "base64").toString("utf8"));
  }
  return files;
}

const isBlob = ({ type }: Json) => type === "blob";
const linesOf = (files: Map<string, string>) =>
  [...files]
    .filter(([path]) => path.startsWith("ledger/"))
    .sort()
    .flatMap(([, text]) => text.trimEnd().split("\n"));

describe("the evidence branch", () => {
  test("begins as an orphan with its README and holds the chain", async () => {
    const lines = chain1200.slice(0, 3);
    const result = await publishLedger(github(), chain(lines));
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
    await publishLedger(github(), chain(chain1200.slice(0, 190)));
    const parent = await tip();
    const before = acme.watch.exchanges.length;
    await publishLedger(github(), chain(chain1200.slice(0, 1_190)));
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
    await publishLedger(github(), chain(chain1200.slice(0, count)));
    await publishLedger(github(), chain(chain1200.slice(0, count + 1)));
    expect(linesOf(await onBranch())).toEqual(chain1200.slice(0, count + 1));
  });

  test("that holds all of it is left alone, and so is a repository without entries", async () => {
    await publishLedger(github(), chain(chain1200.slice(0, 501)));
    acme.written();
    expect(await publishLedger(github(), chain(chain1200.slice(0, 501)))).toBeNull();
    expect(await publishLedger(github(), chain([]))).toBeNull();
    expect(acme.written()).toEqual([]);
  });

  test("a batch too large for one request travels as blobs", async () => {
    const big = await chainOf(
      key.pem,
      drafts(6).map((one, index) => ({
        ...one,
        body: { code: "big", message: String(index).repeat(700_000), issue: null },
      })),
    );
    acme.written();
    await publishLedger(github(), chain(big));
    expect(acme.written()).toContain("POST /git/blobs");
    expect(linesOf(await onBranch())).toEqual(big);
  });
});

describe("of our chain is read", () => {
  /** A chain that remembers what was exported, as the store does, and counts what is asked of it. */
  function counted(lines: readonly string[], exported: { value: Published | null }) {
    const plain = chain(lines);
    const asked = { rows: 0 };
    const counting: ChainSource = {
      ...plain,
      lines: async (from, to) => {
        const rows = await plain.lines(from, to);
        asked.rows += rows.length;
        return rows;
      },
      published: {
        get: async () => exported.value,
        set: async (value) => {
          exported.value = value;
        },
      },
    };
    return { counting, asked };
  }
  const exportCounted = async (count: number, exported: { value: Published | null }) => {
    const { counting, asked } = counted(chain1200.slice(0, count), exported);
    const calls = acme.watch.exchanges.length;
    const result = await publishLedger(github(), counting);
    return { result, rows: asked.rows, calls: acme.watch.exchanges.length - calls };
  };

  test("what is not on the branch yet and what shares its file, however long the chain is", async () => {
    const exported = { value: null };
    expect((await exportCounted(190, exported)).rows).toBe(190);
    const costs = [];
    for (const count of [200, 695, 705, 1_195]) {
      await exportCounted(count - 5, exported);
      costs.push((await exportCounted(count, exported)).rows);
    }
    // Five new entries, and those before them in their file.
    expect(costs).toEqual([200, 195, 205, 195]);
    expect(linesOf(await onBranch())).toEqual(chain1200.slice(0, 1_195));
  }, 90_000);

  test("nothing where the branch holds all of it, and of GitHub only its tip is asked", async () => {
    const exported = { value: null };
    await exportCounted(1_200, exported);
    expect(await exportCounted(1_200, exported)).toEqual({ result: null, rows: 0, calls: 1 });
  });

  test("all of it, file by file, once the branch stands where we did not leave it, and once only", async () => {
    const exported = { value: null };
    await exportCounted(1_100, exported);
    await acme.as("lena", "PUT", "contents/note.txt", {
      message: "A file that is no part of a ledger",
      content: "eA==",
      branch: evidenceBranch,
    });
    expect((await exportCounted(1_100, exported)).rows).toBe(1_100);
    expect((await exportCounted(1_100, exported)).rows).toBe(0);
  });

  test("enough to find a branch that was rewritten after we knew it, and one that is gone", async () => {
    const exported = { value: null };
    await exportCounted(5, exported);
    const path = `contents/ledger/0001.jsonl?ref=${encodeURIComponent(evidenceBranch)}`;
    const { sha } = await acme.as("lena", "GET", path);
    const content = Buffer.from(`${chain1200.slice(0, 4).reverse().join("\n")}\n`).toString("base64");
    const more = { message: "tampered", content, sha, branch: evidenceBranch };
    await acme.as("lena", "PUT", "contents/ledger/0001.jsonl", more);
    acme.written();
    await expect(exportCounted(9, exported)).rejects.toMatchObject({ code: "evidence-rewritten" });
    expect(acme.written()).toEqual([]);
    await acme.as("lena", "DELETE", `git/refs/heads/${evidenceBranch}`);
    await exportCounted(9, exported);
    expect(linesOf(await onBranch())).toEqual(chain1200.slice(0, 9));
  });

  test("T167 all of it, where what was noted down is of a longer chain than ours", async () => {
    const exported: { value: Published | null } = { value: null };
    await exportCounted(9, exported);
    await expect(exportCounted(4, exported)).rejects.toMatchObject({ code: "evidence-rewritten" });
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
    await publishLedger(github(), chain(chain1200.slice(0, 5)));
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
    await expect(publishLedger(github(), chain(chain1200.slice(0, 9)))).rejects.toMatchObject({
      code: "evidence-rewritten",
      retry: false,
    });
    expect(acme.written()).toEqual([]);
  });

  test("a chain of another key, a longer chain than ours, a foreign file: nothing is written", async () => {
    await publishLedger(github(), chain(chain1200.slice(0, 5)));
    const foreign = await chainOf(newKey().pem, drafts(9));
    for (const lines of [foreign, chain1200.slice(0, 4)]) {
      await expect(publishLedger(github(), chain(lines))).rejects.toMatchObject({
        code: "evidence-rewritten",
      });
    }
    await acme.as("lena", "PUT", "contents/ledger/0009.jsonl", {
      message: "more",
      content: "eA==",
      branch: evidenceBranch,
    });
    await expect(publishLedger(github(), chain(chain1200.slice(0, 9)))).rejects.toMatchObject({
      code: "evidence-rewritten",
    });
  });

  test.each([
    ["a full file that became a link", "ledger/0001.jsonl", "120000", true],
    ["a full file that may be run", "ledger/0001.jsonl", "100755", true],
    ["a link beside the ledger", "more", "120000", false],
    ["a submodule beside the ledger", "more", "160000", false],
  ])("T161 %s, which no clone could be verified with: nothing is written", async (_, path, mode, isSame) => {
    await publishLedger(github(), chain(chain1200.slice(0, 600)));
    const before = await commitOf(await tip());
    const listed = await acme.as("lena", "GET", `git/trees/${before.tree.sha}?recursive=1`);
    const same = listed.tree.find((entry: Json) => entry.path === path)?.sha;
    const sha = isSame ? same : mode === "160000" ? before.sha : listed.tree.find(isBlob).sha;
    const type = mode === "160000" ? "commit" : "blob";
    const tree = await acme.as("lena", "POST", "git/trees", {
      base_tree: before.tree.sha,
      tree: [{ path, mode, type, sha }],
    });
    const odd = await acme.as("lena", "POST", "git/commits", {
      message: "odd",
      tree: tree.sha,
      parents: [before.sha],
    });
    await acme.as("lena", "PATCH", `git/refs/heads/${evidenceBranch}`, { sha: odd.sha });
    await expect(publishLedger(github(), chain(chain1200.slice(0, 700)))).rejects.toMatchObject({
      code: "evidence-rewritten",
    });
    expect(await tip()).toBe(odd.sha);
  });

  test("a branch that moves between reading and writing is read again and never forced", async () => {
    await publishLedger(github(), chain(chain1200.slice(0, 2)));
    const { request, ...place } = github();
    let moved = false;
    const hooked = Object.assign(async (...args: Parameters<typeof request>) => {
      if (String(args[0]).startsWith("POST") && !moved) {
        moved = true;
        await publishLedger(github(), chain(chain1200.slice(0, 4)));
      }
      return request(...args);
    }, request);
    await publishLedger({ ...place, request: hooked as typeof request }, chain(chain1200.slice(0, 6)));
    expect(moved).toBe(true);
    expect(linesOf(await onBranch())).toEqual(chain1200.slice(0, 6));
  });
});

test.each([0, 2])(
  "a rule that keeps us from the branch is told in GitHub's words, after one try; entries before: %d",
  async (before) => {
    if (before > 0) await publishLedger(github(), chain(chain1200.slice(0, before)));
    const { request, ...place } = github();
    let tried = 0;
    const hooked = Object.assign(async (...args: Parameters<typeof request>) => {
      if (/^(POST|PATCH) .*\/git\/refs/.test(String(args[0]))) {
        tried++;
        throw Object.assign(new Error("Repository rule violations found: Cannot update this protected ref."), {
          status: 422,
        });
      }
      return request(...args);
    }, request);
    const published = publishLedger({ ...place, request: hooked as typeof request }, chain(chain1200.slice(0, 4)));
    await expect(published).rejects.toMatchObject({
      code: "github",
      retry: true,
      message: expect.stringContaining("Cannot update this protected ref."),
    });
    expect(tried).toBe(1);
  },
);

test.each([
  ["POST", "/git/refs$", 0],
  ["POST", "/git/trees$", 2],
  ["PATCH", "/git/refs/", 2],
])("T257 %s %s done, its answer lost: the next try leaves the same branch", async (method, path, before) => {
  if (before > 0) await publishLedger(github(), chain(chain1200.slice(0, before)));
  const whole = chain(chain1200.slice(0, 4));
  acme.sandbox.fault({ kind: "status", method, path, status: 502, after: true });
  await expect(publishLedger(github(), whole)).rejects.toMatchObject({ status: 502 });
  await publishLedger(github(), whole);
  expect(linesOf(await onBranch())).toEqual(chain1200.slice(0, 4));
  const commit = await commitOf(await tip());
  expect(commit.parents).toHaveLength(before > 0 ? 1 : 0);
});

describe("bodies", () => {
  const body = Buffer.from('{"kind":"step"}');
  const policy = (payload: string) =>
    `version: 1\nledger: { keys: [{ key: "${formatPublicKey(key.publicKey)}" }]${payload} }\n`;
  const recorded = (bytes: Uint8Array) => {
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const attempt = { run: "run-1-1", story: 1, prompt: 2, attempt: { r: 0, s: 0 } };
    const pack = { sha256, bytes: bytes.length, mediaType: "application/json" };
    const more = { base: "a".repeat(40), branch: "sallyport/run-1-1/2", pack };
    return { sha256, entry: draft({ kind: "prompt.recorded", body: { ...attempt, ...more } }) };
  };
  const place = (repository: string, path: string) => `/repos/acme/${repository}/${path}`;

  /** Puts the policy on the default branch, or takes it away; none is malformed YAML. */
  async function withPolicy(repository: string, text: string | null): Promise<void> {
    const path = place(repository, "contents/.github/sallyport.yml");
    const old = await acme.as("lena", "GET", path).catch(() => null);
    const sha = old === null ? {} : { sha: old.sha };
    if (text !== null)
      await acme.as("lena", "PUT", path, {
        message: "Policy",
        content: Buffer.from(text).toString("base64"),
        ...sha,
      });
    else if (old !== null) await acme.as("lena", "DELETE", path, { message: "No policy", ...sha });
  }

  async function published(repository: string, bytes = body): Promise<boolean> {
    await acme.as("lena", "DELETE", place(repository, `git/refs/heads/${evidenceBranch}`)).catch(() => {});
    const { id } = await acme.as("lena", "GET", place(repository, ""));
    const client = await acme.clients.forRepository(id, "write");
    const { sha256, entry } = recorded(bytes);
    const reader = await acme.clients.forRepository(id, "read");
    await publishLedger(client, chain(await chainOf(key.pem, [entry]), { [sha256]: bytes }, reader));
    const files = await onBranch(place(repository, ""));
    const content = files.get(`bodies/${sha256.slice(0, 2)}/${sha256}`);
    expect([...files.keys()].sort().slice(-1)).toEqual(["ledger/0001.jsonl"]);
    if (content !== undefined) expect(content).toBe(bytes.toString());
    return content !== undefined;
  }

  test.each([
    ["no policy", null, { web: false, vault: true }],
    ["a policy without a ledger", "version: 1\n", { web: false, vault: true }],
    ["a policy that says nothing of it", policy(""), { web: false, vault: true }],
    ["private-repo", policy(", payload: private-repo"), { web: false, vault: true }],
    ["full", policy(", payload: full"), { web: true, vault: true }],
    ["digest", policy(", payload: digest"), { web: false, vault: false }],
    ["a word that is none of the three", policy(", payload: some"), { web: false, vault: false }],
    ["a malformed policy", "version: 1\n  x", { web: false, vault: false }],
  ])("go along by `ledger.payload` on the default branch: %s", async (_what, text, expected) => {
    const went: Record<string, boolean> = {};
    for (const repository of ["web", "vault"]) {
      await withPolicy(repository, text);
      went[repository] = await published(repository);
    }
    expect(went).toEqual(expected);
  });

  test("do not go, nor does anything else, when the policy cannot be read", async () => {
    await withPolicy("web", policy(", payload: full"));
    acme.written();
    acme.sandbox.fault({ kind: "status", path: "/graphql$", status: 500, times: tries });
    const { sha256, entry } = recorded(body);
    const whole = chain(await chainOf(key.pem, [entry]), { [sha256]: body });
    await expect(publishLedger(github(), whole)).rejects.toMatchObject({ retry: true });
    expect(acme.written()).toEqual([]);
  });

  test("that were held back are not published later", async () => {
    await withPolicy("web", policy(", payload: digest"));
    expect(await published("web")).toBe(false);
    await withPolicy("web", policy(", payload: full"));
    const { sha256, entry } = recorded(body);
    const later = [entry, draft()];
    await publishLedger(github(), chain(await chainOf(key.pem, later), { [sha256]: body }));
    expect([...(await onBranch()).keys()].sort()).toEqual(["README.md", "ledger/0001.jsonl"]);
  });

  test("T218 with a secret stay in the database, whatever the policy says", async () => {
    await withPolicy("web", policy(", payload: full"));
    const bytes = Buffer.from(JSON.stringify({ contract: `use ghp_${"aB3dE6gH9jK2".repeat(3)}` }));
    expect(await published("web", bytes)).toBe(false);
    expect(await published("web", Buffer.from(JSON.stringify({ contract: "use the other one" })))).toBe(true);
  });
});
