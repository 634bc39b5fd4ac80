import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { formatPublicKey } from "../../../core/ledger/public-key.ts";
import type { Io } from "../../terminal/io.ts";
import { stop } from "./input.ts";

/** `ledger keygen`: writes a new private key to a file that only its owner can read, and prints its public key. */
export async function keygen(io: Io, out: string): Promise<void> {
  const { privateKey } = generateKeyPairSync("ed25519");
  const path = resolve(io.cwd, out);
  try {
    await writeFile(path, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600, flag: "wx" });
  } catch (error) {
    const taken = typeof error === "object" && error !== null && "code" in error && error.code === "EEXIST";
    const why = taken ? "exists already and is never replaced" : "cannot be written";
    return stop(io, "keygen", `${path} ${why}; name another file`, 2);
  }
  io.out(`${formatPublicKey(createPublicKey(privateKey))}\n`);
  io.err(
    `wrote the private key to ${path}; keep it where only the service reads it, and put the public key into the policy\n`,
  );
  io.exit(0);
}
