import { setTimeout as sleep, setImmediate as yieldToEventLoop } from "node:timers/promises";
import type { Job, PgBoss } from "pg-boss";
import { messageOf } from "../../core/errors.ts";
import { rememberEmptyFetches } from "./empty-fetches.ts";
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
  const running = new Set<Running<T>>();
  const done: Job<T>[] = [];
  const emptyFetches = rememberEmptyFetches(idleMs);
  const mayFollow = ({ groupId }: Job<T>) => emptyFetches.mayWait(groupId ?? null);
  let isStopping = false;
  let isWoken = false;
  let endWait = () => {};
  const wake = () => {
    isWoken = true;
    endWait();
  };

  const end = ({ job, ending }: Running<T>) =>
    ending.abort(new Error(`another worker has taken over ${queue} job ${job.id}`));

  const begin = (job: Job<T>) => {
    // Its time was over, or the store did not hear of us for too long: this worker may be the one that takes over.
    for (const one of running) if (one.job.id === job.id) end(one);
    const ending = new AbortController();
    const work = async () => {
      try {
        const outcome = await run(job, ending.signal);
        if (outcome === "done") done.push(job);
        // It is the try that is given up: another worker may be at the next one.
        else await boss.cancel(queue, job).finally(() => mayFollow(job));
      } catch (error) {
        log(`${queue}: ${messageOf(error)}`);
        // The engine leaves it alone if another worker has the job by now.
        await boss.fail(queue, job, { message: messageOf(error) }).finally(() => mayFollow(job));
      }
    };
    const ended = work()
      .catch((error: unknown) => log(`${queue}: ${messageOf(error)}`))
      .finally(() => {
        running.delete(one);
        wake();
      });
    const one = { job, ending, ended };
    running.add(one);
  };

  /** One statement for all that are done, however many. */
  const settle = async () => {
    const settled = done.splice(0);
    if (settled.length === 0) return;
    await boss.complete(queue, settled).catch((error: unknown) => {
      done.push(...settled);
      throw error;
    });
    settled.forEach(mayFollow);
  };

  const fetchSome = async (): Promise<number> => {
    const groups = new Map<string, number>();
    for (const { job } of running) if (job.groupId) groups.set(job.groupId, (groups.get(job.groupId) ?? 0) + 1);
    const share = fairShare(concurrency, groups.size);
    const ignoreGroups = [...groups].filter(([, count]) => count >= share).map(([group]) => group);
    const most = Math.max(0, ...[...groups.values()].filter((count) => count < share));
    const batchSize = Math.min(concurrency - running.size, share - most);
    if (emptyFetches.isInVain(ignoreGroups)) return 0;
    const ended = emptyFetches.begin(ignoreGroups);
    const jobs = await boss.fetch<T>(queue, { batchSize, ignoreGroups });
    const isAll = jobs.length < batchSize;
    ended(isAll);
    // More of the same groups may wait, also of one of which it was known that nothing did.
    if (!isAll) jobs.forEach(mayFollow);
    for (const job of jobs) begin(job);
    return jobs.length;
  };

  const beat = async () => {
    const held = [...running].filter(({ ending }) => !ending.signal.aborted);
    if (held.length === 0) return;
    const refreshed = settledIn(
      await boss.touch(
        queue,
        held.map(({ job }) => job),
      ),
    );
    for (const one of held) if (refreshed !== null && running.has(one) && !refreshed.has(one.job.id)) end(one);
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
      await Promise.race([sleep(emptyFetches.untilNext()), new Promise<void>((resolve) => (endWait = resolve))]);
    }
  };
  const timer = setInterval(
    () => beat().catch((error: unknown) => log(`${queue}: ${messageOf(error)}`)),
    (heartbeat.silence / 3) * 1_000,
  );
  const looping = loop();

  return {
    wake() {
      emptyFetches.mayWait(null);
      wake();
    },
    async stop(graceMs) {
      isStopping = true;
      wake();
      await looping;
      const all = Promise.all([...running].map(({ ended }) => ended));
      const grace = new AbortController();
      await Promise.race([all, sleep(graceMs, undefined, { signal: grace.signal }).catch(() => undefined)]);
      grace.abort();
      clearInterval(timer);
      const left = [...running];
      for (const { ending } of left) ending.abort(new Error("the service is stopping"));
      try {
        await settle();
        if (left.length > 0)
          await boss.fail(
            queue,
            left.map(({ job }) => job),
            { message: "the service stopped while it ran" },
          );
      } catch (error) {
        // The store is away: whoever looks for dead workers finds these jobs.
        log(`${queue}: ${messageOf(error)}`);
      }
    },
  };
}

/** The ids of the jobs that a command reached; null if the engine does not tell. */
function settledIn(response: object): Set<unknown> | null {
  return "settled" in response && Array.isArray(response.settled) ? new Set(response.settled) : null;
}
