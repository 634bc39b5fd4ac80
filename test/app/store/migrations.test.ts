import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { sql } from "kysely";
import pg from "pg";
import { createQueue } from "../../../app/queue/queue.ts";
import { unpublished } from "../../../app/store/chain.ts";
import { openDatabase } from "../../../app/store/database.ts";
import { takeNamed } from "../../../app/store/deliveries.ts";
import { failuresIn } from "../../hosts/log.ts";
import { postgresPrograms, startPostgres } from "../../hosts/postgres.ts";

const versionOf = async (db: Awaited<ReturnType<typeof openDatabase>>["db"]) =>
  (await sql<{ version: number }>`select version from schema_version`.execute(db)).rows;

test.each([
  ["postgres://u:hun/ter2@127.0.0.1/db", "DATABASE_URL is no address of a PostgreSQL server: write postgres://"],
  ["127.0.0.1/db", "DATABASE_URL is no address of a PostgreSQL server: write postgres://"],
  ["mysql://127.0.0.1/db", "DATABASE_URL is no address of a PostgreSQL server: write postgres://"],
  ["postgres://u:hunter2@127.0.0.1:9/db", "connect ECONNREFUSED 127.0.0.1:9"],
])("%s is refused in words of ours, without what is in it", async (url, words) => {
  const error: unknown = await openDatabase({ url }).catch((one: unknown) => one);
  expect(error).toMatchObject({ code: "bad-input", message: expect.stringContaining(words) });
  expect(String(error)).not.toMatch(/hun.?ter2/);
});

// Skipped where no PostgreSQL is installed.
(postgresPrograms === null ? describe.skip : describe)("on a PostgreSQL server", () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(() => server.close());

  const startOn = async (url: string) => {
    const database = await openDatabase({ url });
    const log: string[] = [];
    const looked: number[] = [];
    const queue = createQueue(database, {
      limitedUntil: () => null,
      secrets: async () => [],
      log: failuresIn(log),
    });
    const nothing = async () => undefined;
    await queue.start({
      reconcile: async ({ number }) => void looked.push(number),
      perform: async () => null,
      publish: nothing,
      enqueueMatching: nothing,
      sweep: nothing,
    });
    return { database, queue, log, looked };
  };

  test("S5: three that start together on an empty database all live, and share the work", async () => {
    const url = await server.create("together");
    const all = await Promise.all([startOn(url), startOn(url), startOn(url)]);
    const [first] = all;
    for (let number = 0; number < 60; number++) await first?.queue.enqueueNow({ kind: "pull", repository: 1, number });
    const looked = () => all.flatMap((one) => one.looked);
    for (let waits = 0; waits < 100 && looked().length < 60; waits++)
      await new Promise((done) => setTimeout(done, 100));
    for (const { queue, database } of all) {
      await queue.stop();
      await database.close();
    }
    expect(looked().toSorted((one, other) => one - other)).toEqual(Array.from({ length: 60 }, (_, number) => number));
    expect(all.flatMap(({ log }) => log)).toEqual([]);
  }, 60_000);

  test("S5: what a version before versions made is taken over", async () => {
    const url = await server.create("older");
    const before = await openDatabase({ url });
    await sql`drop table schema_version`.execute(before.db);
    await before.db.insertInto("chains").values({ repository: 7, seq: 3, hash: "h" }).execute();
    await sql`insert into deliveries (guid, event, named) values ('1', 'issues', '{"subjects":[]}')`.execute(before.db);
    await before.close();
    const after = await openDatabase({ url });
    expect(await unpublished(after.db)).toEqual([7]);
    const waiting = await sql<{ named: string }>`select named from waiting_names`.execute(after.db);
    expect(waiting.rows).toEqual([{ named: '[{"subjects":[]}]' }]);
    await sql`update schema_version set version = 1000`.execute(after.db);
    await after.close();
    const newer = await openDatabase({ url });
    expect(await versionOf(newer.db)).toEqual([{ version: 1000 }]);
    await newer.close();
  }, 60_000);

  test("what an older process stores between the statements that move what waits is still there", async () => {
    const url = await server.create("between");
    const before = await openDatabase({ url });
    await sql`update schema_version set version = version - 2`.execute(before.db);
    await sql`insert into deliveries (guid, event, named) values ('1', 'issues', '1')`.execute(before.db);
    // It stores the next one as soon as the first is moved.
    await sql`create function store_next() returns trigger language plpgsql as
      $$ begin insert into deliveries (guid, event, named) values ('2', 'issues', '2'); return null; end $$`.execute(
      before.db,
    );
    await sql`create trigger store_next after insert on waiting_names execute function store_next()`.execute(before.db);
    await before.close();
    const { db, close } = await openDatabase({ url });
    const { lists } = await db.transaction().execute((trx) => takeNamed(trx));
    expect(lists.toSorted()).toEqual(["[1]", "[2]"]);
    await close();
  }, 60_000);

  test("a table that takes its time to be brought to the newest version is waited for, and a lock only for a while", async () => {
    const url = await server.create("large");
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(`create sequence indexes; create function take_time() returns event_trigger language plpgsql as
      $$ begin if nextval('indexes') = 1 then perform pg_sleep(26); end if; end $$;
      create event trigger slow on ddl_command_start when tag in ('CREATE INDEX') execute function take_time()`);
    const { close } = await openDatabase({ url });
    await close();
    await client.query("begin; lock table schema_version in access exclusive mode");
    await expect(openDatabase({ url })).rejects.toThrow(
      "the database cannot be opened: canceling statement due to lock",
    );
    await client.query("rollback");
    await client.end();
  }, 120_000);

  test("S8: every call has a deadline that the server itself keeps", async () => {
    const { db, close } = await openDatabase({ url: await server.create("slow") });
    const settings = sql<{ name: string; setting: string }>`
      select name, setting from pg_settings
      where name in ('statement_timeout', 'idle_in_transaction_session_timeout') order by name`;
    expect((await settings.execute(db)).rows.map(({ setting }) => Number(setting))).toEqual([60_000, 20_000]);
    await close();
  }, 60_000);
});
