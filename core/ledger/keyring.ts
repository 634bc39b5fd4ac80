import { type KeyObject, verify } from "node:crypto";
import { type Envelope, payloadType } from "../../schemas/ledger.ts";
import type { Policy } from "../../schemas/policy.ts";
import { pae } from "./envelope.ts";
import type { LedgerProblem } from "./problem.ts";
import { keyId, parsePublicKey } from "./public-key.ts";

/**
 * A key that is trusted to sign entries: of which kinds (all if undefined), and from which entry to which, both
 * included. Sequence numbers and not times, because whoever holds a stolen key can write any time. The `to` of a
 * revoked key is the last honestly signed entry.
 */
export type LedgerKey = {
  key: KeyObject;
  kinds?: readonly string[] | undefined;
  from?: number | undefined;
  to?: number | undefined;
};

/** The keys that a policy pins; empty if it pins none. Whoever may push to the default branch wrote them. */
export function pinnedKeys(policy: Policy): LedgerKey[] {
  return (policy.ledger?.keys ?? []).map((rule) => ({ ...rule, key: parsePublicKey(rule.key) }));
}

/** The trusted keys by id, with the rules for each. The ids are computed here and never taken from a line. */
export type Keyring = ReadonlyMap<string, { key: KeyObject; rules: readonly LedgerKey[] }>;

/** Indexes keys by id; a key that is given more than once may sign whatever any of its rules allows. */
export function keyringOf(keys: readonly LedgerKey[]): Keyring {
  const ring = new Map<string, { key: KeyObject; rules: LedgerKey[] }>();
  for (const rule of keys) {
    const id = keyId(rule.key);
    const known = ring.get(id) ?? { key: rule.key, rules: [] };
    known.rules.push(rule);
    ring.set(id, known);
  }
  return ring;
}

/**
 * What is wrong with an envelope's signatures; null if all are valid and by trusted keys. A signature that cannot be
 * checked is a problem too: it could be replaced unnoticed.
 */
export function signatureProblem(
  envelope: Envelope,
  payload: Buffer,
  position: number,
  keys: Keyring,
): LedgerProblem | null {
  const { signatures } = envelope;
  const signed = pae(payloadType, payload);
  for (const { keyid, sig } of signatures) {
    const key = keys.get(keyid)?.key;
    if (key === undefined) {
      const message = `entry ${position} names the key ${keyid.slice(0, 16)}…, which is not one of the given keys`;
      return { code: "unknown-key", position, message };
    }
    if (!verify(null, signed, key, Buffer.from(sig, "base64"))) {
      const message = `entry ${position} is not signed by the key that it names`;
      return { code: "bad-signature", position, message };
    }
  }
  return null;
}

/** Why a key may not sign this entry: its kind, or its position. Null if all its keys may. */
export function permissionProblem(
  entry: { kind: string; keyids: readonly string[] },
  position: number,
  keys: Keyring,
): LedgerProblem | null {
  for (const keyid of entry.keyids) {
    const rules = keys.get(keyid)?.rules ?? [];
    const inTime = rules.filter(({ from = 1, to = Number.POSITIVE_INFINITY }) => from <= position && position <= to);
    if (inTime.length === 0) {
      const message = `entry ${position} is signed by the key ${keyid.slice(0, 16)}…, which may sign ${rules.map(windowText).join(" and ")} only`;
      return { code: "key-not-valid", position, message };
    }
    if (!inTime.some(({ kinds }) => kinds === undefined || kinds.includes(entry.kind))) {
      const message = `entry ${position} is a ${entry.kind}, which its key may not sign`;
      return { code: "kind-not-allowed", position, message };
    }
  }
  return null;
}

function windowText({ from = 1, to }: LedgerKey): string {
  return to === undefined ? `entries from ${from} on` : `entries ${from} to ${to}`;
}
