import { type KeyObject, verify } from "node:crypto";
import { payloadType } from "../schemas/ledger.ts";
import { keyId } from "./keys.ts";
import { type Entry, type LedgerHead, type LedgerProblem, type LedgerProblemCode, openEnvelope, pae, readStatement } from "./ledger.ts";

/** A key that is trusted to sign entries, and the kinds it may sign; all kinds when undefined. */
export type LedgerKey = { key: KeyObject; kinds?: string[] | undefined };

/** What a verification found. `ok` only if there was at least one entry and no problem. */
export type ChainReport = {
  ok: boolean;
  entries: number;
  head: LedgerHead;
  first: string | null;
  last: string | null;
  kinds: Record<string, number>;
  keyids: string[];
  repository: { id: number; name: string } | null;
  problems: LedgerProblem[];
};

/** A ledger that is broken in many places is broken; more problems than this are not listed. */
const mostProblems = 20;

/**
 * Verifies a whole chain, oldest entry first: every signature by a trusted key before its payload is read, canonical
 * bytes, places without gap, each entry naming the hash of the one before it, one repository. Needs no network, no clock
 * and nothing but the lines and the keys. `visit` sees each entry that is in order.
 */
export function verifyChain(
  lines: Iterable<string>,
  keys: readonly LedgerKey[],
  options: { expectRepositoryId?: number | undefined; anchor?: { seq: number; hash: string } | undefined; visit?: (entry: Entry) => void } = {},
): ChainReport {
  const trusted = new Map(keys.map((one) => [keyId(one.key), one]));
  const report: ChainReport = { ok: false, entries: 0, head: null, first: null, last: null, kinds: {}, keyids: [], repository: null, problems: [] };
  const used = new Set<string>();
  const hashes = new Map<number, string>();
  const found = (code: LedgerProblemCode, position: number, message: string) => {
    if (report.problems.length < mostProblems) report.problems.push({ code, position, message });
  };
  for (const line of lines) {
    const position = ++report.entries;
    const opened = openEnvelope(line, position);
    if (!opened.ok) {
      found(opened.problem.code, position, opened.problem.message);
      continue;
    }
    const { keyid, sig } = opened.envelope.signatures[0] ?? { keyid: "", sig: "" };
    const key = trusted.get(keyid);
    if (key === undefined) {
      found("unknown-key", position, `entry ${position} names the key ${keyid.slice(0, 16)}…, which is not one of the given keys`);
      continue;
    }
    if (!verify(null, pae(payloadType, opened.payload), key.key, Buffer.from(sig, "base64"))) {
      found("bad-signature", position, `entry ${position} is not signed by the key that it names`);
      continue;
    }
    const read = readStatement(opened.payload, opened.envelope, line, position);
    if (!read.ok) {
      found(read.problem.code, position, read.problem.message);
      continue;
    }
    const { entry } = read;
    const repository = report.repository ?? entry.repository;
    if (entry.repository.id !== (options.expectRepositoryId ?? repository.id)) {
      found("wrong-repository", position, `entry ${position} belongs to repository ${entry.repository.id}`);
    }
    if (entry.seq !== position) found("wrong-place", position, `place ${position} holds entry ${entry.seq}: entries were dropped, added or moved`);
    if (entry.prev !== (report.head?.hash ?? null)) {
      found("broken-chain", position, `entry ${position} does not follow the entry before it`);
    }
    if (key.kinds !== undefined && !key.kinds.includes(entry.kind)) {
      found("kind-not-allowed", position, `entry ${position} is a ${entry.kind}, which its key may not sign`);
    }
    used.add(keyid);
    report.repository = repository;
    report.first ??= entry.at;
    report.last = entry.at;
    report.kinds[entry.kind] = (report.kinds[entry.kind] ?? 0) + 1;
    report.head = { seq: entry.seq, hash: entry.hash };
    if (options.anchor?.seq === position) hashes.set(position, entry.hash);
    options.visit?.(entry);
  }
  if (report.entries === 0) found("empty", 0, "there is no entry: an empty ledger proves nothing");
  const { anchor } = options;
  if (anchor !== undefined && hashes.get(anchor.seq) !== anchor.hash) {
    found("cut-tail", anchor.seq, `the ledger does not hold entry ${anchor.seq} with the hash ${anchor.hash.slice(0, 16)}…: its tail was cut or rewritten`);
  }
  report.keyids = [...used];
  report.ok = report.problems.length === 0;
  return report;
}
