import { constants } from "node:fs";
import { chmod, mkdir, open, readdir, readlink, symlink, writeFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { sha256 } from "../../core/digest.ts";
import { messageOf } from "../../core/errors.ts";
import { give } from "./run-folder.ts";

/** A file of a commit: `mode` as git writes it. */
export type LaidFile = { path: string; mode: string; content: Uint8Array };

/** What was laid, by path: the digest of a file's content, or of a link's target. */
export type Laid = ReadonlyMap<string, { sha256: string; isLink: boolean }>;

/** How a program left the tree: every file that differs; `content` null: it is gone. A program wrote all of it. */
export type TreeChanges =
  | { ok: true; files: { path: string; content: Buffer | null }[] }
  | { ok: false; path: string; why: string };

/** Nobody keeps git's own folder in git, and a program's report is no part of its change. */
const leftOut = new Set([".git", ".sallyport"]);

/** The folder of installed packages. */
const packages = "node_modules";

/** How many files may be added, the largest one that may change, all changed ones together, and how deep folders go. */
const limits = { added: 50_000, fileBytes: 2_000_000, allBytes: 20_000_000, depth: 64 } as const;

/** Lays the files of a commit into an empty folder, and links only where they stay inside. */
export async function layTree(folder: string, files: readonly LaidFile[]): Promise<Laid> {
  const laid = new Map<string, { sha256: string; isLink: boolean }>();
  const made = new Set([folder]);
  const makeFolder = async (path: string): Promise<void> => {
    if (made.has(path)) return;
    await makeFolder(dirname(path));
    await mkdir(path);
    await give(path);
    made.add(path);
  };
  const isLink = ({ mode }: LaidFile) => mode === "120000";
  // Links come last: nothing is written through one.
  for (const file of [...files.filter((one) => !isLink(one)), ...files.filter(isLink)]) {
    const path = join(folder, file.path);
    const target = Buffer.from(file.content).toString("utf8");
    if (isLink(file) && isOutside(file.path, target)) continue;
    await makeFolder(dirname(path));
    if (isLink(file)) await symlink(target, path);
    else {
      await writeFile(path, file.content, { flag: "wx" });
      await chmod(path, file.mode === "100755" ? 0o755 : 0o644);
      await give(path);
    }
    laid.set(file.path, { sha256: sha256(file.content), isLink: isLink(file) });
  }
  return laid;
}

function isOutside(path: string, target: string): boolean {
  return target.startsWith("/") || normalize(join(dirname(path), target)).startsWith("..");
}

/**
 * Compares a folder with what was laid in it, after every process in it has ended. Nothing is followed: a link or device
 * that is new or changed refuses the whole, and so do files that are too many or too large.
 * `isIgnored` tells which new files are by-products; `isInstalled`: packages that were not laid are by-products too.
 */
export async function readChanges(
  folder: string,
  laid: Laid,
  isIgnored: (paths: readonly string[]) => Promise<ReadonlySet<string>>,
  isInstalled = false,
): Promise<TreeChanges> {
  const hasPackages = [...laid.keys()].some((path) => path.startsWith(`${packages}/`));
  const found = await listFiles(folder, laid.size + limits.added, isInstalled && !hasPackages ? packages : null);
  if (!found.ok) return found;
  const paths = found.files.filter((path) => !laid.has(path));
  const ignored = await isIgnored(paths);
  const files: { path: string; content: Buffer | null }[] = [];
  let bytes = 0;
  for (const path of found.files) {
    if (ignored.has(path)) continue;
    const refuse = (why: string): TreeChanges => ({ ok: false, path, why });
    const before = laid.get(path);
    const target = before?.isLink === true ? await readlink(join(folder, path)).catch(() => null) : null;
    if (target !== null && sha256(target) === before?.sha256) continue;
    // What was laid has at most the same size.
    const content = await readPlain(join(folder, path), limits.fileBytes);
    if (content === null) return refuse(`is a link, no plain file, or has more than ${limits.fileBytes} bytes`);
    if (before?.isLink === false && sha256(content) === before.sha256) continue;
    bytes += content.length;
    if (bytes > limits.allBytes) return refuse(`is one of more than ${limits.allBytes} changed bytes`);
    files.push({ path, content });
  }
  const there = new Set(found.files);
  for (const path of laid.keys()) if (!there.has(path)) files.push({ path, content: null });
  return { ok: true, files };
}

/** A file that is no link, and no pipe that would keep its reader waiting. */
export async function readPlain(path: string, limit: number): Promise<Buffer | null> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch(() => null);
  if (file === null) return null;
  try {
    const stat = await file.stat();
    return stat.isFile() && stat.size <= limit ? await file.readFile() : null;
  } finally {
    await file.close();
  }
}

/** All that is in a folder and is no folder, by paths within it. A name that is not UTF-8 names nothing that can be read. */
async function listFiles(
  folder: string,
  most: number,
  without: string | null,
): Promise<{ ok: true; files: string[] } | Extract<TreeChanges, { ok: false }>> {
  const files: string[] = [];
  const folders = [""];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    const path = next;
    const refuse = (why: string) => ({ ok: false as const, path, why });
    if (path.split("/").length > limits.depth) return refuse("is nested too deep");
    try {
      for (const entry of await readdir(join(folder, path), { withFileTypes: true, encoding: "utf8" })) {
        if (leftOut.has(entry.name) && entry.isDirectory()) continue;
        const own = path === "" ? entry.name : `${path}/${entry.name}`;
        if (own === without && entry.isDirectory()) continue;
        if (entry.isDirectory()) folders.push(own);
        else files.push(own);
        if (files.length + folders.length > most) return refuse("is in a tree of too many files");
      }
    } catch (error) {
      return refuse(`cannot be listed: ${messageOf(error)}`);
    }
  }
  return { ok: true, files: files.sort() };
}
