import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type Known, known, unknown } from "../../../core/known.ts";
import { formatPublicKey } from "../../../core/ledger/public-key.ts";
import type { Io } from "../../terminal/io.ts";
import { stop } from "./input.ts";

/** Writes a new private key to a file that only its owner can read; gives its public key. */
export async function writeLedgerKey(path: string): Promise<Known<string>> {
  const { privateKey } = generateKeyPairSync("ed25519");
  try {
    await writeFile(path, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600, flag: "wx" });
    return known(formatPublicKey(createPublicKey(privateKey)));
  } catch (error) {
    const taken = typeof error === "object" && error !== null && "code" in error && error.code === "EEXIST";
    return unknown(`${path} ${taken ? "exists already and is never replaced" : "cannot be written"}`);
  }
}

/** `ledger keygen`: makes the ledger's key, and prints its public key. */
export async function keygen(io: Io, out: string): Promise<void> {
  const path = resolve(io.cwd, out);
  const key = await writeLedgerKey(path);
  if (!key.known) return stop(io, "keygen", `${key.why}; name another file`, 2);
  io.out(`${key.value}\n`);
  io.err(
    `wrote the private key to ${path}; keep it where only the service reads it, and put the public key into the policy\n`,
  );
  io.exit(0);
}
