import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { SallyportError } from "../../core/errors.ts";
import type { Sign } from "../../core/ledger/entry.ts";
import { formatPublicKey, keyId } from "../../core/ledger/public-key.ts";

export type Signer = { sign: Sign; publicKey: string; keyid: string };

/** Signs with a private ed25519 key in PEM; only this closure holds the key, and it is never logged. */
export function createSigner(pem: string): Signer {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw new SallyportError(
      "bad-input",
      "LEDGER_KEY is no private key in PEM; `npx sallyport ledger keygen --out ledger.pem` makes one",
    );
  }
  if (key.asymmetricKeyType !== "ed25519") {
    throw new SallyportError(
      "bad-input",
      `LEDGER_KEY is a key for ${key.asymmetricKeyType}; the ledger is signed with ed25519`,
    );
  }
  const publicKey = createPublicKey(key);
  const keyid = keyId(publicKey);
  return {
    keyid,
    publicKey: formatPublicKey(publicKey),
    sign: (bytes) => Promise.resolve({ keyid, sig: sign(null, bytes, key).toString("base64") }),
  };
}
