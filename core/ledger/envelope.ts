import { type Envelope, payloadType } from "../../schemas/ledger.ts";
import { isObject, type Json, parseCanonicalJson } from "../json.ts";
import type { LedgerProblem, LedgerProblemCode } from "./problem.ts";

/** Longer lines are refused before anything is decoded or verified. */
export const lineBytes = 1024 * 1024;

/** A policy names at most this many keys; more signatures would only cost time to check. */
const maxSignatures = 20;

/**
 * DSSE's pre-authentication encoding. Signatures cover it, so that a payload of one type is never read as another.
 * Source: secure-systems-lab/dsse, `protocol.md`.
 */
export function pae(type: string, payload: Uint8Array): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.byteLength} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

/** A line's envelope and its payload's bytes: signatures are checked over these bytes, and only these are parsed. */
export type OpenEnvelope = { ok: true; envelope: Envelope; payload: Buffer } | { ok: false; problem: LedgerProblem };

/**
 * Checks a line's outer form: length, canonical bytes, one signature or more by different keys, canonical base64.
 * Whoever can write to the evidence branch or made the archive wrote the line.
 */
export function openEnvelope(line: string, position: number): OpenEnvelope {
  const problem = (code: LedgerProblemCode, message: string): OpenEnvelope => ({
    ok: false,
    problem: { code, position, message },
  });
  if (Buffer.byteLength(line) > lineBytes)
    return problem("too-long", `entry ${position} is longer than ${lineBytes} bytes`);
  const value = parseCanonicalJson(line);
  if (value === undefined)
    return problem("not-canonical", `entry ${position} is not canonical JSON: a byte of it was changed`);
  const envelope = asEnvelope(value);
  if (envelope === null)
    return problem(
      "bad-envelope",
      `entry ${position} is no DSSE envelope with signatures by different keys, ${maxSignatures} at most`,
    );
  const payload = Buffer.from(envelope.payload, "base64");
  // Several base64 texts decode to the same bytes; only the canonical one is accepted.
  if (
    payload.toString("base64") !== envelope.payload ||
    envelope.signatures.some(({ sig }) => Buffer.from(sig, "base64").toString("base64") !== sig)
  ) {
    return problem("not-canonical", `entry ${position} holds base64 in a form that is not canonical`);
  }
  return { ok: true, envelope, payload };
}

/** Checks the shape of `schemas/ledger.ts` Envelope by hand, because chains can have 100,000 entries. */
function asEnvelope(value: Json): Envelope | null {
  if (!isObject(value)) return null;
  const { payload, payloadType: type, signatures: list, ...rest } = value;
  if (typeof payload !== "string" || type !== payloadType || Object.keys(rest).length > 0) return null;
  if (!Array.isArray(list) || list.length === 0 || list.length > maxSignatures) return null;
  const signatures: Envelope["signatures"] = [];
  for (const item of list as readonly Json[]) {
    if (!isObject(item)) return null;
    const { keyid, sig, ...other } = item;
    if (typeof keyid !== "string" || typeof sig !== "string" || Object.keys(other).length > 0) return null;
    // Two signatures by one key count as one signature written twice.
    if (signatures.some((one) => one.keyid === keyid)) return null;
    signatures.push({ keyid, sig });
  }
  return { payload, payloadType: type, signatures };
}
