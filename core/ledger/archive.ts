import { sha256 } from "../digest.ts";
import { canonicalJson, isObject, parseCanonicalJson } from "../json.ts";
import { bodyPath, segmentEntries, segmentPath } from "./branch.ts";

/** The first file of an exported ledger. It lists the others, so that a lost or changed file is noticed. */
export const manifestName = "manifest.json";

/** An exported ledger beyond these limits is rejected. */
export const archiveLimits = { bytes: 1_000_000_000, files: 100_000, fileBytes: 100 * 1024 * 1024 } as const;

/** The files of an exported ledger besides the manifest, by name. */
export type Manifest = ReadonlyMap<string, { bytes: number; sha256: string }>;

/** Whether a name belongs in an exported ledger: a segment or a body, spelled exactly as we spell it. */
export function isArchiveName(name: string): boolean {
  const digits = /^ledger\/([0-9]{4,9})\.jsonl$/.exec(name)?.[1];
  if (digits !== undefined) return Number(digits) > 0 && name === segmentPath(Number(digits) * segmentEntries);
  const sha256 = /^bodies\/[0-9a-f]{2}\/([0-9a-f]{64})$/.exec(name)?.[1];
  return sha256 !== undefined && name === bodyPath(sha256);
}

/** Builds the manifest of these files: the same files give the same bytes. */
export function manifestText(files: ReadonlyMap<string, Uint8Array>): string {
  const list = [...files].map(([name, content]) => [name, describe(content)] as const);
  return `${canonicalJson({ files: Object.fromEntries(list), version: 1 })}\n`;
}

function describe(content: Uint8Array): { bytes: number; sha256: string } {
  return { bytes: content.byteLength, sha256: sha256(content) };
}

/**
 * Reads a manifest; null if it is invalid, names a file that is not a ledger's, or exceeds the limits. Anybody may have
 * written it.
 */
export function readManifest(content: Uint8Array): Manifest | null {
  const text = Buffer.from(content).toString();
  const value = text.endsWith("\n") ? parseCanonicalJson(text.slice(0, -1)) : undefined;
  if (!isObject(value) || value.version !== 1 || !isObject(value.files) || Object.keys(value).length !== 2) return null;
  const manifest = new Map<string, { bytes: number; sha256: string }>();
  let sum = 0;
  for (const [name, file] of Object.entries(value.files)) {
    if (!isArchiveName(name) || !isObject(file) || Object.keys(file).length !== 2) return null;
    const { bytes, sha256 } = file;
    if (typeof bytes !== "number" || !Number.isSafeInteger(bytes) || bytes < 0 || typeof sha256 !== "string")
      return null;
    sum += bytes;
    if (bytes > archiveLimits.fileBytes || sum > archiveLimits.bytes) return null;
    manifest.set(name, { bytes, sha256 });
  }
  return manifest.size > archiveLimits.files ? null : manifest;
}

/** Why a file differs from the manifest's entry for its name; null if it does not. */
export function fileProblem(manifest: Manifest, name: string, content: Uint8Array): string | null {
  const promised = manifest.get(name);
  if (promised === undefined) return `${JSON.stringify(name)} is not in the manifest`;
  const { bytes, sha256 } = describe(content);
  if (bytes !== promised.bytes) return `${name} has ${bytes} bytes and not ${promised.bytes} as the manifest says`;
  return sha256 === promised.sha256 ? null : `${name} is not the content that the manifest describes`;
}

/** Which file of the manifest is missing among the given names; null if none is. */
export function missingProblem(manifest: Manifest, names: ReadonlySet<string>): string | null {
  const missing = [...manifest.keys()].find((name) => !names.has(name));
  return missing === undefined ? null : `${missing} is missing: the copy is not whole`;
}
