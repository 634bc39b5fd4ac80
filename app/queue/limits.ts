import type { Subject } from "../../core/subject.ts";

/** A queue's limits in each process; times in seconds. */
export type QueueLimits = {
  /** How many jobs run at once; a repository gets a fair share of them (`fairShare`). */
  concurrency: number;
  /** After this time a job is told to end, and whoever waits for it waits no longer. */
  timeout: number;
  /** After this time another worker may take the job over, so it has to be more than `timeout`. */
  expires: number;
};

const minutes = 60;
const hours = 3_600;

/**
 * The queues. Agents have places of their own, so that no check, comment or commit waits for one; a repository with
 * thousands of waiting looks takes only its share. A run's own limits are the policy's; this is the most
 * that any policy gets.
 */
export const queueLimits = {
  look: { concurrency: 12, timeout: 10 * minutes, expires: 15 * minutes },
  perform: { concurrency: 4, timeout: 10 * minutes, expires: hours },
  agent: { concurrency: 8, timeout: 23 * hours, expires: 24 * hours },
  find: { concurrency: 2, timeout: 10 * minutes, expires: 15 * minutes },
  export: { concurrency: 2, timeout: 20 * minutes, expires: 30 * minutes },
  sweep: { concurrency: 1, timeout: 30 * minutes, expires: hours },
  later: { concurrency: 1, timeout: minutes, expires: 2 * minutes },
} as const satisfies Record<string, QueueLimits>;

export type QueueName = keyof typeof queueLimits;

/** What a process may do: take in webhooks, decide, write to GitHub and the ledger's branch, run agents, sweep. */
export const roles = ["receive", "reconcile", "perform", "agents", "sweep"] as const;
export type Role = (typeof roles)[number];

/** The queues that a process of these roles works on. What waits for its time is passed on by all of them. */
export function queuesOf(own: readonly Role[]): ReadonlySet<QueueName> {
  const queues: Record<Role, QueueName[]> = {
    receive: ["later"],
    reconcile: ["look", "find", "later"],
    perform: ["perform", "export", "later"],
    agents: ["agent", "later"],
    sweep: ["sweep", "later"],
  };
  return new Set(own.flatMap((role) => queues[role]));
}

/**
 * Which look comes first: a changed pull request or merge group, whose verdict somebody waits for, then an issue, then
 * what a sweep found, of which most is unchanged.
 */
export function priorityOf(subject: Subject, isSwept: boolean): number {
  if (isSwept) return 0;
  return subject.kind === "issue" || subject.kind === "repository" ? 1 : 2;
}

/** How long a worker may give no sign of life, and how often jobs of dead workers are looked for, in seconds. */
export const heartbeat = { silence: 30, every: 15 } as const;

/** How often a failed job is tried again, and the longest wait before a try, in seconds. */
const retries = { limit: 10, longestWait: 300 } as const;

/**
 * The seconds before a job that has failed so often is tried again; null when it is given up. The wait doubles, and
 * chance spreads it, so that what failed together does not come back together.
 */
export function retryWait(failures: number, chance: number): number | null {
  if (failures > retries.limit) return null;
  return Math.min(retries.longestWait, 2 ** (failures - 1)) * (0.5 + chance / 2);
}

/** The seconds that a job waits beyond the time that GitHub names, after it has met a limit so often in a row. */
export function limitWait(failures: number, chance: number): number {
  return Math.min(1_800, 30 * 2 ** failures) * (0.5 + chance / 2);
}
