import { createHash } from "node:crypto";
import {
  type Actor,
  type Envelope,
  payloadType,
  predicateType,
  Statement,
  type StatementSubject,
  statementType,
} from "../schemas/ledger.ts";
import { canonicalJson, type Json, parseCanonicalJson } from "./json.ts";

export type Subject = StatementSubject;

/** The last entry of a chain; null for a chain without entries. `hash` is SHA-256 of the entry's line, in hex. */
export type LedgerHead = { seq: number; hash: string } | null;

/** Signs bytes with one ed25519 key; the key itself stays with whoever made this function. */
export type Sign = (bytes: Uint8Array) => Promise<{ keyid: string; sig: string }>;

/** An entry as its line says it, its body not yet checked against its kind. */
export type Entry = {
  seq: number;
  hash: string;
  prev: string | null;
  kind: string;
  at: string;
  actor: Actor;
  repository: { id: number; name: string };
  subject: Subject[];
  body: Record<string, unknown>;
  keyid: string;
};

/** What is to become an entry; its place and its signature are given when it is appended. */
export type EntryDraft = {
  repository: { id: number; name: string };
  kind: string;
  at: string;
  actor: Actor;
  subject: Subject[];
  body: Json;
};

/** Longer lines are refused before anything is decoded or verified. */
export const lineBytes = 1024 * 1024;

/**
 * DSSE's pre-authentication encoding: what is signed, so that a payload of one type is never read as another.
 * Source: secure-systems-lab/dsse, `protocol.md`.
 */
export function pae(type: string, payload: Uint8Array): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.byteLength} `;
  return Buffer.concat([Buffer.from(head, "utf8"), payload]);
}

/** The hash of an entry: plain SHA-256 of its line without the line end, so that `sha256sum` gives it too. */
export function entryHash(line: string): string {
  return createHash("sha256").update(line, "utf8").digest("hex");
}

/**
 * Makes the next entry of a chain. The caller holds the chain's lock and stores the line. Throws on a draft that could
 * not be read back from its line, before anything is signed: one such entry would break the chain for good.
 */
export async function appendEntry(
  head: LedgerHead,
  draft: EntryDraft,
  sign: Sign,
): Promise<{ line: string; head: { seq: number; hash: string } }> {
  const seq = (head?.seq ?? 0) + 1;
  const { repository, kind, at, actor, subject, body } = draft;
  const statement = {
    _type: statementType,
    subject,
    predicateType,
    predicate: { repository, seq, prev: head?.hash ?? null, kind, at, actor, body },
  };
  const payload = Buffer.from(canonicalJson(statement), "utf8");
  const read = readPayload(payload);
  if (!read.ok) throw new TypeError(`an entry of kind ${kind} cannot be recorded: it ${read.message}`);
  const signature = await sign(pae(payloadType, payload));
  const envelope: Envelope = { payload: payload.toString("base64"), payloadType, signatures: [signature] };
  const line = canonicalJson(envelope);
  if (Buffer.byteLength(line) > lineBytes)
    throw new RangeError(`an entry of kind ${kind} is longer than ${lineBytes} bytes`);
  return { line, head: { seq, hash: entryHash(line) } };
}

/** What is wrong with a ledger; a closed set. */
export type LedgerProblemCode =
  | "empty"
  | "too-long"
  | "not-canonical"
  | "bad-envelope"
  | "unknown-key"
  | "bad-signature"
  | "bad-statement"
  | "wrong-repository"
  | "wrong-place"
  | "broken-chain"
  | "kind-not-allowed"
  | "cut-tail"
  | "bad-body"
  | "bad-layout";

/** A problem with its position: the place in the chain, from 1; 0 where it concerns the whole. */
export type LedgerProblem = { code: LedgerProblemCode; position: number; message: string };

export type EntryReading = { ok: true; entry: Entry } | { ok: false; problem: LedgerProblem };

/**
 * Reads a line as an entry without trusting it: no signature is checked here. Use it on lines of our own store, or after
 * `verifyChain` has found nothing wrong.
 */
export function readEntry(line: string, position = 0): EntryReading {
  const opened = openEnvelope(line, position);
  return opened.ok ? readStatement(opened.payload, opened.envelope, line, position) : opened;
}

/** Checks a line's outer form: length, canonical bytes, one signature, canonical base64. */
export function openEnvelope(
  line: string,
  position: number,
): { ok: true; envelope: Envelope; payload: Buffer } | { ok: false; problem: LedgerProblem } {
  const problem = (code: LedgerProblemCode, message: string) => ({
    ok: false as const,
    problem: { code, position, message },
  });
  if (Buffer.byteLength(line) > lineBytes)
    return problem("too-long", `entry ${position} is longer than ${lineBytes} bytes`);
  const value = parseCanonicalJson(line);
  if (value === undefined)
    return problem("not-canonical", `entry ${position} is not canonical JSON: a byte of it was changed`);
  const envelope = asEnvelope(value);
  if (envelope === null)
    return problem("bad-envelope", `entry ${position} is no DSSE envelope with one signature`);
  const payload = Buffer.from(envelope.payload, "base64");
  const { sig } = envelope.signatures[0] ?? { sig: "" };
  // Many texts decode to the same bytes; only the one that encodes back to itself is accepted.
  if (
    payload.toString("base64") !== envelope.payload ||
    Buffer.from(sig, "base64").toString("base64") !== sig
  ) {
    return problem("not-canonical", `entry ${position} holds base64 in a form that is not canonical`);
  }
  return { ok: true, envelope, payload };
}

/** By hand, because a chain of 100,000 entries passes through here; the same shape as `schemas/ledger.ts` Envelope. */
function asEnvelope(value: Json): Envelope | null {
  if (!isObject(value)) return null;
  const { payload, payloadType: type, signatures, ...rest } = value;
  if (
    typeof payload !== "string" ||
    type !== payloadType ||
    !Array.isArray(signatures) ||
    Object.keys(rest).length > 0
  )
    return null;
  const [signature, ...more]: (Json | undefined)[] = signatures;
  if (!isObject(signature) || more.length > 0) return null;
  const { keyid, sig, ...other } = signature;
  if (typeof keyid !== "string" || typeof sig !== "string" || Object.keys(other).length > 0) return null;
  return { payload, payloadType: type, signatures: [{ keyid, sig }] };
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json | undefined } {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** Reads the payload's bytes, and only those: what was verified is what is parsed. */
export function readStatement(
  payload: Buffer,
  envelope: Envelope,
  line: string,
  position: number,
): EntryReading {
  const read = readPayload(payload);
  if (!read.ok) {
    const message = `entry ${position} ${read.message}`;
    return { ok: false, problem: { code: "bad-statement", position, message } };
  }
  const { subject, predicate } = read.statement;
  const keyid = envelope.signatures[0]?.keyid ?? "";
  return { ok: true, entry: { ...predicate, subject, hash: entryHash(line), keyid } };
}

function readPayload(payload: Buffer): { ok: true; statement: Statement } | { ok: false; message: string } {
  const text = payload.toString("utf8");
  const value = parseCanonicalJson(text);
  if (value === undefined || !Buffer.from(text, "utf8").equals(payload))
    return { ok: false, message: "holds a payload that is not canonical JSON, or is nested too deep" };
  const statement = Statement.safeParse(value);
  if (statement.success) return { ok: true, statement: statement.data };
  const [issue] = statement.error.issues;
  return {
    ok: false,
    message: `is no ledger statement: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`,
  };
}
