import type { Limit, LimitedUse } from "../store/limits.ts";

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
  let tell = (_: Limit) => {};
  const learn = ({ installation, use, until }: Limit): boolean => {
    const key = `${installation}/${use}`;
    if (until.getTime() <= (known.get(key)?.getTime() ?? Date.now())) return false;
    known.set(key, until);
    return true;
  };
  return {
    until(installation, use) {
      const until = known.get(`${installation}/${use}`);
      return until !== undefined && until.getTime() > Date.now() ? until : null;
    },
    meet(limit) {
      if (learn(limit)) tell(limit);
    },
    learn,
    onMet(listener) {
      tell = listener;
    },
  };
}

/** The part of an hour's requests that is kept from sweeps. */
const reserve = 0.2;

/** When an answer says that only the reserve of the hour's requests is left: until when; otherwise null. */
export function scarceUntil(headers: Readonly<Record<string, unknown>>): Date | null {
  const [limit, left, reset] = ["limit", "remaining", "reset"].map((name) => Number(headers[`x-ratelimit-${name}`]));
  if (limit === undefined || left === undefined || reset === undefined) return null;
  return left < limit * reserve && Number.isFinite(reset) ? new Date(reset * 1_000) : null;
}
