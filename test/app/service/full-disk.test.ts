import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { sql } from "kysely";
import { linesFrom } from "../../../app/store/chain.ts";
import { openDatabase } from "../../../app/store/database.ts";
import { verifyChain } from "../../../core/ledger/verify.ts";
import { deliverTo } from "../../hosts/installed-app.ts";
import { postgresPrograms, startPostgres } from "../../hosts/postgres.ts";
import { type ServiceProcess, type ServiceProcesses, startProcesses } from "../../hosts/processes.ts";
import { hasSmallDisks, mountSmallDisk, type SmallDisk } from "../../hosts/small-disk.ts";
import { waitUntil } from "../../hosts/until.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A service's world beside a small disk that its store is to be put on. */
async function startWorld(): Promise<{ host: ServiceProcesses; disk: SmallDisk }> {
  const disk = mountSmallDisk(160);
  ends.push(disk.close);
  const host = await startProcesses({ policy: "gates:\n  diff-size: { files: 5 }\n" });
  ends.push(host.close);
  return { host, disk };
}

const readiness = async ({ url }: ServiceProcess) => (await fetch(`${url}/readyz`)).status;
const verdictsOn = ({ repository }: ServiceProcesses, sha: string) =>
  repository.runs.filter((one) => one.name === "sallyport" && one.suite.headSha === sha);
const hasVerdict = (host: ServiceProcesses, sha: string) =>
  waitUntil("the verdict", async () => verdictsOn(host, sha).some(({ conclusion }) => conclusion === "success"));

let number = 1_000;
/** Tells of an issue that is not there: a look at it records nothing. `bytes`: how much is stored. */
const deliver = (host: ServiceProcesses, { url }: ServiceProcess, bytes = 10) => {
  const payload = { action: "opened", repository: { id: host.repository.id }, issue: { number: number++ } };
  return deliverTo(url, payload, randomBytes(bytes / 2).toString("hex")).catch(() => null);
};

/** Delivers until that fails, and gives the answer; null: none came. What the store has taken already has some room. */
async function deliverUntilRefused(host: ServiceProcesses, service: ServiceProcess): Promise<number | null> {
  for (let tries = 0; tries < 1_500; tries++) {
    const status = await deliver(host, service, 12_000);
    if (status !== 200) return status;
  }
  throw new Error("the disk is not full");
}

/** What is recorded is one chain, and each verdict was given once. */
async function expectWhole(host: ServiceProcesses, database: Parameters<typeof openDatabase>[0], shas: string[]) {
  const { db, close } = await openDatabase(database);
  const lines = (await linesFrom(db, host.repository.id, 1)).map(({ line }) => line);
  await close();
  expect(verifyChain(lines, [{ key: host.key.publicKey }]).problems).toEqual([]);
  expect(shas.map((sha) => verdictsOn(host, sha).length)).toEqual(shas.map(() => 1));
}

const stores = ["the embedded database", "a PostgreSQL server"] as const;
const isThere = (store: string) => hasSmallDisks && (store === stores[0] || postgresPrograms !== null);
describe.each(stores)("the disk of %s is full", (store) => {
  (isThere(store) ? test : test.skip)(
    "S8: deliveries fail, and the service says so; with space again it goes on where it was",
    async () => {
      const { host, disk } = await startWorld();
      const server = store === stores[0] ? null : await startPostgres(disk.folder);
      if (server !== null) ends.push(server.close);
      const database =
        server === null ? { folder: join(disk.folder, "store") } : { url: await server.create("filled") };
      const service = await host.start(database);
      const before = await host.openPull("before");
      await hasVerdict(host, before.sha);
      // A look is under way when the space ends.
      const [reached, free] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      host.gate((what) => {
        if (!/^github .*pulls?\/2\b|^github .*"number":2\b/.test(what)) return;
        reached.resolve();
        return free.promise;
      });
      const during = await host.openPull("during");
      await reached.promise;
      disk.fill();
      expect(await deliverUntilRefused(host, service)).toBe(500);
      // A small delivery, of what the service itself did on GitHub, may still find room, and then it is ready again.
      await waitUntil("that it is not ready", async () => {
        await deliver(host, service, 12_000);
        return (await readiness(service)) === 503;
      });
      host.open();
      free.resolve();
      const statuses = [await deliver(host, service, 12_000), await deliver(host, service, 12_000)];
      expect({ statuses, isAlive: service.isAlive() }).toEqual({ statuses: [500, 500], isAlive: true });

      disk.empty();
      // It ends itself when its log finds no space, and whoever runs it starts it again.
      if (server !== null) await server.restart(0);
      await waitUntil("that it is ready", async () => (await readiness(service)) === 200);
      expect(await deliver(host, service)).toBe(200);
      await hasVerdict(host, during.sha);
      const after = await host.openPull("after");
      await hasVerdict(host, after.sha);
      service.signal("SIGTERM");
      expect(await service.exit).toBe(0);
      await expectWhole(host, database, [before.sha, during.sha, after.sha]);
    },
    120_000,
  );
});

/** The size of a file of the log, and how much it may be short of: nearer to its end the next one is made ahead. */
const [logFile, rest] = [16 * 1024 * 1024, 5 * 1024 * 1024];

/** Writes to the log of an embedded database until its last file is nearly full, and no other is there to follow it. */
async function fillLog(database: { folder: string }): Promise<void> {
  const setting = await openDatabase(database);
  // Files that are done with would wait to be used again.
  await sql`alter system set wal_recycle = off`.execute(setting.db);
  await setting.close();
  const { db, close } = await openDatabase(database);
  const { rows } = await sql<{ file: string; written: number }>`
    select pg_walfile_name(pg_current_wal_insert_lsn()) as file,
      ((pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint % ${sql.lit(logFile)})::int as written`.execute(db);
  const [now] = rows;
  if (now === undefined) throw new Error("it does not tell");
  const files = readdirSync(join(database.folder, "pg_wal")).filter((name) => /^[0-9A-F]{24}$/.test(name));
  const whole = files.filter((name) => name > now.file).length * logFile;
  const missing = Math.max(0, logFile - rest - now.written + whole);
  await sql`select pg_logical_emit_message(false, 'test', repeat('x', ${missing}::int))`.execute(db);
  await close();
}

(hasSmallDisks ? test : test.skip)(
  "S8: an embedded database that ended itself ends the service with a line that says why; with space it starts and goes on",
  async () => {
    const { host, disk } = await startWorld();
    const database = { folder: join(disk.folder, "store") };
    const first = await host.start(database);
    const before = await host.openPull("before");
    await hasVerdict(host, before.sha);
    first.signal("SIGTERM");
    await first.exit;
    await fillLog(database);
    const second = await host.start(database);
    // Enough for what is stored, and not for the next file of the log.
    disk.fill(12 * 1024 * 1024);
    await deliverUntilRefused(host, second);
    const begun = Date.now();
    expect(await second.exit).toBe(2);
    expect(Date.now() - begun).toBeLessThan(10_000);
    expect(second.log.filter((line) => line.startsWith("sallyport serve:"))).toEqual([
      expect.stringMatching(/^sallyport serve: the embedded database ended itself: .*No space left on device/),
    ]);
    expect(second.log.filter((line) => /^ +at |Node\.js v/.test(line))).toEqual([]);

    const during = await host.openPull("during");
    disk.empty();
    const third = await host.start(database);
    await hasVerdict(host, during.sha);
    third.signal("SIGTERM");
    expect(await third.exit).toBe(0);
    await expectWhole(host, database, [before.sha, during.sha]);
  },
  120_000,
);
