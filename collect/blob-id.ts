import { createHash } from "node:crypto";

/** The id that git gives to a file's content. */
export function blobId(content: Uint8Array, algorithm: "sha1" | "sha256"): string {
  return createHash(algorithm).update(`blob ${content.length}\0`).update(content).digest("hex");
}
