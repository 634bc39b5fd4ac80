import {
  type Actor,
  type Envelope,
  payloadType,
  predicateType,
  Statement,
  type StatementSubject,
  statementType,
} from "../../schemas/ledger.ts";
import { sha256 } from "../digest.ts";
import { canonicalJson, type Json, parseCanonicalJson } from "../json.ts";
import { lineBytes, openEnvelope, pae } from "./envelope.ts";
import type { LedgerProblem } from "./problem.ts";
import { subjectProblem } from "./subject.ts";

/** The last entry of a chain; null for a chain without entries. `hash` is SHA-256 of the entry's line, in hex. */
export type LedgerHead = { seq: number; hash: string } | null;

/** Signs bytes with one ed25519 key; the caller never sees the key. */
export type Sign = (bytes: Uint8Array) => Promise<{ keyid: string; sig: string }>;

/** An entry as read from its line; its body is not yet checked against its kind. */
export type Entry = {
  seq: number;
  hash: string;
  prev: string | null;
  kind: string;
  at: string;
  actor: Actor;
  repository: { id: number; name: string };
  subject: StatementSubject[];
  body: Record<string, unknown>;
  /** The ids of the keys that its signatures name. */
  keyids: string[];
};

/** The content of a new entry; appending gives it its sequence number and signature. */
export type EntryDraft = {
  repository: { id: number; name: string };
  kind: string;
  at: string;
  actor: Actor;
  subject: StatementSubject[];
  body: Json;
};

/** The hash of an entry: plain SHA-256 of its line without the line end, as `sha256sum` computes it. */
export function entryHash(line: string): string {
  return sha256(line);
}

/**
 * Makes the next entry of a chain, signed by one or several keys. The caller holds the chain's lock and stores the
 * line. Throws before signing if the draft could not be read back from its line: such an entry would break the chain
 * for good.
 */
export async function appendEntry(
  head: LedgerHead,
  draft: EntryDraft,
  ...signers: [Sign, ...Sign[]]
): Promise<{ line: string; head: { seq: number; hash: string } }> {
  const seq = (head?.seq ?? 0) + 1;
  const { repository, kind, at, actor, subject, body } = draft;
  const statement = {
    _type: statementType,
    subject,
    predicateType,
    predicate: { repository, seq, prev: head?.hash ?? null, kind, at, actor, body },
  };
  const payload = Buffer.from(canonicalJson(statement));
  const read = readPayload(payload);
  if (!read.ok) throw new TypeError(`an entry of kind ${kind} cannot be recorded: it ${read.message}`);
  const signed = pae(payloadType, payload);
  const signatures = await Promise.all(signers.map((sign) => sign(signed)));
  const envelope: Envelope = { payload: payload.toString("base64"), payloadType, signatures };
  const line = canonicalJson(envelope);
  if (Buffer.byteLength(line) > lineBytes)
    throw new RangeError(`an entry of kind ${kind} is longer than ${lineBytes} bytes`);
  return { line, head: { seq, hash: entryHash(line) } };
}

/** The entry of a line, or the problem with it. */
export type EntryReading = { ok: true; entry: Entry } | { ok: false; problem: LedgerProblem };

/**
 * Reads a line as an entry without trusting it: no signature is checked here. Use it on lines of our own store, or
 * after `verifyChain` has found nothing wrong.
 */
export function readEntry(line: string, position = 0): EntryReading {
  const opened = openEnvelope(line, position);
  return opened.ok ? readStatement(opened.payload, opened.envelope, line, position) : opened;
}

/** Reads the payload's bytes, and only those: what was verified is what is parsed. */
export function readStatement(payload: Buffer, envelope: Envelope, line: string, position: number): EntryReading {
  const read = readPayload(payload);
  if (!read.ok) {
    const message = `entry ${position} ${read.message}`;
    return { ok: false, problem: { code: "bad-statement", position, message } };
  }
  const { subject, predicate } = read.statement;
  const keyids = envelope.signatures.map(({ keyid }) => keyid);
  return { ok: true, entry: { ...predicate, subject, hash: entryHash(line), keyids } };
}

function readPayload(payload: Buffer): { ok: true; statement: Statement } | { ok: false; message: string } {
  const text = payload.toString();
  const value = parseCanonicalJson(text);
  if (value === undefined || !Buffer.from(text).equals(payload))
    return { ok: false, message: "holds a payload that is not canonical JSON, or is nested too deep" };
  const statement = Statement.safeParse(value);
  if (statement.success) {
    const { subject, predicate } = statement.data;
    const message = subjectProblem(predicate.kind, subject, predicate.body);
    return message === null ? { ok: true, statement: statement.data } : { ok: false, message };
  }
  const [issue] = statement.error.issues;
  return {
    ok: false,
    message: `is no ledger statement: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`,
  };
}
