import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { createQueue } from "../../../app/queue/queue.ts";
import { openDatabase, transact } from "../../../app/store/database.ts";
import { failuresIn } from "../../hosts/log.ts";
import { postgresPrograms, startPostgres } from "../../hosts/postgres.ts";
import { waitUntil } from "../../hosts/until.ts";

const waves = 20;
const wave = 500;
const repositories = 20;

(postgresPrograms === null ? describe.skip : describe)("on a PostgreSQL server", () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(() => server.close());

  test("S5: a transaction that is held open while 10,000 looks are done leaves them at more than 200 a second", async () => {
    const url = await server.create("held_long");
    const database = await openDatabase({ url });
    const { db } = database;
    const log: string[] = [];
    let looked = 0;
    const queue = createQueue(database, { limitedUntil: () => null, secrets: async () => [], log: failuresIn(log) });
    const nothing = async () => undefined;
    const idle = { perform: async () => null, publish: nothing, enqueueMatching: nothing, sweep: nothing };
    await queue.start({ ...idle, reconcile: async () => void looked++ });
    // Its snapshot keeps every row that is done with, and it has locked a row that the service reads.
    await db.insertInto("searches").values({ repository: 1 }).execute();
    const holder = new pg.Client({ connectionString: url });
    await holder.connect();
    await holder.query("begin transaction isolation level repeatable read");
    await holder.query("select * from searches where repository = 1 for update");

    const milliseconds: number[] = [];
    for (let done = 0; done < waves * wave; done += wave) {
      const begun = Date.now();
      const subjects = Array.from({ length: wave }, (_, index) => ({
        ...{ kind: "pull" as const, repository: 1 + (index % repositories), number: 1 + index },
      }));
      await transact(db, (trx) => queue.enqueueNamed(trx, [{ subjects, searches: [] }]));
      await waitUntil(`${done + wave} looks`, async () => looked >= done + wave);
      milliseconds.push(Date.now() - begun);
    }
    // The server reads past each row that is done with and that the holder could still see, so they do get slower. A
    // ratio of early to late would say how busy the machine is: at first a wave only waits for the queue's next poll.
    const late = milliseconds.slice(-waves / 2).reduce((total, one) => total + one, 0);
    await holder.query("rollback");
    await holder.end();
    await queue.stop();
    await database.close();
    expect({ log, looked }).toEqual({ log: [], looked: waves * wave });
    const looksEachSecond = ((waves / 2) * wave) / (late / 1_000);
    expect(looksEachSecond).toBeGreaterThan(200);
  }, 180_000);

  test("what a transaction enqueues begins when that is over, and not half a second later", async () => {
    const database = await openDatabase({ url: await server.create("committed") });
    const queue = createQueue(database, { limitedUntil: () => null, secrets: async () => [], log: failuresIn([]) });
    let looked = 0;
    const nothing = async () => undefined;
    const idle = { perform: async () => null, publish: nothing, enqueueMatching: nothing, sweep: nothing };
    await queue.start({ ...idle, reconcile: async () => void looked++ });
    let waited = 0;
    for (let number = 1; number <= 6; number++) {
      await transact(database.db, async (trx) => {
        await queue.enqueue(trx, { kind: "pull", repository: 1, number });
        // As long as the rest of a decision takes.
        await sleep(30);
      });
      const begun = Date.now();
      await waitUntil("the look", async () => looked === number);
      waited += Date.now() - begun;
    }
    await queue.stop();
    await database.close();
    expect(waited).toBeLessThan(1_500);
  }, 60_000);
});
