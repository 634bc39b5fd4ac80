import { lstat, readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { type Known, known, unknown } from "../../core/known.ts";
import { archiveLimits, manifestName } from "../../core/ledger/archive.ts";

/**
 * Whether a folder is an imported ledger, and not a repository that happens to have a file with the manifest's name.
 */
export async function isLedgerFolder(dir: string): Promise<boolean> {
  const is = async (name: string) => (await lstat(join(dir, name)).catch(() => null)) !== null;
  return (await is(manifestName)) && !(await is(".git")) && !(await is("HEAD"));
}

/**
 * Reads every file of an imported ledger by its path, the manifest among them. Unknown when the folder holds a link or
 * another entry that is not a plain file, or more than a ledger may have. Everyone who can write to the folder may have
 * written the bytes.
 */
export async function readLedgerFolder(dir: string): Promise<Known<Map<string, Uint8Array>>> {
  const files = new Map<string, Uint8Array>();
  let bytes = 0;
  for (const entry of await readdir(dir, { withFileTypes: true, recursive: true })) {
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile()) return unknown(`${path} is no plain file, and a ledger has no others`);
    bytes += (await lstat(path)).size;
    if (bytes > archiveLimits.bytes || files.size > archiveLimits.files)
      return unknown(
        `${dir} holds more than ${archiveLimits.files} files or ${archiveLimits.bytes} bytes; no ledger is read that large`,
      );
    files.set(relative(dir, path).split(sep).join("/"), await readFile(path));
  }
  return known(files);
}
