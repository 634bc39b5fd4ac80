import { setTimeout as sleep } from "node:timers/promises";

/** A caller that waits for its item's answer. */
type Waiting<T, A> = { item: T; resolve(answer: A): void; reject(error: unknown): void };

/** The most items of one run. */
const most = 500;

/** How long a run waits for more items, in milliseconds: requests that are on their way are read, and share it. */
const gatheringMs = 1;

/** A run that fails faster than this failed for an item's or a connection's sake, and no store hangs; in milliseconds. */
const soon = 1_000;

/** How often an item whose run failed soon is tried again: while all connections end, it can meet more than one. */
const triesAgain = 2;

/**
 * Runs work for many callers at a time: what comes while a run is under way waits for the next, so that under load one
 * transaction serves many. `run` gives each item's answer. When a run fails soon, each item is tried again, alone: one
 * that nobody can store fails no other, and connections that were ended meanwhile none.
 */
export function batched<T, A>(run: (items: readonly T[]) => Promise<(item: T) => A>): (item: T) => Promise<A> {
  const queue: Waiting<T, A>[] = [];
  let isRunning = false;
  const serve = async (batch: readonly Waiting<T, A>[], tries = triesAgain): Promise<void> => {
    const begun = Date.now();
    try {
      const answerOf = await run(batch.map(({ item }) => item));
      for (const { item, resolve } of batch) resolve(answerOf(item));
    } catch (error) {
      const isTriedAgain = tries > 0 && Date.now() - begun < soon;
      for (const one of batch)
        if (isTriedAgain) await serve([one], tries - 1);
        else one.reject(error);
    }
  };
  const work = async () => {
    isRunning = true;
    while (queue.length > 0) {
      await sleep(gatheringMs);
      await serve(queue.splice(0, most));
    }
    isRunning = false;
  };
  return (item) => {
    const { promise, resolve, reject } = Promise.withResolvers<A>();
    queue.push({ item, resolve, reject });
    if (!isRunning) void work();
    return promise;
  };
}
