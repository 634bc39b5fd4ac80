import { createWriteStream, existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, statfs } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setFlagsFromString } from "node:v8";
import { gunzipSync } from "node:zlib";
import { PGlite } from "@electric-sql/pglite";
import { dataDir } from "@electric-sql/pglite-prepopulatedfs";
import { extract } from "tar-stream";
import { SallyportError } from "../../core/errors.ts";

/**
 * Opens the embedded PostgreSQL in a folder, or in memory when the folder is null. A new one starts from a prepared
 * copy: creating one takes four times as long and a gigabyte of memory.
 */
export async function openEmbedded(folder: string | null): Promise<PGlite> {
  for (const flag of compiledOnce) setFlagsFromString(flag);
  if (folder === null) return PGlite.create({ loadDataDir: await dataDir() });
  const release = await claim(folder);
  try {
    if (!existsSync(join(folder, "PG_VERSION"))) await begin(folder);
    const pglite = await PGlite.create({ dataDir: folder });
    // What fails is tried again; whoever watches for the end of the database hears of that.
    const timer = setInterval(() => void maintain(pglite, folder).catch(() => undefined), maintainedEachMs).unref();
    const close = pglite.close.bind(pglite);
    pglite.close = () => {
      clearInterval(timer);
      return close().finally(release);
    };
    return pglite;
  } catch (error) {
    release();
    throw error;
  }
}

/** How often the embedded database is maintained, in milliseconds: as often as a server makes a checkpoint. */
const maintainedEachMs = 300_000;

/** The least space that it is maintained with, in bytes: two files of the write-ahead log. */
const roomBytes = 32 * 1024 * 1024;

/**
 * Does what a server's own processes do and nobody does here: a checkpoint, after which the write-ahead log begins anew, a
 * vacuum of each table with many dead rows, whose space is taken again after that, and statistics of each that changed
 * much. Without them the folder grows as long as the process runs, fetching a job takes longer each day, and what is
 * rare is looked for in all rows. Every other statement waits meanwhile. On a full disk nothing is done: a checkpoint that
 * finds no space ends the database, where others only fail and go on once there is some.
 */
export async function maintain(pglite: Pick<PGlite, "query" | "exec">, folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < roomBytes) return;
  await pglite.exec("checkpoint");
  await pglite.query("select pg_stat_force_next_flush()");
  // A tenth of what a server takes as a sample: that takes a tenth of the time, and tells what is rare as well.
  await pglite.exec("set default_statistics_target = 10");
  // A fifth and a tenth of the rows, as autovacuum has it; what was counted before a start is not known. The parts of
  // long texts are in tables of their own: where a row is written anew again and again, those alone have many dead rows.
  const { rows } = await pglite.query<{ name: string }>(
    `select format('%I.%I', schemaname, relname) as name from pg_stat_all_tables where n_dead_tup > 1000 + n_live_tup / 5
       or schemaname <> 'pg_toast' and n_mod_since_analyze > 50 + n_live_tup / 10`,
  );
  for (const { name } of rows) await pglite.exec(`vacuum (analyze) ${name}`);
}

/**
 * Keeps a folder for this process, until it ends or gives it back: two processes in one would destroy what is there. The
 * process listens at a socket beside it, which the system ends with it, however it ends. Where there are no sockets, or
 * the path is too long for one, nobody is kept out.
 */
async function claim(folder: string): Promise<() => void> {
  await mkdir(dirname(folder), { recursive: true, mode: 0o700 });
  const path = `${folder}.lock`;
  const server = createServer((socket) => socket.destroy());
  const listening = () =>
    new Promise<string | undefined>((resolve) => {
      server.on("error", (error: NodeJS.ErrnoException) => resolve(error.code));
      server.listen(path, () => resolve(undefined));
    });
  if ((await listening()) === "EADDRINUSE") {
    if (await answers(path))
      throw new SallyportError(
        "bad-input",
        `another process has the database in ${folder} open: stop it first, or let DATABASE_FOLDER name another folder`,
      );
    // Of a process that was killed.
    await rm(path, { force: true });
    await listening();
  }
  server.unref();
  return () => void server.close();
}

/** Whether a process listens at a socket. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/**
 * Watches for the end of the embedded database. Where a server would end itself and start again, as when its log finds
 * no space, this one only reports an error and goes on in a broken state: its next answers are wrong, and then one never
 * comes. So nothing more is asked of it: every statement fails. Resolves with the reason once that is so.
 */
export function watchEnd(pglite: PGlite): Promise<Error> {
  const ended = Promise.withResolvers<Error>();
  let end: Error | null = null;
  const run = pglite.execProtocolStream.bind(pglite);
  pglite.execProtocolStream = async (...message) => {
    if (end !== null) throw end;
    return run(...message).catch((error: unknown) => {
      if (error instanceof Error && "severity" in error && (error.severity === "PANIC" || error.severity === "FATAL")) {
        end = new SallyportError("internal", `the embedded database ended itself: ${error.message}`, { cause: error });
        ended.resolve(end);
      }
      throw error;
    });
  };
  const transact = pglite.transaction.bind(pglite);
  pglite.transaction = (work) => {
    const transaction = transact(work);
    // Whoever waits hears of it; if it could not begin nobody waits yet, and the process would end without a word.
    transaction.catch(() => undefined);
    return transaction;
  };
  return ended.promise;
}

/**
 * WebAssembly is compiled once, without a second optimising compilation: that takes 600 MB for PostgreSQL's largest
 * function, and our queries do not get faster by it. The flags are V8's and apply to later compilations.
 */
const compiledOnce = ["--no-wasm-tier-up", "--no-wasm-dynamic-tiering"] as const;

/** The folder gets its name when it is complete, so that a partial one is never opened. */
async function begin(folder: string): Promise<void> {
  const there = await readdir(folder).catch(() => []);
  if (there.length > 0)
    throw new SallyportError(
      "bad-input",
      `${folder} holds other files and no database: let DATABASE_FOLDER name another folder`,
    );
  const part = `${folder}.part`;
  await rm(part, { recursive: true, force: true });
  const entries = extract();
  entries.end(gunzipSync(await (await dataDir()).arrayBuffer()));
  for await (const entry of entries) {
    const { name, type } = entry.header;
    const path = join(part, name);
    const above = type === "directory" ? path : dirname(path);
    await mkdir(above, { recursive: true, mode: 0o700 });
    if (type === "directory") entry.resume();
    else await pipeline(entry, createWriteStream(path, { mode: 0o600 }));
  }
  await rename(part, folder);
}
