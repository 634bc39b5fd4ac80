import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, lstat, mkdir, mkdtemp, opendir, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bareEnvironment, nobody } from "./bubblewrap.ts";

/** The user and group of programs inside, on this machine: ours, unless we are root. */
export const owner = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};

/**
 * A folder of one run: its work tree, the few files that stand for `/etc`, a place for the rules of what is left out, and
 * one for the relay's socket.
 */
export type RunFolder = { work: string; etc: string; rules: string; socket: string; remove(): Promise<void> };

const etcFiles = {
  passwd: "agent:x:1000:1000:agent:/home/agent:/bin/sh\n",
  group: "agent:x:1000:\n",
  hosts: "127.0.0.1 localhost\n",
  "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
};

/** How the names of runs' folders begin. */
const prefix = "sallyport-run-";

/** After how long no run is at work in its folder any more, in milliseconds: it takes less than a day. */
const overMs = 2 * 86_400_000;

/** Makes the folder of a run below the machine's folder for temporary files. */
export async function makeRunFolder(): Promise<RunFolder> {
  await removeLeft();
  const folder = await mkdtemp(join(tmpdir(), prefix));
  const [work, etc, rules] = [join(folder, "work"), join(folder, "etc"), join(folder, "rules")];
  await mkdir(work, { mode: 0o700 });
  await mkdir(etc);
  await mkdir(rules);
  for (const [name, text] of Object.entries(etcFiles)) await writeFile(join(etc, name), text);
  // Another user has to find the files by their paths, which it cannot list.
  await chmod(folder, 0o711);
  await give(work);
  return { work, etc, rules, socket: join(folder, "model.sock"), remove: () => removeTree(folder) };
}

/** Gives a file or folder to the programs' user. */
export async function give(path: string): Promise<void> {
  if (owner.uid !== undefined) await chown(path, owner.uid, owner.gid);
}

/**
 * Removes the folders that processes left which were killed: each can hold what a project installs. One that cannot be
 * removed, as when another process removes it too, holds up no run.
 */
async function removeLeft(): Promise<void> {
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    if (!name.startsWith(prefix)) continue;
    const path = join(tmpdir(), name);
    const found = await lstat(path).catch(() => null);
    // Others may make what they like there, as a link to somebody's files.
    const isOurs = found?.isDirectory() === true && found.uid === process.getuid?.();
    if (isOurs && Date.now() - found.mtimeMs > overMs) await removeTree(path).catch(() => undefined);
  }
}

/**
 * Removes a folder that a program wrote to. It may have nested folders deeper than a path can be long, or closed them,
 * which the system's own tools are made for; they follow no link.
 */
async function removeTree(folder: string): Promise<void> {
  for (const argv of [
    ["chmod", "-R", "u+rwX", "--", folder],
    ["rm", "-rf", "--", folder],
  ]) {
    const [program = "", ...args] = argv;
    await once(spawn(program, args, { env: bareEnvironment, stdio: "ignore" }), "close");
  }
}

/** The bytes that a folder takes on the disk, or that it has become larger than a limit; links are not followed. */
export async function sizeOf(folder: string, limit: number): Promise<number> {
  let size = 0;
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined && size <= limit; next = folders.pop()) {
    // What is gone or closed meanwhile counts again when it is looked for next, or at the end.
    const entries = await opendir(next).catch(() => null);
    if (entries === null) continue;
    for await (const entry of entries) {
      const path = join(next, entry.name);
      if (entry.isDirectory()) folders.push(path);
      const stat = await lstat(path).catch(() => null);
      // A file without content takes its place too.
      size += Math.max(4_096, (stat?.blocks ?? 0) * 512);
      if (size > limit) break;
    }
  }
  return size;
}
