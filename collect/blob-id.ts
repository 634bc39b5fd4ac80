import { createHash } from "node:crypto";

type Algorithm = "sha1" | "sha256";

/** The id that git gives to a file's content. */
export function blobId(content: Uint8Array, algorithm: Algorithm): string {
  return objectId("blob", content, algorithm);
}

/** The id that git gives to a folder, from its entries; `mode` has six digits. */
export function treeId(entries: readonly { name: string; mode: string; sha: string }[], algorithm: Algorithm): string {
  // Git orders a folder as if its name ended in a slash.
  const key = ({ mode, name }: { mode: string; name: string }) => Buffer.from(mode === "040000" ? `${name}/` : name);
  const keyed = entries.map((entry) => ({ entry, key: key(entry) }));
  keyed.sort((one, other) => Buffer.compare(one.key, other.key));
  const parts = keyed.flatMap(({ entry: { mode, name, sha } }) => [
    Buffer.from(`${mode.replace(/^0/, "")} ${name}\0`),
    Buffer.from(sha, "hex"),
  ]);
  return objectId("tree", Buffer.concat(parts), algorithm);
}

function objectId(type: string, content: Uint8Array, algorithm: Algorithm): string {
  return createHash(algorithm).update(`${type} ${content.length}\0`).update(content).digest("hex");
}
