import type { SecretSearch } from "../../collect/secrets/redaction.ts";
import type { Decision } from "../../core/decision.ts";
import { messageOf, SallyportError } from "../../core/errors.ts";
import { asSallyportError } from "../github/failure.ts";
import { scrubbed } from "../settings/secrets.ts";

/**
 * A job by its queue and key. `repository` is the one that it reads; null if rate limits of reads do not apply to it.
 */
export type Job = { name: string; key: string; repository: number | null };

/** Tools for running a job. */
export type JobTools = {
  /** Until when GitHub's rate limit holds back reads in a repository; null if no limit is known. */
  limitedUntil(repository: number): Date | null;
  secrets: SecretSearch;
  log(line: string): void;
  /** Enqueues the job again, to run no earlier than a time. */
  requeue(notBefore: Date): Promise<void>;
};

/**
 * Runs a job, but not before GitHub's rate limit allows reads; a failure is logged and stored without secrets. A
 * failure with a time enqueues the job again for that time; any other is rethrown, so that pg-boss retries it sooner.
 */
export async function runJob(
  { name, key, repository }: Job,
  job: () => Promise<void>,
  { limitedUntil, secrets, log, requeue }: JobTools,
): Promise<void> {
  const limit = () => (repository === null ? null : limitedUntil(repository));
  try {
    const until = limit();
    if (until !== null) throw rateLimit(until, `GitHub wants us to ask nothing before ${until.toISOString()}`);
    await job();
  } catch (error) {
    // If the limit was met while the job ran, the job's error names only the unanswered request.
    const met = limit();
    const failure = met === null ? asSallyportError(error, new Date()) : rateLimit(met, messageOf(error));
    const told = await scrubbed(failure, secrets);
    log(`${name} ${key}: ${told.message}`);
    if (failure.notBefore === undefined) throw told;
    await requeue(failure.notBefore);
  }
}

function rateLimit(notBefore: Date, message: string): SallyportError {
  return new SallyportError("rate-limit", message, { retry: true, notBefore });
}

/** A decision whose next reconcile, if it asks for one, waits for GitHub's rate limit. */
export function holdBack(decision: Decision, until: Date | null, now: Date): Decision {
  if (decision.requeueAfter === null || until === null) return decision;
  const seconds = Math.ceil((until.getTime() - now.getTime()) / 1_000);
  return { ...decision, requeueAfter: Math.max(decision.requeueAfter, seconds) };
}
