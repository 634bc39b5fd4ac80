import type { SecretSearch } from "../../collect/secrets/redaction.ts";
import type { Decision } from "../../core/decision.ts";
import { messageOf, SallyportError } from "../../core/errors.ts";
import { asSallyportError } from "../github/failure.ts";
import { scrubbed } from "../settings/secrets.ts";

/** A job by its queue and key. `repository` is the one that it reads; null: it keeps to no reader's limit. */
export type Job = { name: string; key: string; repository: number | null };

/** What a job is run with. */
export type JobTools = {
  /** Until when GitHub wants us to read nothing in a repository; null: it does not, as far as we know. */
  limitedUntil(repository: number): Date | null;
  secrets: SecretSearch;
  log(line: string): void;
  /** Enqueues the job again, not before a time. */
  requeue(notBefore: Date): Promise<void>;
};

/**
 * Runs a job: not before GitHub lets us read again, and with a failure that is logged and stored without secrets. One that
 * names a time enqueues the job again at that time; any other is thrown, so that pg-boss retries it sooner.
 */
export async function runJob(
  { name, key, repository }: Job,
  job: () => Promise<void>,
  { limitedUntil, secrets, log, requeue }: JobTools,
): Promise<void> {
  const limit = () => (repository === null ? null : limitedUntil(repository));
  try {
    const until = limit();
    if (until !== null)
      throw rateLimit(until, `GitHub wants us to ask nothing before ${until.toISOString()}`);
    await job();
  } catch (error) {
    // Where the limit was met while the job ran, its error only says what was not answered.
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

/** A decision whose next look, if it asks for one, comes no sooner than GitHub lets us read. */
export function holdBack(decision: Decision, until: Date | null, now: Date): Decision {
  if (decision.requeueAfter === null || until === null) return decision;
  const seconds = Math.ceil((until.getTime() - now.getTime()) / 1_000);
  return { ...decision, requeueAfter: Math.max(decision.requeueAfter, seconds) };
}
