import { expect, test } from "@jest/globals";
import { sql } from "kysely";
import { PgBoss } from "pg-boss";
import { startWorker } from "../../../app/queue/worker.ts";
import { openDatabase } from "../../../app/store/database.ts";
import { waitUntil } from "../../hosts/until.ts";

test("a try that gives its job up after another has taken it over leaves that one alone", async () => {
  const database = await openDatabase({ folder: null });
  const boss = new PgBoss({ ...database.queue, supervise: false, schedule: false });
  await boss.start();
  await boss.createQueue("work", { policy: "stately", retryLimit: 8, expireInSeconds: 60 });
  await boss.send("work", {}, { singletonKey: "one" });
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const signals: AbortSignal[] = [];
  const worker = startWorker(boss, "work", 2, {
    log: () => undefined,
    async run(_, signal) {
      signals.push(signal);
      if (signals.length > 1) await second.promise;
      else await first.promise;
      return signals[0] === signal ? "given-up" : "done";
    },
  });
  const state = async () => {
    const { rows } = await sql<{ state: string }>`select state from pgboss.job where name = 'work'`.execute(
      database.db,
    );
    return rows[0]?.state;
  };
  await waitUntil("the first try", async () => signals.length === 1);
  await sql`update pgboss.job set started_on = started_on - interval '2 minutes' where name = 'work'`.execute(
    database.db,
  );
  await boss.supervise("work");
  await waitUntil("the second try", async () => signals.length === 2);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  first.resolve();
  await new Promise((done) => setTimeout(done, 500));
  expect(await state()).toBe("active");
  second.resolve();
  await waitUntil("its end", async () => (await state()) === "completed");
  await worker.stop(0);
  await boss.stop({ graceful: false });
  await database.close();
});
