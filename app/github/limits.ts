import type { Database } from "../store/database.ts";
import { type Limit, type LimitedUse, longestLimitMs, readLimits, storeLimit } from "../store/limits.ts";
import { byOurClock } from "./rate-limit.ts";

/** The limits that this process knows of. */
export type Limits = {
  /** Until when; null if no limit is known, or it is over. */
  until(installation: number, use: LimitedUse): Date | null;
  /** Takes in a limit that GitHub told this process. */
  meet(limit: Limit): void;
  /** Takes in a limit that another process met, or this one before it was started again. */
  learn(limit: Limit): void;
  /** Who is told of the limits that this process meets, and only if they last longer than what was known. */
  onMet(listener: (limit: Limit) => void): void;
};

export function createLimits(): Limits {
  const known = new Map<string, Date>();
  const current = (key: string): Date | null => {
    const until = known.get(key);
    if (until !== undefined && isOn(until)) return until;
    known.delete(key);
    return null;
  };
  let tell = (_: Limit) => {};
  const learn = ({ installation, use, until }: Limit): boolean => {
    const key = `${installation}/${use}`;
    const before = current(key);
    if (!isOn(until) || (before !== null && until <= before)) return false;
    known.set(key, until);
    return true;
  };
  return {
    until: (installation, use) => current(`${installation}/${use}`),
    meet(limit) {
      if (learn(limit)) tell(limit);
    },
    learn,
    onMet(listener) {
      tell = listener;
    },
  };
}

/** Whether a limit is not over. One that seems to last longer than any was met before our clock was put back. */
function isOn(until: Date): boolean {
  const left = until.getTime() - Date.now();
  return left > 0 && left <= longestLimitMs;
}

/** The part of an hour's requests that is kept from sweeps. */
const reserve = 0.2;

/** When an answer says that only the reserve of the hour's requests is left: until when; otherwise null. */
export function scarceUntil(headers: Readonly<Record<string, unknown>>, now: Date): Date | null {
  const [limit, left, reset] = ["limit", "remaining", "reset"].map((name) => Number(headers[`x-ratelimit-${name}`]));
  if (limit === undefined || left === undefined || reset === undefined) return null;
  return left < limit * reserve && Number.isFinite(reset) ? new Date(byOurClock(reset, headers, now)) : null;
}

/** How often limits that other processes met are read, in milliseconds. */
const everyMs = 5_000;

/**
 * Lets all processes of a database, and this one after its next start, know of the limits that each meets. What it gives
 * ends it. A failure costs a request that GitHub refuses, and is no more than logged.
 */
export async function shareLimits(db: Database, limits: Limits, log: (line: string) => void): Promise<() => void> {
  const learn = async () => {
    for (const limit of await readLimits(db)) limits.learn(limit);
  };
  await learn();
  const failed = (error: unknown) => log(`GitHub's limits are not shared: ${String(error)}`);
  limits.onMet((limit) => {
    log(`GitHub limits ${limit.use}s of installation ${limit.installation} until ${limit.until.toISOString()}`);
    storeLimit(db, limit).catch(failed);
  });
  const timer = setInterval(() => learn().catch(failed), everyMs).unref();
  return () => {
    limits.onMet(() => {});
    clearInterval(timer);
  };
}
