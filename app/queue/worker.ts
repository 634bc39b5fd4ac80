import { setTimeout as sleep, setImmediate as yieldToEventLoop } from "node:timers/promises";
import type { Job, PgBoss } from "pg-boss";
import { messageOf } from "../../core/errors.ts";
import { heartbeat } from "./limits.ts";

/** How long an idle worker waits before it asks for jobs again, in milliseconds; `wake` ends the wait. */
const idleMs = 500;

/** A worker of one queue. */
export type Worker = {
  /** Says that there is work. */
  wake(): void;
  /** Begins no more, waits for what runs, and leaves what does not end in time to be tried again. */
  stop(graceMs: number): Promise<void>;
};

/**
 * How many jobs of a group may run at once: its part of the places if each group at work and one more had the same. So
 * there is always a place for a repository that has none, however many jobs of others wait. Even when none is at work
 * one fetch takes half of the places: jobs that begin together end together, and would take all of them again.
 */
export function fairShare(concurrency: number, groups: number): number {
  return Math.max(1, Math.floor(concurrency / (Math.max(1, groups) + 1)));
}

type Running<T> = { job: Job<T>; ending: AbortController; ended: Promise<void> };

/**
 * Works on the jobs of a queue, so many at once. It fetches as many as there are free places, and at once again while
 * there is work; jobs are fair between groups. `run` must not throw for what a later try cannot mend, and says whether
 * the job is done or given up. Its signal tells it that the claim was lost, or that the worker stops.
 */
export function startWorker<T extends object>(
  boss: PgBoss,
  queue: string,
  concurrency: number,
  { run, log }: { run(job: Job<T>, signal: AbortSignal): Promise<"done" | "given-up">; log(line: string): void },
): Worker {
  const running = new Map<string, Running<T>>();
  const done: Job<T>[] = [];
  let isStopping = false;
  let isWoken = false;
  let endWait = () => {};
  const wake = () => {
    isWoken = true;
    endWait();
  };

  const begin = (job: Job<T>) => {
    const ending = new AbortController();
    const work = async () => {
      try {
        const end = await run(job, ending.signal);
        if (end === "done") done.push(job);
        else await boss.cancel(queue, job.id);
      } catch (error) {
        log(`${queue}: ${messageOf(error)}`);
        // The engine leaves it alone if another worker has the job by now.
        await boss.fail(queue, job, { message: messageOf(error) });
      }
    };
    const ended = work()
      .catch((error: unknown) => log(`${queue}: ${messageOf(error)}`))
      .finally(() => {
        running.delete(job.id);
        wake();
      });
    running.set(job.id, { job, ending, ended });
  };

  /** One statement for all that are done, however many. */
  const settle = async () => {
    const settled = done.splice(0);
    if (settled.length === 0) return;
    await boss.complete(queue, settled).catch((error: unknown) => {
      done.push(...settled);
      throw error;
    });
  };

  const fetchSome = async (): Promise<number> => {
    const groups = new Map<string, number>();
    for (const { job } of running.values())
      if (job.groupId) groups.set(job.groupId, (groups.get(job.groupId) ?? 0) + 1);
    const share = fairShare(concurrency, groups.size);
    const ignoreGroups = [...groups].filter(([, count]) => count >= share).map(([group]) => group);
    const most = Math.max(0, ...[...groups.values()].filter((count) => count < share));
    const batchSize = Math.min(concurrency - running.size, share - most);
    const jobs = await boss.fetch<T>(queue, { batchSize, ignoreGroups });
    for (const job of jobs) begin(job);
    return jobs.length;
  };

  const beat = async () => {
    const held = [...running.values()].filter(({ ending }) => !ending.signal.aborted);
    if (held.length === 0) return;
    const refreshed = settledIn(
      await boss.touch(
        queue,
        held.map(({ job }) => job),
      ),
    );
    for (const { job, ending } of held)
      if (refreshed !== null && running.has(job.id) && !refreshed.has(job.id))
        ending.abort(new Error(`another worker has taken over ${queue} job ${job.id}`));
  };

  const loop = async () => {
    while (!isStopping) {
      isWoken = false;
      // The embedded database works on this thread, and would let no request be read while there are jobs.
      await yieldToEventLoop();
      try {
        await settle();
        if (running.size < concurrency && (await fetchSome()) > 0) continue;
      } catch (error) {
        log(`${queue}: ${messageOf(error)}`);
      }
      if (isWoken) continue;
      await Promise.race([sleep(idleMs), new Promise<void>((resolve) => (endWait = resolve))]);
    }
  };
  const timer = setInterval(
    () => beat().catch((error: unknown) => log(`${queue}: ${messageOf(error)}`)),
    (heartbeat.silence / 3) * 1_000,
  );
  const looping = loop();

  return {
    wake,
    async stop(graceMs) {
      isStopping = true;
      wake();
      await looping;
      const all = Promise.all([...running.values()].map(({ ended }) => ended));
      const grace = new AbortController();
      await Promise.race([all, sleep(graceMs, undefined, { signal: grace.signal }).catch(() => undefined)]);
      grace.abort();
      clearInterval(timer);
      await settle();
      const left = [...running.values()];
      for (const { ending } of left) ending.abort(new Error("the service is stopping"));
      if (left.length > 0)
        await boss.fail(
          queue,
          left.map(({ job }) => job),
          { message: "the service stopped while it ran" },
        );
    },
  };
}

/** The ids of the jobs that a command reached; null if the engine does not tell. */
function settledIn(response: object): Set<unknown> | null {
  return "settled" in response && Array.isArray(response.settled) ? new Set(response.settled) : null;
}
