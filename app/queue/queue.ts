import type { Transaction } from "kysely";
import { fromKysely, PgBoss } from "pg-boss";
import { type Subject, subjectKey } from "../../core/subject.ts";
import { causedBy, currentCause, type Log } from "../settings/log.ts";
import { jobSeconds, jobWaitSeconds } from "../settings/metrics.ts";
import { traced } from "../settings/tracing.ts";
import { hurryJobs } from "../store/backlog.ts";
import { afterCommit, type OpenDatabase, type Tables } from "../store/database.ts";
import { isLongWork, type TransactionQueue } from "../store/decisions.ts";
import { shareLease } from "../store/leases.ts";
import { type JobTools, runJob, withinTime } from "./job.ts";
import { heartbeat, priorityOf, type QueueName, queueLimits, queuesOf, roles } from "./limits.ts";
import { startWorker, type Worker } from "./worker.ts";

/** A search for pull requests: those whose head is a commit, those into a branch, or all open ones. */
export type Search = { repository: number; sha: string | null; base?: string };

/**
 * What an event names: subjects to look at, and searches for those that it does not name; `cause` is its id. What a
 * sweep names (`isSwept`) comes last, and leaves the reserve of GitHub's hour alone.
 */
export type Named = { subjects: Subject[]; searches: Search[]; cause?: string; isSwept?: boolean };

/** How a subject was found: an event named it, or a search found it, for an event or for a sweep. */
export type FoundBy = "name" | "search" | "sweep";

/** The work of the queue; each job only says where to look, never what happened there. */
export type JobHandlers = {
  reconcile(subject: Subject): Promise<void>;
  /**
   * Performs the open effects of an ordering key until the signal is aborted; returns the seconds until the next try is
   * due, or null.
   */
  perform(orderingKey: string, signal: AbortSignal): Promise<number | null>;
  publish(repository: number): Promise<void>;
  /** Marks dirty what a search finds, for an event or for a sweep. */
  enqueueMatching(search: Search, isSwept: boolean): Promise<void>;
  /** The safety net for lost webhooks: a search through every repository we are installed on. */
  sweep(): Promise<void>;
};

export type Queue = TransactionQueue & {
  /** Begins to work on these queues, or on all; others are left to other processes. */
  start(work: JobHandlers, queues?: ReadonlySet<QueueName>): Promise<void>;
  /**
   * Enqueues what events named, in a statement a queue. Unlike `enqueue` it does not wait for work that has just begun:
   * such work sees what these events tell of.
   */
  enqueueNamed(trx: Transaction<Tables>, named: readonly Named[]): Promise<void>;
  /** Marks a subject dirty outside a transaction. What somebody just did comes before what a search found. */
  enqueueNow(subject: Subject, foundBy?: FoundBy): Promise<void>;
  /** Waits for running jobs, so many milliseconds at most, and starts no more. */
  stop(graceMs?: number): Promise<void>;
};

// At most one job per key waits and one runs: marking dirty twice is marking once, and a change during a reconcile
// causes another. The engine's own retries are for workers that died; what failed waits in `later`, because a job that
// waits here for its retry would make the next one of its key fail for good.
const oncePerKey = { policy: "stately", retryLimit: 8, retryDelay: 1, retryBackoff: true } as const;

/** How long running jobs may take when the service stops, in milliseconds. */
const stopGraceMs = 15_000;

/**
 * What every job carries besides its own data: how often it failed in a row, what it happens for, when it was sent, and
 * whether only a sweep asks for it.
 */
type Carried<T> = T & { failures?: number; cause?: string; sent?: number; isSwept?: boolean };

/** One job of a queue: its key, the repository whose part of the workers it takes, and what it sends on. */
type Ticket = { queue: QueueName; key: string; repository: number | null; data: object; priority?: number };

/** One job of a queue: its key, the repository it reads, and its work. */
type Task = {
  key: string;
  repository: number | null;
  /** Of its next try, if it fails. */
  priority?: number;
  run(signal: AbortSignal, isSwept: boolean): Promise<void>;
};

/** Under which key a job waits, if not under its own, and the transaction that causes it. */
type LaterOptions = { key?: string; trx?: Transaction<Tables> };

/** One of many jobs that are stored in one statement. */
type NamedJob = { data: object; singletonKey: string; priority: number; group: { id: string } };

/** The job queue on the service's own database, so that a job is enqueued in the transaction that causes it. */
export function createQueue(database: OpenDatabase, tools: Omit<JobTools, "requeue" | "log"> & { log: Log }): Queue {
  const { log } = tools;
  const warn = (line: string) => log.warn({}, line);
  const boss = new PgBoss({
    ...database.queue,
    superviseIntervalSeconds: heartbeat.every,
    monitorIntervalSeconds: heartbeat.every,
  });
  boss.on("error", (error) => warn(`queue: ${error.message}`));
  /** A worker finds nothing before the transaction is over, and would ask again only in half a second. */
  const wake = (queue: QueueName, trx?: Transaction<Tables>) => {
    if (trx === undefined) workers.get(queue)?.wake();
    else afterCommit(trx, () => workers.get(queue)?.wake());
  };
  const send = async ({ queue, key, repository, data, priority = 0 }: Ticket, trx?: Transaction<Tables>) => {
    const group = repository === null ? {} : { group: { id: String(repository) } };
    const within = trx === undefined ? {} : { db: fromKysely(trx) };
    const carried = { ...data, cause: currentCause(), sent: Date.now() };
    const sent = await boss.send(queue, carried, { ...within, singletonKey: key, priority, ...group });
    if (sent === null && priority > 0) await hurryJobs(trx ?? database.db, queue, [{ key, priority }]);
    wake(queue, trx);
  };
  // A job that waits for its time must not take the place of one that is due now, so it waits in a queue of its own;
  // there it takes no other's place that waits less than half as long.
  const later = (ticket: Ticket, startAfter: number | Date, { key = ticket.key, trx }: LaterOptions = {}) => {
    const seconds = typeof startAfter === "number" ? startAfter : (startAfter.getTime() - Date.now()) / 1_000;
    const singletonKey = `${key} ${Math.ceil(Math.log2(Math.max(1, seconds)))}`;
    const within = trx === undefined ? {} : { db: fromKysely(trx) };
    return boss.send("later", { ...ticket, cause: currentCause() }, { singletonKey, ...within, startAfter });
  };
  const look = (subject: Subject, foundBy: FoundBy = "name") => ({
    queue: "look" as const,
    key: subjectKey(subject),
    repository: subject.repository,
    data: foundBy === "sweep" ? { ...subject, isSwept: true } : subject,
    priority: priorityOf(subject, foundBy !== "name"),
  });
  const find = (search: Search, isSwept: boolean) => ({
    queue: "find" as const,
    key: searchKey(search),
    repository: search.repository,
    data: isSwept ? { ...search, isSwept } : search,
    priority: isSwept ? 0 : 1,
  });
  const perform = (orderingKey: string, repository: number): Ticket => ({
    queue: isLongWork(orderingKey) ? "agent" : "perform",
    key: orderingKey,
    repository,
    data: { lane: orderingKey, repository },
  });

  const workers = new Map<QueueName, Worker>();
  let served: ReadonlySet<QueueName> = new Set();
  const serve = <T extends object>(queue: QueueName, taskOf: (data: T) => Task) => {
    if (!served.has(queue)) return;
    const { concurrency, timeout } = queueLimits[queue];
    const work = async (data: Carried<T>, ending: AbortSignal) => {
      const { key, repository, priority = 0, run } = taskOf(data);
      const begun = Date.now();
      let outcome = "done";
      if (data.sent !== undefined) jobWaitSeconds.observe({ queue }, Math.max(0, begun - data.sent) / 1_000);
      const isSwept = data.isSwept === true;
      const job = { name: queue, key, repository, failures: data.failures ?? 0, isSwept };
      const timed = () => withinTime(timeout, ending, (signal) => run(signal, isSwept));
      const doing = () => traced(`${queue} job`, { queue, key }, timed, data.cause === undefined);
      const isSettled = await runJob(job, doing, {
        ...tools,
        log: warn,
        async requeue(notBefore, failures) {
          log.info({ queue, key, failures, until: notBefore }, `${queue} ${key} waits`);
          outcome = "waits";
          const again = { priority: isSwept ? 0 : priority, data: { ...data, failures } };
          const ticket: Ticket = { queue, key, repository, ...again };
          // Not under the job's own key: what waits there for its hour would swallow a retry in a second.
          await later(ticket, notBefore, { key: `retry/${key}` });
        },
      });
      if (!isSettled) outcome = "given-up";
      jobSeconds.observe({ queue, outcome }, (Date.now() - begun) / 1_000);
      if (isSettled) log.debug({ queue, key, ms: Date.now() - begun }, `${queue} ${key}`);
      else log.error({ queue, key }, `${queue} ${key} is given up`);
      return isSettled ? "done" : "given-up";
    };
    const worker = startWorker<Carried<T>>(boss, queue, concurrency, {
      log: (line) => warn(`queue: ${line}`),
      run: ({ id, data }, ending) => causedBy(data.cause ?? id, () => work(data, ending)),
    });
    workers.set(queue, worker);
  };

  return {
    async enqueue(trx, subject, after) {
      const ticket = look(subject);
      await shareLease(trx, ticket.key);
      if (after === undefined) await send(ticket, trx);
      else await later(ticket, after, { trx });
    },
    async enqueueEffects(trx, orderingKey, repository) {
      await shareLease(trx, orderingKey);
      await send(perform(orderingKey, repository), trx);
    },
    async enqueuePublish(trx, repository) {
      await shareLease(trx, `export/${repository}`);
      const key = String(repository);
      await send({ queue: "export", key, repository, data: { repository } }, trx);
    },
    async enqueueNamed(trx, all) {
      const jobs = { look: new Map<string, NamedJob>(), find: new Map<string, NamedJob>() };
      for (const { subjects, searches, cause, isSwept = false } of all)
        for (const { queue, key, repository, data, priority } of [
          ...subjects.map((one) => look(one, isSwept ? "sweep" : "name")),
          ...searches.map((one) => find(one, isSwept)),
        ])
          jobs[queue].set(key, {
            data: { ...data, cause, sent: Date.now() },
            singletonKey: key,
            priority,
            group: { id: String(repository) },
          });
      for (const queue of ["look", "find"] as const) {
        if (jobs[queue].size === 0) continue;
        // In one order, so that two processes never wait for each other.
        const sorted = [...jobs[queue]].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, job]) => job);
        await boss.insert(queue, sorted, { db: fromKysely(trx), returnId: false });
        const urgent = sorted.filter(({ priority }) => priority > 0);
        await hurryJobs(
          trx,
          queue,
          urgent.map(({ singletonKey: key, priority }) => ({ key, priority })),
        );
        wake(queue, trx);
      }
    },
    async enqueueNow(subject, foundBy) {
      await send(look(subject, foundBy));
    },
    async start(handlers, queues = queuesOf(roles)) {
      served = queues;
      await boss.start();
      for (const [name, { expires }] of Object.entries(queueLimits)) {
        const options = { ...oncePerKey, expireInSeconds: expires, heartbeatSeconds: heartbeat.silence };
        await boss.createQueue(name, options);
        // One that an older version made keeps its policy and gets our limits.
        const { policy: _, ...changeable } = options;
        await boss.updateQueue(name, changeable);
      }
      serve<Subject>("look", (subject) => ({
        ...look(subject),
        run: (signal) => untilAborted(signal, handlers.reconcile(subject)),
      }));
      for (const queue of ["perform", "agent"] as const)
        serve<{ lane: string; repository: number }>(queue, ({ lane: orderingKey, repository }) => ({
          key: orderingKey,
          repository: null,
          async run(signal) {
            const retryAfter = await handlers.perform(orderingKey, signal);
            if (retryAfter === null) return;
            log.info({ orderingKey, seconds: retryAfter }, `effects of ${orderingKey} wait`);
            await later(perform(orderingKey, repository), retryAfter);
          },
        }));
      serve<{ repository: number }>("export", ({ repository }) => ({
        key: String(repository),
        // It writes, and rate limits of reads do not hold back writes.
        repository: null,
        run: (signal) => untilAborted(signal, handlers.publish(repository)),
      }));
      serve<Search>("find", (search) => ({
        ...find(search, false),
        run: (signal, isSwept) => untilAborted(signal, handlers.enqueueMatching(search, isSwept)),
      }));
      serve("sweep", () => ({
        key: "all",
        repository: null,
        run: (signal) => untilAborted(signal, handlers.sweep()),
      }));
      serve<Ticket>("later", (ticket) => ({
        key: ticket.key,
        repository: null,
        run: () => send(ticket),
      }));
      await boss.schedule("sweep", "*/5 * * * *", {}, { singletonKey: "all" });
      await boss.send("sweep", {}, { singletonKey: "all" });
    },
    async stop(graceMs = stopGraceMs) {
      await Promise.all([...workers.values()].map((worker) => worker.stop(graceMs)));
      await boss.stop({ graceful: false });
    },
  };
}

/** Waits for work, but not longer than the signal allows. What it writes after that is refused: its lease is taken. */
async function untilAborted(signal: AbortSignal, work: Promise<void>): Promise<void> {
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function searchKey({ repository, sha, base }: Search): string {
  return `${repository}/${base === undefined ? sha : `into/${base}`}`;
}
