import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import { messageOf } from "../../../core/errors.ts";
import {
  archiveLimits,
  fileProblem,
  isArchiveName,
  type Manifest,
  manifestName,
  missingProblem,
  readManifest,
} from "../../../core/ledger/archive.ts";

/** The most bytes of an archive file: its content and, for each entry, a header and padding to a block. */
const archiveBytes = archiveLimits.bytes + (archiveLimits.files + 2) * 1_536;

/** Why an archive is refused, in one line. */
export type ArchiveReading = { ok: true } | { ok: false; why: string };

/**
 * Reads an exported ledger's archive entry by entry and passes each to `keep`. An entry must be a plain file with a
 * ledger's file name, occur once, and match the manifest, which comes first. `keep` may have been called before a
 * refusal. Anybody may have written the archive; it may be hostile.
 */
export async function readArchive(
  path: string,
  keep: (name: string, content: Buffer) => Promise<void>,
): Promise<ArchiveReading> {
  const { size } = await stat(path);
  if (size > archiveBytes) return refuse(`it has ${size} bytes, and no ledger is read that large`);
  const entries = extract();
  // Ends when the archive is read, or with the refusal below; its own failure adds nothing then.
  const feeding = pipeline(createReadStream(path), entries).catch(() => undefined);
  let manifest: Manifest | null = null;
  const seen = new Set<string>();
  try {
    for await (const entry of entries) {
      const { header } = entry;
      const wrong = headerProblem(header, manifest, seen);
      if (wrong !== null) return refuse(wrong);
      const content = await contentOf(entry);
      seen.add(header.name);
      if (manifest === null) {
        manifest = readManifest(content);
        if (manifest === null)
          return refuse(
            `its ${manifestName} is none, or names what no ledger has, more than ${archiveLimits.files} files, or more than ${archiveLimits.bytes} bytes`,
          );
      } else {
        const other = fileProblem(manifest, header.name, content);
        if (other !== null) return refuse(other);
      }
      await keep(header.name, content);
    }
  } catch (error) {
    return refuse(`it is no whole tar archive: ${messageOf(error)}`);
  } finally {
    await feeding;
  }
  if (manifest === null) return refuse("it is empty");
  const missing = missingProblem(manifest, seen);
  return missing === null ? { ok: true } : refuse(missing);
}

function refuse(why: string): ArchiveReading {
  return { ok: false, why };
}

/** The problem that an entry's header alone shows, before any content is read. */
function headerProblem(
  header: { name: string; type: string; size: number },
  manifest: Manifest | null,
  seen: ReadonlySet<string>,
): string | null {
  const { name, type, size } = header;
  const shown = JSON.stringify(name);
  if (type !== "file") return `${shown} is a ${type}; only plain files belong there`;
  if (seen.has(name)) return `${shown} is there twice`;
  if (manifest === null) {
    if (name !== manifestName) return `it begins with ${shown} and not with ${manifestName}`;
    return size > archiveLimits.fileBytes ? `its ${manifestName} has ${size} bytes` : null;
  }
  if (!isArchiveName(name)) return `${shown} is no name that a ledger has`;
  const promised = manifest.get(name);
  if (promised === undefined) return `${shown} is not in the manifest`;
  return size === promised.bytes ? null : `${name} has ${size} bytes and not ${promised.bytes} as the manifest says`;
}

async function contentOf(entry: AsyncIterable<unknown>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of entry) if (part instanceof Uint8Array) parts.push(part);
  return Buffer.concat(parts);
}
