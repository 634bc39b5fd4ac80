/** Work that goes on after an answer was given, and the order of what must not overtake. */
import type { State } from "./memory.ts";

/** Lets `work` run on; `settled` waits for it. Its failure is a bug in the sandbox and surfaces there. */
export function background(state: State, work: Promise<unknown>): void {
  state.work.add(work);
  const done = () => state.work.delete(work);
  work.then(done, done);
}

/** Runs tasks of one queue strictly one after another; a failed task does not stop those behind it. */
export function inOrder<T>(state: State, queue: string, task: () => Promise<T>): Promise<T> {
  const before = state.queues.get(queue) ?? Promise.resolve();
  const result = before.then(task, task);
  state.queues.set(
    queue,
    result.catch(() => undefined),
  );
  return result;
}

/** Resolves when nothing is under way any more, webhooks held back by a fault included. */
export async function settled(state: State): Promise<void> {
  for (;;) {
    await Promise.all(state.work);
    const releases = [...state.held.values()].flat();
    state.held.clear();
    for (const release of releases) release();
    if (state.work.size === 0) return;
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
