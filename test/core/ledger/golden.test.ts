import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { readEntry } from "../../../core/ledger/entry.ts";
import { parsePublicKey } from "../../../core/ledger/public-key.ts";
import { verifyChain } from "../../../core/ledger/verify.ts";

// Ten entries of version 1, never to be written again: what was signed once has to verify for ever.
const folder = join(import.meta.dirname, "..", "..", "fixtures", "ledger");
const text = readFileSync(join(folder, "v1.jsonl"), "utf8");
const publicKey = readFileSync(join(folder, "v1.pub"), "utf8").trim();
const lines = text.trimEnd().split("\n");
const sha256 = (bytes: string) => createHash("sha256").update(bytes).digest("hex");
const head = { seq: 10, hash: "abdb442a404ddfac70d8350efda8e2f7ba5de29e3a049581d03c1fa1bf937712" };

test("T166: the golden ledger is the one that was written", () => {
  expect(sha256(text)).toBe("596239cd16d62f344242f6bd8835590fd74f19504dc7e384bdc32f72d4141b2b");
});

test("T166: the golden ledger verifies", () => {
  const keys = [{ key: parsePublicKey(publicKey) }];
  const report = verifyChain(lines, keys, { expectRepositoryId: 1296269, anchor: head });
  expect(report).toMatchObject({ ok: true, entries: 10, head, problems: [], notes: [] });
});

test("its entries say what they said", () => {
  const entries = lines.map((line) => readEntry(line));
  expect(entries.map((read) => read.ok && read.entry.kind)).toEqual([
    "command",
    "plan.proposed",
    "approval.granted",
    "contract.frozen",
    "prompt.recorded",
    "response.recorded",
    "verdict.given",
    "incident.raised",
    "sign-off.given",
    "evidence.sealed",
  ]);
  expect(entries[5]).toMatchObject({
    ok: true,
    entry: {
      seq: 6,
      at: "2026-11-21T10:00:05.555Z",
      actor: { type: "agent", id: 0, login: "anthropic" },
      body: { seconds: 12.75, tokens: 9007199254740991, cost: 1e-7, claims: {} },
    },
  });
  expect(entries[3]).toMatchObject({
    entry: { body: { prompts: [{ index: 1, text: "line\nline\t\u0000 \u2028 \u{1F6AA}" }] } },
  });
});

test("a stranger without our code finds the same: SHA-256 of each line, ed25519 over DSSE's encoding", () => {
  const spki = Buffer.concat([
    Buffer.from("302a300506032b6570032100", "hex"),
    Buffer.from(publicKey.replace("ed25519:", ""), "base64"),
  ]);
  const key = createPublicKey({ key: spki, format: "der", type: "spki" });
  let prev: string | null = null;
  for (const [index, line] of lines.entries()) {
    const { payload, payloadType, signatures } = JSON.parse(line);
    const bytes = Buffer.from(payload, "base64");
    const signed = Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${bytes.length} `), bytes]);
    expect(verify(null, signed, key, Buffer.from(signatures[0].sig, "base64"))).toBe(true);
    expect(signatures).toEqual([{ keyid: createHash("sha256").update(spki).digest("hex"), sig: expect.any(String) }]);
    expect(JSON.parse(bytes.toString())).toMatchObject({
      _type: "https://in-toto.io/Statement/v1",
      predicateType: "https://sallyport.dev/ledger-entry/v1",
      predicate: { seq: index + 1, prev },
    });
    prev = sha256(line);
  }
  expect(prev).toBe(head.hash);
});
