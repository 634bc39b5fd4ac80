import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "@jest/globals";
import { sql } from "kysely";
import { PgBoss } from "pg-boss";
import { withinTime } from "../../../app/queue/job.ts";
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

/** A worker of six places on a queue that gives these jobs, and how long it waited from one question to the next. */
function startIdle(batches: { id: string; groupId: string }[][], run: (id: string) => Promise<void>) {
  const asked: number[] = [];
  const boss = {
    async fetch() {
      asked.push(performance.now());
      await sleep(1 + Math.random() * 10);
      return batches.shift() ?? [];
    },
    complete: async () => ({}),
    touch: async () => ({}),
  };
  const worker = startWorker(boss as unknown as PgBoss, "work", 6, {
    log: () => undefined,
    run: async ({ id }) => run(id).then(() => "done"),
  });
  return { worker, waits: () => asked.slice(1).map((at, index) => at - (asked[index] ?? 0)) };
}

test("idle workers ask twice a second for what other processes enqueue", async () => {
  const idle = Array.from({ length: 20 }, () => startIdle([], async () => undefined));
  await sleep(5_000);
  await Promise.all(idle.map(({ worker }) => worker.stop(0)));
  const late = idle.flatMap(({ waits }) => waits()).filter((ms) => ms > 800);
  expect(late.length).toBeLessThan(4);
});

test("an end that frees no place for others makes a worker ask no later for what other processes enqueue", async () => {
  const of = (groupId: string, ...ids: string[]) => ids.map((id) => ({ id, groupId }));
  const free = Promise.withResolvers<void>();
  const { worker, waits } = startIdle([of("7", "1", "2", "3"), of("8", "4")], (id) =>
    id === "1" ? sleep(400) : free.promise,
  );
  await sleep(1_500);
  free.resolve();
  await worker.stop(1_000);
  expect(Math.max(...waits())).toBeLessThan(750);
});

test("the signal of a job that has ended is forgotten, also where it was combined with the service's own", async () => {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const service = new AbortController();
  const signals: WeakRef<AbortSignal>[] = [];
  for (let job = 0; job < 20; job++)
    await withinTime(600, new AbortController().signal, async (signal) => {
      signals.push(new WeakRef(signal));
      expect(AbortSignal.any([signal, service.signal]).aborted).toBe(false);
    });
  await waitUntil("that they are forgotten", async () => {
    collect();
    return signals.every((signal) => signal.deref() === undefined);
  });
});

test("a job is told when its time is over, and what is kept of that is the reason", async () => {
  const signal = await withinTime(0.01, new AbortController().signal, async (one) => {
    await new Promise((resolve) => one.addEventListener("abort", resolve));
    return one;
  });
  expect(signal.reason.name).toBe("TimeoutError");
});

test("where one job of a repository was found that nobody knew of, its others are asked for at once", async () => {
  const of = (groupId: string, ...ids: string[]) => ids.map((id) => ({ id, groupId }));
  const free = Promise.withResolvers<void>();
  const begun: [string, number][] = [];
  const { worker } = startIdle([of("7", "1", "2", "3"), [], of("8", "4"), of("8", "5")], (id) => {
    begun.push([id, performance.now()]);
    return id === "1" ? sleep(50) : free.promise;
  });
  await sleep(1_000);
  free.resolve();
  await worker.stop(1_000);
  const at = new Map(begun);
  expect((at.get("5") ?? Number.POSITIVE_INFINITY) - (at.get("4") ?? 0)).toBeLessThan(450);
});
