import type { SecretSearch } from "../../collect/secrets/redaction.ts";
import { messageOf, SallyportError } from "../../core/errors.ts";
import { asSallyportError } from "../github/failure.ts";
import { scrubbed } from "../settings/secrets.ts";
import { limitWait, retryWait } from "./limits.ts";

/**
 * A job by its queue and key, and how often it failed in a row. `repository` is the one that it reads; null if rate
 * limits of reads do not apply to it. `isSwept`: only a sweep asks for it, so it leaves the reserve of the hour alone.
 */
export type Job = { name: string; key: string; repository: number | null; failures: number; isSwept: boolean };

/** Tools for running a job. */
export type JobTools = {
  /** Until when GitHub's rate limit holds back reads, or a sweep's, in a repository; null if no limit is known. */
  limitedUntil(repository: number, use: "read" | "sweep"): Date | null;
  secrets: SecretSearch;
  log(line: string): void;
  /** Enqueues the job again, to run no earlier than a time, as one that failed so often in a row. */
  requeue(notBefore: Date, failures: number): Promise<void>;
};

/**
 * Runs a job, but not before GitHub's rate limit allows reads; a failure is logged and stored without secrets. A failed
 * job is enqueued again: for the time that the failure names, or after a wait that grows; after too many failures it is
 * given up. Returns false for a job that is given up.
 */
export async function runJob(
  { name, key, repository, failures, isSwept }: Job,
  job: () => Promise<void>,
  { limitedUntil, secrets, log, requeue }: JobTools,
): Promise<boolean> {
  let isBegun = false;
  const limit = () => {
    if (repository === null) return null;
    return limitedUntil(repository, "read") ?? (isSwept ? limitedUntil(repository, "sweep") : null);
  };
  try {
    const until = limit();
    if (until !== null) throw rateLimit(until, `GitHub wants us to ask nothing before ${until.toISOString()}`);
    isBegun = true;
    await job();
    return true;
  } catch (error) {
    // If the limit was met while the job ran, the job's error names only the unanswered request.
    const met = limit();
    const failure = met === null ? asSallyportError(error, new Date()) : rateLimit(met, messageOf(error));
    const told = await scrubbed(failure, secrets);
    log(`${name} ${key}: ${told.message}`);
    if (failure.notBefore !== undefined) {
      // A limit that is met again and again is met later each time; one that was known before costs nothing.
      const growth = isBegun && failures > 0 ? limitWait(failures, Math.random()) : 0;
      await requeue(new Date(failure.notBefore.getTime() + growth * 1_000), isBegun ? failures + 1 : failures);
      return true;
    }
    // Uninstalled, suspended or deleted: whatever brings it back is an event of its own.
    if (failure.code === "not-found") return false;
    const wait = retryWait(failures + 1, Math.random());
    if (wait === null) return false;
    await requeue(new Date(Date.now() + wait * 1_000), failures + 1);
    return true;
  }
}

function rateLimit(notBefore: Date, message: string): SallyportError {
  return new SallyportError("rate-limit", message, { retry: true, notBefore });
}

/**
 * Does work with a signal that is aborted when its time (in seconds) is over, or when another signal says so. It is no
 * `AbortSignal.timeout`: the runtime keeps whatever was combined with one for good once that is combined again.
 */
export async function withinTime<T>(
  seconds: number,
  ending: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(new DOMException("the time for this job is over", "TimeoutError")),
    seconds * 1_000,
  ).unref();
  try {
    return await work(AbortSignal.any([ending, late.signal]));
  } finally {
    clearTimeout(timer);
  }
}
