import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import type { QueueName } from "../../../app/queue/limits.ts";
import { linesFrom } from "../../../app/store/chain.ts";
import { type OpenDatabase, openDatabase } from "../../../app/store/database.ts";
import { readEntry } from "../../../core/ledger/entry.ts";
import { verifyChain } from "../../../core/ledger/verify.ts";
import { newKey } from "../../builders/ledger.ts";
import { postgresPrograms, startPostgres } from "../../hosts/postgres.ts";
import { type Recorder, startRecorder } from "../../hosts/recorder.ts";
import { waitUntil } from "../../hosts/until.ts";

const repository = 7;
const count = 150;
const { pem, publicKey } = newKey();

/** The numbers that entries of the chain name, in the order of the chain. */
async function recorded({ db }: OpenDatabase): Promise<number[]> {
  const lines = await linesFrom(db, repository, 1);
  return lines.flatMap(({ line }) => {
    const read = readEntry(line);
    return read.ok && typeof read.entry.body.issue === "number" ? [read.entry.body.issue] : [];
  });
}

// Skipped where no PostgreSQL is installed.
(postgresPrograms === null ? describe.skip : describe)("on a PostgreSQL server, each look is recorded once", () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(() => server.close());
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  const open = async (name: string) => {
    const url = await server.create(name);
    const database = await openDatabase({ url });
    ends.push(database.close);
    return { url, database };
  };
  const startOn = async (database: OpenDatabase, queues?: ReadonlySet<QueueName>) => {
    const recorder = await startRecorder(database, repository, pem, queues);
    ends.push(recorder.stop);
    return recorder;
  };

  /** Enqueues looks, does something once some of them are recorded, and waits for all. */
  async function lookDuring(database: OpenDatabase, recorder: Recorder, fault: () => Promise<unknown>) {
    for (let number = 1; number <= count; number++) await recorder.enqueue(number);
    await waitUntil("the first looks", async () => (await recorded(database)).length >= 20);
    await fault();
    await waitUntil("all looks", async () => (await recorded(database).catch(() => [])).length >= count);
    const all = Array.from({ length: count }, (_, index) => index + 1);
    expect((await recorded(database)).toSorted((one, other) => one - other)).toEqual(all);
    // No gap and no fork: each entry follows the one before it.
    const lines = await linesFrom(database.db, repository, 1);
    expect(
      verifyChain(
        lines.map(({ line }) => line),
        [{ key: publicKey }],
      ),
    ).toMatchObject({ problems: [] });
  }

  test.each<[string, () => Promise<unknown>]>([
    ["all connections end", () => server.disconnect()],
    ["the server is restarted", () => server.restart(1_500)],
  ])(
    "while %s in the middle of decisions",
    async (name, fault) => {
      const { database } = await open(name.replaceAll(" ", "_"));
      await lookDuring(database, await startOn(database), fault);
    },
    150_000,
  );

  test("while a process is killed, and another takes its looks over", async () => {
    const { url, database } = await open("killed");
    const host = join(import.meta.dirname, "../../hosts/recorder.ts");
    const first = fork(host, [url, String(repository), pem], { execArgv: ["--no-warnings"] });
    ends.push(async () => first.kill("SIGKILL"));
    await once(first, "message");
    await lookDuring(database, await startOn(database, new Set()), async () => {
      first.kill("SIGKILL");
      await once(first, "exit");
      await startOn(database);
    });
  }, 150_000);

  test("while somebody holds a transaction open", async () => {
    const { url, database } = await open("held");
    const holder = new pg.Client({ connectionString: url });
    ends.push(() => holder.end());
    await holder.connect();
    await holder.query("begin transaction isolation level repeatable read");
    await holder.query("select 1");
    await lookDuring(database, await startOn(database), () => sleep(0));
  }, 150_000);
});
