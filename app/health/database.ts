import { constants } from "node:fs";
import { access, readdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import pg from "pg";
import { messageOf } from "../../core/errors.ts";
import type { DatabaseFact } from "../../core/health/settings.ts";
import type { Config } from "../settings/config.ts";

/** How long a server may take to answer, in milliseconds. */
const timeoutMs = 10_000;

/**
 * Checks the database's location and changes nothing there. An embedded one is not opened: two processes in one folder
 * would destroy it, and the service may be running.
 */
export async function probeDatabase(database: Config["database"], cwd: string): Promise<DatabaseFact> {
  if ("url" in database) return { kind: "server", problem: await problemOf(database.url) };
  if (database.folder === null) return { kind: "memory" };
  return { kind: "folder", folder: database.folder, state: await stateOf(resolve(cwd, database.folder)) };
}

type FolderState = Extract<DatabaseFact, { kind: "folder" }>["state"];

async function stateOf(folder: string): Promise<FolderState> {
  const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => error.code ?? "");
  if (files === "ENOENT") return (await isWritable(dirname(folder))) ? "to-be-made" : "not-writable";
  if (typeof files === "string") return files === "ENOTDIR" ? "something-else" : "not-writable";
  if (!(await isWritable(folder))) return "not-writable";
  if (files.length === 0) return "to-be-made";
  return files.includes("PG_VERSION") ? "there" : "something-else";
}

/** Whether a folder, or its nearest existing parent, can be written to. */
async function isWritable(folder: string): Promise<boolean> {
  const code = await access(folder, constants.W_OK | constants.X_OK).then(
    () => null,
    (error: NodeJS.ErrnoException) => error.code,
  );
  if (code === "ENOENT" && dirname(folder) !== folder) return isWritable(dirname(folder));
  return code === null;
}

async function problemOf(url: string): Promise<string | null> {
  try {
    await probeServer(url);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

async function probeServer(url: string): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
  });
  // A broken connection is also reported as this event; the query below reports it anyway.
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("select 1");
  } finally {
    await client.end().catch(() => {});
  }
}
