import { type KeyObject, verify } from "node:crypto";
import { type Envelope, payloadType } from "../../schemas/ledger.ts";
import type { Policy } from "../../schemas/policy.ts";
import { pae } from "./envelope.ts";
import type { LedgerProblem } from "./problem.ts";
import { keyId, parsePublicKey } from "./public-key.ts";

/**
 * A key that is trusted to sign entries: of which kinds (all when undefined), and from which place of the chain to which,
 * both included. A place and not a time, because whoever holds a stolen key writes whatever time they like. A revoked key
 * is one whose `to` is the last entry that was honestly signed.
 */
export type LedgerKey = {
  key: KeyObject;
  kinds?: readonly string[] | undefined;
  from?: number | undefined;
  to?: number | undefined;
};

/** The keys that a policy pins; empty: it pins none. Whoever may push to the default branch wrote them. */
export function pinnedKeys(policy: Policy): LedgerKey[] {
  return (policy.ledger?.keys ?? []).map((rule) => ({ ...rule, key: parsePublicKey(rule.key) }));
}

/** The trusted keys by their ids, with all that each may sign. The ids are made here and never taken from a line. */
export type Keyring = ReadonlyMap<string, { key: KeyObject; rules: readonly LedgerKey[] }>;

/** Orders keys for looking them up; a key that is given more than once may sign what any of its rules allows. */
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
 * What is wrong with an envelope's signatures; null when every one of them is good and by a trusted key. One that cannot
 * be checked counts against the entry: it could be swapped unnoticed.
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

/** Why a key that signed an entry may not have signed it: its kind, or its place. Null: all of them may. */
export function permissionProblem(
  entry: { kind: string; keyids: readonly string[] },
  position: number,
  keys: Keyring,
): LedgerProblem | null {
  for (const keyid of entry.keyids) {
    const rules = keys.get(keyid)?.rules ?? [];
    const inTime = rules.filter(
      ({ from = 1, to = Number.POSITIVE_INFINITY }) => from <= position && position <= to,
    );
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
