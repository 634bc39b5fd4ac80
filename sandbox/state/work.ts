/** Background work that continues after an answer, and queues of tasks that must run in order. */
import type { State } from "./memory.ts";

/** Runs `work` in the background; `settled` waits for it. A failure is a bug in the sandbox and surfaces there. */
export function background(state: State, work: Promise<unknown>): void {
  state.work.add(work);
  const done = () => state.work.delete(work);
  work.then(done, done);
}

/** Runs the tasks of one queue strictly one after another; a failed task does not stop later ones. */
export function inOrder<T>(state: State, queue: string, task: () => Promise<T>): Promise<T> {
  const before = state.queues.get(queue) ?? Promise.resolve();
  const result = before.then(task, task);
  state.queues.set(
    queue,
    result.catch(() => undefined),
  );
  return result;
}

/** Resolves when no work is pending, including webhooks held back by a fault. */
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
