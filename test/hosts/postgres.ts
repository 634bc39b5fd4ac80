/** A PostgreSQL server of this machine, for what the embedded one cannot show: several processes on one database. */
import { execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { freePort } from "../../app/demo/hosts.ts";
import { waitUntil } from "./until.ts";

const installed = "/usr/lib/postgresql";

/** Where the server's programs are; null on a machine without. */
export const postgresPrograms = existsSync(installed)
  ? (readdirSync(installed)
      .map((version) => join(installed, version, "bin"))
      .find((folder) => existsSync(join(folder, "initdb"))) ?? null)
  : null;

if (postgresPrograms === null) console.warn(`tests on a PostgreSQL server are skipped: there is none in ${installed}`);

/** `below`: the folder that its data is put into. */
export async function startPostgres(below = tmpdir()) {
  const programs = postgresPrograms ?? "";
  const dir = mkdtempSync(join(below, "postgres-"));
  // It refuses to run as root.
  const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  if (user.uid !== undefined) chownSync(dir, user.uid, user.gid);
  const data = join(dir, "data");
  const options = { ...user, stdio: "ignore", env: { PATH: process.env.PATH, HOME: dir, LC_ALL: "C" } } as const;
  execFileSync(join(programs, "initdb"), ["-D", data, "-A", "trust", "-U", "sallyport", "-N"], options);
  const port = await freePort();
  const begin = () => spawn(join(programs, "postgres"), ["-D", data, "-p", String(port), "-k", dir, "-F"], options);
  let server = begin();
  /** `fast`: open transactions are rolled back, and all connections end. `immediate`: as if the machine had. */
  const end = async (how: "fast" | "immediate" = "fast") => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = new Promise((resolve) => server.once("exit", resolve));
    server.kill(how === "fast" ? "SIGINT" : "SIGQUIT");
    await ended;
  };
  const url = (database: string) => `postgres://sallyport@127.0.0.1:${port}/${database}`;
  const ask = async (query: string) => {
    const client = new pg.Client({ connectionString: url("postgres") });
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.query(query);
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  };
  await waitUntil("the server's first answer", () => ask("select 1"));
  return {
    /** A new, empty database. */
    async create(name: string): Promise<string> {
      await ask(`create database ${name}`);
      return url(name);
    },
    /**
     * Ends every connection but the one that asks for it, as an administrator would, and waits until they have ended: a
     * delivery that comes while they do can find one after the other, and is then one for GitHub to send again.
     */
    disconnect() {
      const others = "from pg_stat_activity where pid <> pg_backend_pid()";
      // Within one query both name the same ones.
      return ask(`select pg_terminate_backend(pid) ${others}; select pg_terminate_backend(pid, 5000) ${others}`);
    },
    /** Stops the server, unless it ended itself, and starts it again after so many milliseconds. */
    async restart(pauseMs: number, how: "fast" | "immediate" = "fast") {
      await end(how);
      await sleep(pauseMs);
      server = begin();
      await waitUntil("the server's answer after its restart", () => ask("select 1"));
    },
    async close() {
      await end();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
