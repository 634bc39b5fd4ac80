import type { Transaction } from "kysely";
import { fromKysely, PgBoss } from "pg-boss";
import { type Subject, subjectKey } from "../core/effects.ts";
import { SallyportError } from "../core/errors.ts";
import type { OpenDatabase, Tables } from "./database.ts";
import { shareLease } from "./leases.ts";
import type { Enqueue } from "./store.ts";

/** Pull requests to be found: those whose head is a commit, those that would enter a branch, or all that is open. */
export type Search = { repository: number; sha: string | null; base?: string };

/** The work the queue hands out; each job only says where to look, never what happened there. */
export type Work = {
  look(subject: Subject): Promise<void>;
  /** Performs what is ready in a lane; gives the seconds until the next try is due, or null. */
  perform(lane: string): Promise<number | null>;
  exportLedger(repository: number): Promise<void>;
  /** Marks dirty what a search finds. */
  find(search: Search): Promise<void>;
  /** The safety net for lost webhooks: a search through every repository we are installed on. */
  sweep(): Promise<void>;
};

export type Queue = Enqueue & {
  start(work: Work): Promise<void>;
  find(trx: Transaction<Tables>, search: Search): Promise<void>;
  /** Marks a subject dirty outside a transaction. */
  mark(subject: Subject): Promise<void>;
  /** Waits for what is under way and hands nothing more out. */
  stop(): Promise<void>;
};

// One job per key waits and one is at work: marking dirty twice is marking once, and what changes during a look is
// looked at again.
const oncePerKey = {
  policy: "stately",
  notify: true,
  retryLimit: 8,
  retryDelay: 1,
  retryBackoff: true,
  retryDelayMax: 300,
} as const;

/** The job queue on the service's own database, so that a job is enqueued in the transaction that causes it. */
export function createQueue(database: OpenDatabase, log: (error: Error) => void): Queue {
  const boss = new PgBoss({ ...database.queue, useListenNotify: true });
  boss.on("error", log);
  /** A job that fails is tried again by the queue; whoever runs the service sees why. */
  const told = async <T>(name: string, job: () => Promise<T>): Promise<T> => {
    try {
      return await job();
    } catch (error) {
      log(new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`));
      throw error;
    }
  };
  /** A job that GitHub's limit ended waits until the time that GitHub named; any other failure is tried again sooner. */
  const patient = async (queue: string, data: object, key: string, job: () => Promise<void>) => {
    try {
      await told(`${queue} ${key}`, job);
    } catch (error) {
      if (!(error instanceof SallyportError) || error.notBefore === undefined) throw error;
      await boss.send("later", { queue, data, key }, { singletonKey: key, startAfter: error.notBefore });
    }
  };
  const polling = { pollingIntervalSeconds: 0.5, notifyPollingIntervalSeconds: 0.5 };
  return {
    async look(trx, subject, after) {
      const key = subjectKey(subject);
      await shareLease(trx, key);
      if (after === undefined) await boss.send("look", subject, { db: fromKysely(trx), singletonKey: key });
      else
        await boss.send(
          "later",
          { queue: "look", data: subject, key },
          { db: fromKysely(trx), singletonKey: key, startAfter: after },
        );
    },
    async perform(trx, lane) {
      await shareLease(trx, lane);
      await boss.send("perform", { lane }, { db: fromKysely(trx), singletonKey: lane });
    },
    async exportLedger(trx, repository) {
      await shareLease(trx, `export/${repository}`);
      await boss.send("export", { repository }, { db: fromKysely(trx), singletonKey: String(repository) });
    },
    async find(trx, search) {
      await boss.send("find", search, { db: fromKysely(trx), singletonKey: searchKey(search) });
    },
    async mark(subject) {
      await boss.send("look", subject, { singletonKey: subjectKey(subject) });
    },
    async start(work) {
      await boss.start();
      for (const name of ["look", "perform", "later", "find", "export", "sweep"])
        await boss.createQueue(name, oncePerKey);
      await boss.work<Subject>("look", { ...polling, localConcurrency: 4 }, async ([job]) => {
        if (job !== undefined)
          await patient("look", job.data, subjectKey(job.data), () => work.look(job.data));
      });
      await boss.work<{ lane: string }>("perform", { ...polling, localConcurrency: 4 }, async ([job]) => {
        if (job === undefined) return;
        const again = await told(`perform ${job.data.lane}`, () => work.perform(job.data.lane));
        if (again === null) return;
        const { lane } = job.data;
        await boss.send(
          "later",
          { queue: "perform", data: job.data, key: lane },
          { singletonKey: lane, startAfter: again },
        );
      });
      // A job that waits for its time must not take the place of one that is due now, so it waits in a queue of its own.
      await boss.work<{ queue: string; data: object; key: string }>("later", polling, async ([job]) => {
        if (job !== undefined) await boss.send(job.data.queue, job.data.data, { singletonKey: job.data.key });
      });
      await boss.work<{ repository: number }>("export", polling, async ([job]) => {
        if (job === undefined) return;
        const { repository } = job.data;
        await patient("export", job.data, String(repository), () => work.exportLedger(repository));
      });
      await boss.work<Search>("find", polling, async ([job]) => {
        if (job !== undefined)
          await patient("find", job.data, searchKey(job.data), () => work.find(job.data));
      });
      await boss.work("sweep", polling, () => told("sweep", () => work.sweep()));
      await boss.schedule("sweep", "*/5 * * * *");
      await boss.send("sweep", {}, { singletonKey: "start" });
    },
    async stop() {
      await boss.stop({ graceful: true, timeout: 20_000 });
    },
  };
}

function searchKey({ repository, sha, base }: Search): string {
  return `${repository}/${base === undefined ? sha : `into/${base}`}`;
}
