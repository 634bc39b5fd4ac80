/** How fast a ledger is verified and written: verifying as a ratio to the bare cryptography in the same run. */

import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, verify } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createSigner } from "../app/ledger/signer.ts";
import { openDatabase } from "../app/store/database.ts";
import { saveDecision } from "../app/store/decisions.ts";
import { takeLease } from "../app/store/leases.ts";
import { emptyDecision } from "../core/decision.ts";
import type { Draft } from "../core/entries.ts";
import { manifestName, manifestText } from "../core/ledger/archive.ts";
import { segmentEntries, segmentPath } from "../core/ledger/branch.ts";
import { appendEntry, type LedgerHead } from "../core/ledger/entry.ts";
import { openEnvelope, pae } from "../core/ledger/envelope.ts";
import { verifyChain } from "../core/ledger/verify.ts";
import { subjectKey } from "../core/subject.ts";
import { storyDrafts } from "./ledger-entries.ts";
import { atLeast, atMost, printTable, type Row } from "./table.ts";
import { peakOf } from "./timing.ts";

const max = 100_000;
const repository = { id: 7, name: "acme/web" };
const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const signer = createSigner(pem);
const publicKey = createPublicKey(pem);

/** The same stories repeated, up to a number of entries. */
function* entries(count: number): Generator<Draft> {
  for (let made = 0, story = 0; made < count; story += 1)
    for (const draft of storyDrafts(story)) if (made++ < count) yield draft;
}

async function makeChain(count: number): Promise<string[]> {
  const lines: string[] = [];
  let head: LedgerHead = null;
  for (const draft of entries(count)) {
    const at = "2026-11-21T10:00:00.000Z";
    const appended: Awaited<ReturnType<typeof appendEntry>> = await appendEntry(
      head,
      { ...draft, repository, at },
      signer.sign,
    );
    lines.push(appended.line);
    head = appended.head;
  }
  return lines;
}

/** Milliseconds of processor time since an earlier reading: the machine's other work is not counted. */
function spentSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

function millisecondsOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  return spentSince(before);
}

/** The minimum work of any verifier: the signature over each payload, and the SHA-256 of each line. */
function bareCryptography(lines: readonly string[], key: KeyObject): number {
  const prepared = lines.map((line, index) => {
    const opened = openEnvelope(line, index + 1);
    if (!opened.ok) throw new Error(opened.problem.message);
    const { payloadType, signatures } = opened.envelope;
    return {
      line,
      signed: pae(payloadType, opened.payload),
      sig: Buffer.from(signatures[0]?.sig ?? "", "base64"),
    };
  });
  return millisecondsOf(() => {
    for (const { line, signed, sig } of prepared) {
      if (!verify(null, signed, key, sig)) throw new Error("a signature is not good");
      createHash("sha256").update(line).digest("hex");
    }
  });
}

function verification(lines: readonly string[]): number {
  return millisecondsOf(() => {
    const report = verifyChain(lines, [{ key: publicKey }]);
    if (!report.ok || report.entries !== lines.length)
      throw new Error(report.problems[0]?.message ?? "not all entries were verified");
  });
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/**
 * How many entries the store appends to the embedded database per second of processor time, in decisions of one entry
 * and of five. The first entries are not counted: the database's WebAssembly is still being compiled then.
 */
async function appendRates(count: number): Promise<[number, number]> {
  const { db, close } = await openDatabase({ folder: null });
  const subject = { kind: "issue" as const, repository: repository.id, number: 1 };
  const fence = await takeLease(db, subjectKey(subject));
  const nothing = async () => undefined;
  const queue = { enqueue: nothing, enqueueEffects: nothing, enqueuePublish: nothing };
  const tools = { sign: signer.sign, now: () => new Date(), queue };
  const where = { subject, fence, repository, seen: [] };
  const coming = entries(3 * count);
  const rateOf = async (size: number) => {
    const before = process.cpuUsage();
    for (let made = 0; made < count; made += size) {
      const drafts = Array.from({ length: size }, () => coming.next().value).filter((one) => one !== undefined);
      await saveDecision(db, where, { ...emptyDecision(), drafts }, tools);
    }
    return (count / spentSince(before)) * 1_000;
  };
  await rateOf(1);
  const rates: [number, number] = [await rateOf(1), await rateOf(5)];
  await close();
  return rates;
}

const rows: Row[] = [];
const rates = await appendRates(1_000);
rows.push(atLeast("append, one entry a decision", rates[0], 500, "entries/s"));
rows.push(atLeast("append, five entries a decision", rates[1], 500, "entries/s"));

const chain = await makeChain(max);
const tenth = chain.slice(0, max / 10);
const rounds = Array.from({ length: 5 }, () => ({
  bare: bareCryptography(tenth, publicKey),
  full: verification(tenth),
}));
const perTenth = median(rounds.map(({ full }) => full));
rows.push(atLeast("verify / bare signatures and hashes", median(rounds.map(({ bare, full }) => bare / full)), 0.6));
rows.push(atMost("verify 100,000 entries / 10,000", verification(chain) / perTenth, 12));

const folder = mkdtempSync(join(tmpdir(), "sallyport-bench-"));
try {
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at < chain.length; at += segmentEntries)
    files.set(segmentPath(at + 1), Buffer.from(`${chain.slice(at, at + segmentEntries).join("\n")}\n`));
  for (const [name, content] of [...files, [manifestName, manifestText(files)] as const]) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  const program = fileURLToPath(new URL("../dist/sallyport.cjs", import.meta.url));
  const argv: [string, ...string[]] = [process.execPath, "--no-warnings", program, "ledger", "verify", folder];
  rows.push(
    atMost("memory to verify 100,000 entries", peakOf({ argv: [...argv, "--key", signer.publicKey] }), 300, "MB"),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const megabytes = (chain.reduce((sum, line) => sum + line.length + 1, 0) / 1e6).toFixed(0);
const title = `ledger (${max} entries, ${megabytes} MB; ${((10 * perTenth) / 1_000).toFixed(1)} s to verify)`;
if (!printTable(title, rows)) process.exitCode = 1;
