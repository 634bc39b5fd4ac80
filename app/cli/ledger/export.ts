import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { pack } from "tar-stream";
import { isArchiveName, manifestName, manifestText } from "../../../core/ledger/archive.ts";
import { readSegments, wrongBodies } from "../../../core/ledger/branch.ts";
import { fileProblem } from "../../terminal/file-problem.ts";
import type { Io } from "../../terminal/io.ts";
import { stop } from "./input.ts";
import { openLedger } from "./place.ts";

/** `ledger export`: one archive of all segments and bodies; the same ledger gives the same bytes. */
export async function exportArchive(io: Io, name: string, out: string): Promise<void> {
  const read = await openLedger(io.cwd, name);
  if (!read.ok) return stop(io, "export", read.why, read.status);
  const { files } = read.source;
  const kept = [...files].filter(([path]) => isArchiveName(path)).sort(([one], [other]) => (one < other ? -1 : 1));
  const reading = readSegments(files);
  const [wrong] = wrongBodies(files);
  if (!reading.ok) return stop(io, "export", `the ledger is broken: ${reading.message}`, 1);
  if (wrong !== undefined)
    return stop(io, "export", `the ledger is broken: ${JSON.stringify(wrong)} is not what its name says`, 1);
  if (reading.lines.length === 0) return stop(io, "export", "the ledger has no entry", 1);

  const target = resolve(io.cwd, out);
  const failure = await writeArchive(target, [[manifestName, Buffer.from(manifestText(new Map(kept)))], ...kept]);
  if (failure !== null) return stop(io, "export", `${target} ${failure}`, 2);
  io.out(`${target}: entries ${reading.lines.length}, files ${kept.length}\n`);
  io.exit(0);
}

/** Writes a new file and returns null, or the problem. An existing file is never replaced. */
async function writeArchive(target: string, files: readonly (readonly [string, Uint8Array])[]): Promise<string | null> {
  const archive = pack();
  // Owner and time are not part of the ledger; real values would make each copy differ.
  const header = { mode: 0o644, uid: 0, gid: 0, uname: "", gname: "", mtime: new Date(0), type: "file" } as const;
  for (const [name, content] of files) archive.entry({ ...header, name, size: content.byteLength }, content);
  archive.finalize();
  const file = createWriteStream(target, { flags: "wx" });
  let isOurs = false;
  file.once("open", () => {
    isOurs = true;
  });
  try {
    await pipeline(archive, file);
    return null;
  } catch (error) {
    if (isOurs) await rm(target, { force: true });
    const taken = typeof error === "object" && error !== null && "code" in error && error.code === "EEXIST";
    return taken
      ? "exists already and is never replaced; name another file"
      : `cannot be written: ${fileProblem(error)}`;
  }
}
