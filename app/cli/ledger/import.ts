import { lstat, mkdir, mkdtemp, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Io } from "../../terminal/io.ts";
import { readArchive } from "./archive.ts";
import { stop } from "./input.ts";

/**
 * `ledger import`: unpacks an exported ledger into a folder that must not exist yet. It unpacks into a staging folder
 * and renames that once everything is in order, so that a refusal leaves nothing behind.
 */
export async function importArchive(io: Io, name: string, into: string): Promise<void> {
  const refuse = (message: string, status: 1 | 2) => stop(io, "import", message, status);
  const [archive, target] = [resolve(io.cwd, name), resolve(io.cwd, into)];
  const taken = `${target} exists already and is never replaced; name another folder`;
  if (!(await stat(archive).catch(() => null))?.isFile()) return refuse(`${archive} is no file`, 2);
  if ((await lstat(target).catch(() => null)) !== null) return refuse(taken, 2);
  const staging = await mkdtemp(`${target}.`).catch(() => null);
  if (staging === null) return refuse(`${dirname(target)} cannot be written to`, 2);
  try {
    let files = 0;
    const read = await readArchive(archive, async (path, content) => {
      // The reader passes only a ledger's file names, each once.
      await mkdir(dirname(join(staging, path)), { recursive: true });
      await writeFile(join(staging, path), content, { flag: "wx" });
      files += 1;
    });
    if (!read.ok) return refuse(`${archive} is refused: ${read.why}`, 1);
    // Fails if somebody made the folder meanwhile; our own empty one can be replaced atomically.
    if ((await mkdir(target).catch(() => null)) === null) return refuse(taken, 2);
    await rename(staging, target);
    io.out(`${target}: files ${files}; verify them with \`sallyport ledger verify ${into} --key <public key>\`\n`);
    io.exit(0);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}
