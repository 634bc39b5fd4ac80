import { createPublicKey, type KeyObject } from "node:crypto";
import { sha256 } from "../digest.ts";
import { SallyportError } from "../errors.ts";

/** The bytes before an ed25519 key's 32 bytes in its SPKI form. Source: RFC 8410. */
const spkiPrefix = Buffer.from("302a300506032b6570032100", "hex");

/** The id of a public key: SHA-256 of its SPKI form, in hex. A hint for finding the key, never a reason to trust it. */
export function keyId(key: KeyObject): string {
  return sha256(key.export({ type: "spki", format: "der" }));
}

/**
 * Reads a public ed25519 key as PEM or in the one-line form `ed25519:<base64>` of policies. Throws a `bad-input` error
 * that says what was expected. Whoever may push to the default branch wrote a policy's key.
 */
export function parsePublicKey(text: string): KeyObject {
  // Node would silently derive the public half; the user has to learn that they gave the private key.
  if (text.includes("PRIVATE KEY-----"))
    throw new SallyportError("bad-input", "this is a private key, which only the service holds: give its public key");
  const line = /^ed25519:([A-Za-z0-9+/]{43}=)$/.exec(text.trim())?.[1];
  let key: KeyObject;
  try {
    key =
      line === undefined
        ? createPublicKey(text)
        : createPublicKey({
            key: Buffer.concat([spkiPrefix, Buffer.from(line, "base64")]),
            format: "der",
            type: "spki",
          });
  } catch (error) {
    throw new SallyportError("bad-input", "this is no public key: give a PEM file or the form `ed25519:<base64>`", {
      cause: error,
    });
  }
  if (key.asymmetricKeyType !== "ed25519") {
    throw new SallyportError(
      "bad-input",
      `this is a key for ${key.asymmetricKeyType}; the ledger is signed with ed25519`,
    );
  }
  return key;
}

/** A public key in its one-line form. */
export function formatPublicKey(key: KeyObject): string {
  const raw = key.export({ type: "spki", format: "der" }).subarray(spkiPrefix.length);
  return `ed25519:${raw.toString("base64")}`;
}
