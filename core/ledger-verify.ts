import { type KeyObject, verify } from "node:crypto";
import { payloadType } from "../schemas/ledger.ts";
import { keyId } from "./keys.ts";
import {
  type Entry,
  type EntryReading,
  type LedgerHead,
  type LedgerProblem,
  openEnvelope,
  pae,
  readStatement,
} from "./ledger.ts";

/** A key that is trusted to sign entries, and the kinds it may sign; all kinds when undefined. */
export type LedgerKey = { key: KeyObject; kinds?: string[] | undefined };

/** Something a reader should know that is no fault of the chain, with its place. */
export type LedgerNote = { position: number; message: string };

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
  notes: LedgerNote[];
};

/** A ledger that is broken in many places is broken; more problems or notes than this are not listed. */
const mostListed = 20;

/**
 * Verifies a whole chain, oldest entry first: every signature by a trusted key before its payload is read, canonical
 * bytes, places without gap, each entry naming the hash of the one before it, one repository. Needs no network, no clock
 * and nothing but the lines and the keys. `visit` sees each entry that is in order; what it saw counts only if the
 * report is ok.
 */
export function verifyChain(
  lines: Iterable<string>,
  keys: readonly LedgerKey[],
  options: {
    expectRepositoryId?: number | undefined;
    anchor?: { seq: number; hash: string } | undefined;
    visit?: (entry: Entry) => void;
  } = {},
): ChainReport {
  const { anchor } = options;
  const trusted = new Map(keys.map((one) => [keyId(one.key), one]));
  const problems: LedgerProblem[] = [];
  const notes: LedgerNote[] = [];
  const kinds = new Map<string, number>();
  const keyids = new Set<string>();
  let position = 0;
  let first: Entry | null = null;
  let last: Entry | null = null;
  let isAnchored = anchor === undefined;
  // How far an entry's own number is from its place: told where it changes, or one lost entry would be told at all that follow.
  let shift = 0;
  for (const line of lines) {
    position += 1;
    const read = readSigned(line, position, trusted);
    if (!read.ok) {
      problems.push(read.problem);
      continue;
    }
    const { entry } = read;
    first ??= entry;
    const found = placeProblems(entry, position, {
      seq: position + shift,
      prev: last?.hash ?? null,
      repository: options.expectRepositoryId ?? first.repository.id,
      kinds: trusted.get(entry.keyid)?.kinds,
    });
    problems.push(...found);
    if (last !== null && entry.at < last.at)
      notes.push({ position, message: `entry ${position} has an earlier time than the entry before it` });
    if (found.length === 0) options.visit?.(entry);
    shift = entry.seq - position;
    isAnchored ||= anchor?.seq === position && anchor.hash === entry.hash;
    kinds.set(entry.kind, (kinds.get(entry.kind) ?? 0) + 1);
    keyids.add(entry.keyid);
    last = entry;
  }
  if (position === 0)
    problems.push({ code: "empty", position, message: "there is no entry: an empty ledger proves nothing" });
  if (anchor !== undefined && !isAnchored) {
    const message = `the ledger does not hold entry ${anchor.seq} with the hash ${anchor.hash.slice(0, 16)}…: its tail was cut or rewritten`;
    problems.push({ code: "cut-tail", position: anchor.seq, message });
  }
  return {
    ok: problems.length === 0,
    entries: position,
    head: last === null ? null : { seq: last.seq, hash: last.hash },
    first: first?.at ?? null,
    last: last?.at ?? null,
    kinds: Object.fromEntries(kinds),
    keyids: [...keyids],
    repository: first?.repository ?? null,
    problems: problems.slice(0, mostListed),
    notes: notes.slice(0, mostListed),
  };
}

/** Reads one line as an entry, after its signature was found good. */
function readSigned(line: string, position: number, trusted: ReadonlyMap<string, LedgerKey>): EntryReading {
  const opened = openEnvelope(line, position);
  if (!opened.ok) return opened;
  const { keyid, sig } = opened.envelope.signatures[0] ?? { keyid: "", sig: "" };
  const problem = (code: "unknown-key" | "bad-signature", message: string): EntryReading => ({
    ok: false,
    problem: { code, position, message },
  });
  const key = trusted.get(keyid)?.key;
  if (key === undefined) {
    const named = `entry ${position} names the key ${keyid.slice(0, 16)}…`;
    return problem("unknown-key", `${named}, which is not one of the given keys`);
  }
  if (!verify(null, pae(payloadType, opened.payload), key, Buffer.from(sig, "base64")))
    return problem("bad-signature", `entry ${position} is not signed by the key that it names`);
  return readStatement(opened.payload, opened.envelope, line, position);
}

/** What is wrong with an entry at this place of this chain. */
function placeProblems(
  entry: Entry,
  position: number,
  expected: { seq: number; prev: string | null; repository: number; kinds: string[] | undefined },
): LedgerProblem[] {
  const problems: LedgerProblem[] = [];
  const found = (code: LedgerProblem["code"], message: string) => problems.push({ code, position, message });
  if (entry.repository.id !== expected.repository)
    found("wrong-repository", `entry ${position} belongs to repository ${entry.repository.id}`);
  if (entry.seq !== expected.seq)
    found("wrong-place", `place ${position} holds entry ${entry.seq}: entries were dropped, added or moved`);
  if (entry.prev !== expected.prev)
    found("broken-chain", `entry ${position} does not follow the entry before it`);
  if (expected.kinds !== undefined && !expected.kinds.includes(entry.kind))
    found("kind-not-allowed", `entry ${position} is a ${entry.kind}, which its key may not sign`);
  return problems;
}
