import type { Transaction } from "kysely";
import { fromKysely, PgBoss, type WorkOptions } from "pg-boss";
import { type Subject, subjectKey } from "../../core/effects.ts";
import type { OpenDatabase, Tables } from "../store/database.ts";
import type { TransactionQueue } from "../store/decisions.ts";
import { shareLease } from "../store/leases.ts";
import { type JobTools, runJob } from "./job.ts";

/** A search for pull requests: those whose head is a commit, those into a branch, or all open ones. */
export type Search = { repository: number; sha: string | null; base?: string };

/** The work of the queue; each job only says where to look, never what happened there. */
export type JobHandlers = {
  reconcile(subject: Subject): Promise<void>;
  /** Performs the open effects of an ordering key; returns the seconds until the next try is due, or null. */
  perform(orderingKey: string): Promise<number | null>;
  publish(repository: number): Promise<void>;
  /** Marks dirty what a search finds. */
  enqueueMatching(search: Search): Promise<void>;
  /** The safety net for lost webhooks: a search through every repository we are installed on. */
  sweep(): Promise<void>;
};

export type Queue = TransactionQueue & {
  start(work: JobHandlers): Promise<void>;
  enqueueSearch(trx: Transaction<Tables>, search: Search): Promise<void>;
  /** Marks a subject dirty outside a transaction. */
  enqueueNow(subject: Subject): Promise<void>;
  /** Waits for running jobs and starts no more. */
  stop(): Promise<void>;
};

// At most one job per key waits and one runs: marking dirty twice is marking once, and a change during a reconcile
// causes another.
const oncePerKey = {
  policy: "stately",
  notify: true,
  retryLimit: 8,
  retryDelay: 1,
  retryBackoff: true,
  retryDelayMax: 300,
} as const;

/** How often a queue polls for its jobs. */
const polling = { pollingIntervalSeconds: 0.5, notifyPollingIntervalSeconds: 0.5 };
const parallel = { ...polling, localConcurrency: 4 };

/** A job that waits for its time, and the queue that it goes to then. */
type Delayed = { queue: string; data: object; key: string };

/** One job of a queue: its key, the repository it reads, and its work. */
type Task = { key: string; repository: number | null; run(): Promise<void> };

/** The job queue on the service's own database, so that a job is enqueued in the transaction that causes it. */
export function createQueue(database: OpenDatabase, tools: Omit<JobTools, "requeue">): Queue {
  const boss = new PgBoss({ ...database.queue, useListenNotify: true });
  boss.on("error", (error) => tools.log(error.message));
  // A job that waits for its time must not take the place of one that is due now, so it waits in a queue of its own.
  const later = (job: Delayed, startAfter: number | Date, options: object = {}) =>
    boss.send("later", job, { ...options, singletonKey: job.key, startAfter });
  const serve = <T extends object>(name: string, options: WorkOptions, taskOf: (data: T) => Task) =>
    boss.work<T>(name, options, async ([job]) => {
      if (job === undefined) return;
      const { key, repository, run } = taskOf(job.data);
      await runJob({ name, key, repository }, run, {
        ...tools,
        async requeue(notBefore) {
          await later({ queue: name, data: job.data, key }, notBefore);
        },
      });
    });
  return {
    async enqueue(trx, subject, after) {
      const key = subjectKey(subject);
      await shareLease(trx, key);
      const db = fromKysely(trx);
      if (after === undefined) await boss.send("look", subject, { db, singletonKey: key });
      else await later({ queue: "look", data: subject, key }, after, { db });
    },
    async enqueueEffects(trx, orderingKey) {
      await shareLease(trx, orderingKey);
      await boss.send("perform", { lane: orderingKey }, { db: fromKysely(trx), singletonKey: orderingKey });
    },
    async enqueuePublish(trx, repository) {
      await shareLease(trx, `export/${repository}`);
      await boss.send("export", { repository }, { db: fromKysely(trx), singletonKey: String(repository) });
    },
    async enqueueSearch(trx, search) {
      await boss.send("find", search, { db: fromKysely(trx), singletonKey: searchKey(search) });
    },
    async enqueueNow(subject) {
      await boss.send("look", subject, { singletonKey: subjectKey(subject) });
    },
    async start(handlers) {
      await boss.start();
      for (const name of ["look", "perform", "later", "find", "export", "sweep"])
        await boss.createQueue(name, oncePerKey);
      await serve<Subject>("look", parallel, (subject) => ({
        key: subjectKey(subject),
        repository: subject.repository,
        run: () => handlers.reconcile(subject),
      }));
      await serve<{ lane: string }>("perform", parallel, ({ lane: orderingKey }) => ({
        key: orderingKey,
        repository: null,
        async run() {
          const retryAfter = await handlers.perform(orderingKey);
          if (retryAfter !== null)
            await later({ queue: "perform", data: { lane: orderingKey }, key: orderingKey }, retryAfter);
        },
      }));
      await serve<{ repository: number }>("export", polling, ({ repository }) => ({
        key: String(repository),
        // It writes, and rate limits of reads do not hold back writes.
        repository: null,
        run: () => handlers.publish(repository),
      }));
      await serve<Search>("find", polling, (search) => ({
        key: searchKey(search),
        repository: search.repository,
        run: () => handlers.enqueueMatching(search),
      }));
      await serve("sweep", polling, () => ({ key: "all", repository: null, run: () => handlers.sweep() }));
      await boss.work<Delayed>("later", polling, async ([job]) => {
        if (job !== undefined) await boss.send(job.data.queue, job.data.data, { singletonKey: job.data.key });
      });
      await boss.schedule("sweep", "*/5 * * * *");
      await boss.send("sweep", {}, { singletonKey: "all" });
    },
    async stop() {
      await boss.stop({ graceful: true, timeout: 20_000 });
    },
  };
}

function searchKey({ repository, sha, base }: Search): string {
  return `${repository}/${base === undefined ? sha : `into/${base}`}`;
}
