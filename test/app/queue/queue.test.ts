import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "@jest/globals";
import { sql } from "kysely";
import { waitFor } from "../../../app/demo/acting.ts";
import {
  heartbeat,
  priorityOf,
  type QueueName,
  queueLimits,
  queuesOf,
  retryWait,
  roles,
} from "../../../app/queue/limits.ts";
import { createQueue, type JobHandlers, type Named, type Queue } from "../../../app/queue/queue.ts";
import { fairShare } from "../../../app/queue/worker.ts";
import { readBacklog } from "../../../app/store/backlog.ts";
import { type Database, openDatabase, transact } from "../../../app/store/database.ts";
import { type Subject, subjectKey } from "../../../core/subject.ts";
import { Policy } from "../../../schemas/policy.ts";
import { failuresIn } from "../../hosts/log.ts";
import { waitUntil } from "../../hosts/until.ts";

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A queue on a database of its own, with handlers that do nothing but what is given. */
async function startQueue(
  handlers: Partial<JobHandlers>,
  queues?: ReadonlySet<QueueName>,
  limitedUntil: (repository: number, use: "read" | "sweep") => Date | null = () => null,
) {
  const database = await openDatabase({ folder: null });
  stops.push(() => database.close());
  const log: string[] = [];
  const queue = createQueue(database, {
    limitedUntil,
    secrets: async () => [],
    log: failuresIn(log),
  });
  const nothing = async () => undefined;
  const idle = { reconcile: nothing, perform: async () => null, publish: nothing };
  await queue.start({ ...idle, enqueueMatching: nothing, sweep: nothing, ...handlers }, queues);
  stops.push(() => queue.stop());
  return { db: database.db, queue, log };
}

const pull = (repository: number, number: number): Subject => ({ kind: "pull", repository, number });
/** At one moment, so that all of them wait before the first is fetched. */
const enqueueAll = (db: Database, queue: Queue, subjects: Subject[]) =>
  transact(db, async (trx) => {
    for (const subject of subjects) await queue.enqueue(trx, subject);
  });
const count = <T>(length: number, make: (index: number) => T) => Array.from({ length }, (_, index) => make(index));

describe("the limits of a queue", () => {
  test.each(Object.entries(queueLimits))("S2: nobody takes over a job of %s that may still be at work", (_, limit) => {
    expect(limit.expires).toBeGreaterThanOrEqual(limit.timeout + 60);
    // A dead worker is noticed long before the time that its job might have taken.
    expect(heartbeat.silence + heartbeat.every).toBeLessThan(limit.timeout);
  });

  test("S2: an agent may work as long as a policy allows by default, and much longer", () => {
    const { runtime } = Policy.parse({ version: 1 }).agents.limits;
    expect(queueLimits.agent.timeout).toBeGreaterThan(10 * runtime);
  });

  test("S1: the wait before a retry doubles, is spread by chance and bounded, and ends", () => {
    expect([1, 2, 3, 4, 10].map((failures) => retryWait(failures, 1))).toEqual([1, 2, 4, 8, 300]);
    expect(retryWait(4, 0)).toBe(4);
    expect(retryWait(11, 0.5)).toBeNull();
  });
});

test("S1: a group at work gets its part of the places, and one place more is left for the next group", () => {
  expect([0, 1, 2, 5, 30].map((groups) => fairShare(12, groups))).toEqual([6, 6, 4, 2, 1]);
});

test("S3: twenty agents at work hold back no check, no comment and no look", async () => {
  const done: string[] = [];
  const ending = new AbortController();
  const { db, queue } = await startQueue({
    async perform(lane) {
      if (lane.startsWith("agent/")) await sleep(60_000, undefined, { signal: ending.signal }).catch(() => undefined);
      done.push(lane);
      return null;
    },
    reconcile: async ({ number }) => void done.push(`look ${number}`),
  });
  await transact(db, async (trx) => {
    for (const number of count(20, (index) => index))
      await queue.enqueueEffects(trx, `agent/${number}/run/1/R0/S0`, number % 5);
  });
  await sleep(1_000);
  await transact(db, async (trx) => {
    await queue.enqueueEffects(trx, "github/1", 1);
    await queue.enqueue(trx, pull(1, 7));
  });
  await waitFor("the check and the look", async () => done.length >= 2, 3);
  expect(done.toSorted()).toEqual(["github/1", "look 7"]);
  ending.abort();
});

test("S1: looks are limited by their work and not by how often a worker asks; one after the other they keep no worker idle", async () => {
  let looks = 0;
  const { db, queue } = await startQueue({ reconcile: async () => void looks++ });
  await enqueueAll(
    db,
    queue,
    count(300, (number) => pull(1, number)),
  );
  const start = Date.now();
  await waitFor("all looks", async () => looks === 300, 30);
  // Eight a second was all that four workers made that slept half a second after each: 37 seconds.
  expect(Date.now() - start).toBeLessThan(10_000);
});

test("S1: two repositories with hundreds of slow looks each hold back no third one", async () => {
  const looked: number[] = [];
  const { db, queue } = await startQueue({
    async reconcile({ repository }) {
      if (repository !== 3) await sleep(500);
      looked.push(repository);
    },
  });
  await enqueueAll(
    db,
    queue,
    count(400, (number) => pull(1 + (number % 2), number)),
  );
  await queue.enqueueNow(pull(3, 7));
  await waitUntil("the look in the third repository", async () => looked.includes(3));
  // Counted in looks of the others and not in seconds, which other tests on this machine take away.
  expect(looked.indexOf(3)).toBeLessThan(40);
});

test("S4: a subject that fails twice, the second time while the first waits, is looked at again soon", async () => {
  let tries = 0;
  const { queue } = await startQueue({
    async reconcile() {
      tries++;
      if (tries <= 3) throw new Error(`failure ${tries}`);
    },
  });
  await queue.enqueueNow(pull(1, 7));
  await waitUntil("the first failure", async () => tries === 1);
  await queue.enqueueNow(pull(1, 7));
  await waitFor("a look that succeeds", async () => tries >= 4, 15);
});

test("what somebody just did comes before what a sweep found, and pull requests before issues", async () => {
  const looked: string[] = [];
  const [free, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const { db, queue } = await startQueue({
    async reconcile(subject) {
      looked.push(subjectKey(subject));
      if (looked.length < queueLimits.look.concurrency) await end.promise;
      else if (looked.length === queueLimits.look.concurrency) await free.promise;
    },
  });
  // One repository each: a fair share would otherwise decide.
  await enqueueAll(
    db,
    queue,
    count(queueLimits.look.concurrency, (index) => pull(100 + index, 1)),
  );
  await waitUntil("all places at work", async () => looked.length === queueLimits.look.concurrency);
  await queue.enqueueNow(pull(1, 1), "sweep");
  await queue.enqueueNow({ kind: "issue", repository: 2, number: 1 });
  await queue.enqueueNow(pull(3, 1));
  free.resolve();
  await waitUntil("the rest", async () => looked.length === queueLimits.look.concurrency + 3);
  end.resolve();
  expect(looked.slice(-3)).toEqual(["pull/3/1", "issue/2/1", "pull/1/1"]);
});

test("what a sweep found comes first as well once somebody does something there", async () => {
  const looked: string[] = [];
  const free = Promise.withResolvers<void>();
  const places = queueLimits.look.concurrency;
  const { db, queue } = await startQueue({
    async reconcile(subject) {
      looked.push(subjectKey(subject));
      if (looked.length <= places) await free.promise;
    },
  });
  await enqueueAll(
    db,
    queue,
    count(places, (index) => pull(100 + index, 1)),
  );
  await waitUntil("all places at work", async () => looked.length === places);
  for (let number = 1; number <= 30; number++) await queue.enqueueNow(pull(number, 1), "sweep");
  await transact(db, (trx) => queue.enqueueNamed(trx, [{ subjects: [pull(30, 1)], searches: [] }]));
  await queue.enqueueNow(pull(29, 1));
  free.resolve();
  await waitUntil("the rest", async () => looked.length === places + 30);
  // What is fetched together begins in any order.
  expect(looked.slice(places, 1.5 * places)).toEqual(expect.arrayContaining(["pull/29/1", "pull/30/1"]));
});

test("a commit that an event names is searched before all that a sweep asks for", async () => {
  const found: string[] = [];
  const free = Promise.withResolvers<void>();
  const { db, queue } = await startQueue({
    async enqueueMatching({ repository }, isSwept) {
      found.push(`${repository} ${isSwept}`);
      if (found.length <= queueLimits.find.concurrency) await free.promise;
    },
  });
  const searches = count(20, (repository) => ({ repository, sha: null }));
  const enqueue = (named: Named) => transact(db, (trx) => queue.enqueueNamed(trx, [named]));
  await enqueue({ subjects: [], searches, isSwept: true });
  await waitUntil("all places at work", async () => found.length === queueLimits.find.concurrency);
  await enqueue({ subjects: [], searches: [{ repository: 99, sha: "a".repeat(40) }] });
  free.resolve();
  await waitUntil("the rest", async () => found.length === 21);
  expect(found[queueLimits.find.concurrency]).toBe("99 false");
});

test("the reserve of GitHub's hour is for what somebody does, and not for what a sweep asked for before", async () => {
  const looked: string[] = [];
  const reconcile = async (subject: Subject) => void looked.push(subjectKey(subject));
  const limitedUntil = (_: number, use: "read" | "sweep") => (use === "sweep" ? new Date(Date.now() + 600_000) : null);
  const { queue, log } = await startQueue({ reconcile }, undefined, limitedUntil);
  for (const number of [1, 2]) await queue.enqueueNow(pull(1, number), "sweep");
  await waitUntil("both to be put off", async () => log.length === 2);
  await queue.enqueueNow(pull(1, 2));
  await waitUntil("what somebody did", async () => looked.length > 0);
  expect(looked).toEqual(["pull/1/2"]);
});

test("what is due soon does not wait for what its subject waits for anyway", async () => {
  let looks = 0;
  const { db, queue } = await startQueue({ reconcile: async () => void looks++ });
  for (const seconds of [3_600, 1]) await transact(db, (trx) => queue.enqueue(trx, pull(1, 1), seconds));
  await waitFor("the look", async () => looks > 0, 10);
});

test("a look that failed comes again as urgently as before", async () => {
  const { db, queue, log } = await startQueue({ reconcile: () => Promise.reject(new Error("it fails")) });
  await queue.enqueueNow(pull(1, 1));
  await waitUntil("a failure", async () => log.length > 0);
  const { rows } = await sql<{ data: object }>`select data from pgboss.job where name = 'later'`.execute(db);
  expect(rows[0]?.data).toMatchObject({ key: "pull/1/1", priority: priorityOf(pull(1, 1), false) });
});

test("a process does the work of its roles, and all roles together do all of it", async () => {
  expect([...queuesOf(roles)].sort()).toEqual(Object.keys(queueLimits).sort());
  const looked: string[] = [];
  const reconcile = async (subject: Subject) => void looked.push(subjectKey(subject));
  const { db, queue, log } = await startQueue({ reconcile }, queuesOf(["receive", "agents"]));
  await queue.enqueueNow(pull(1, 1));
  await sleep(1_500);
  const { queues } = await readBacklog(db);
  expect(queues.find((one) => one.queue === "look")).toMatchObject({ waiting: 1, active: 0 });
  expect({ looked, log }).toEqual({ looked: [], log: [] });
});

test("S1: the sweep that comes every five minutes runs, as the one at the start does", async () => {
  let sweeps = 0;
  const { db, log } = await startQueue({ sweep: async () => void sweeps++ });
  await waitUntil("the sweep at the start", async () => sweeps === 1);
  // As the engine does when its time has come.
  await sql`insert into pgboss.job (name, data, singleton_key, policy)
    select name, data, options->>'singletonKey', 'stately' from pgboss.schedule where cron = '*/5 * * * *'`.execute(db);
  await waitFor("the next sweep", async () => sweeps === 2, 10);
  expect(log).toEqual([]);
});

test("T222: fifty events about one pull request are a look or two, and hold no other up", async () => {
  const looks: string[] = [];
  const free = Promise.withResolvers<void>();
  const { queue } = await startQueue({
    async reconcile(subject) {
      looks.push(subjectKey(subject));
      if (subject.number === 1) await free.promise;
    },
  });
  const busy = pull(5, 1);
  await queue.enqueueNow(busy);
  await waitUntil("the first look", async () => looks.length > 0);
  for (let event = 0; event < 50; event++) await queue.enqueueNow(busy);
  await queue.enqueueNow({ ...busy, number: 2 });
  await waitUntil("the other's look", async () => looks.includes("pull/5/2"));
  free.resolve();
  await waitUntil("the last look", async () => looks.filter((key) => key === "pull/5/1").length === 2);
  await queue.stop();
  expect(looks.filter((key) => key === "pull/5/1")).toHaveLength(2);
}, 60_000);
