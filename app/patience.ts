import type { Decision } from "../core/decision.ts";
import { SallyportError } from "../core/errors.ts";
import type { GitHubClients } from "./github.ts";

/** How reading keeps to the times that GitHub named when it had had enough of us. */
export type Patience = {
  /**
   * Runs a job that reads a repository. While GitHub wants us to wait it is not begun, and one that fails meanwhile says
   * by `notBefore` when it is to be done again.
   */
  read<T>(repository: number, job: () => Promise<T>): Promise<T>;
  /** A decision whose next look, if it asks for one, comes no sooner than GitHub allows. */
  later(repository: number, decision: Decision): Decision;
};

/** Keeps to the limits that the readers of these clients have met. */
export function createPatience(
  { limitedUntil }: Pick<GitHubClients, "limitedUntil">,
  now: () => Date,
): Patience {
  const limit = (notBefore: Date, message: string) =>
    new SallyportError("rate-limit", message, { retry: true, notBefore });
  return {
    async read(repository, job) {
      const until = limitedUntil(repository);
      if (until !== null) throw limit(until, `GitHub wants us to ask nothing before ${until.toISOString()}`);
      try {
        return await job();
      } catch (error) {
        const met = limitedUntil(repository);
        if (met === null) throw error;
        throw limit(met, error instanceof Error ? error.message : String(error));
      }
    },
    later(repository, decision) {
      const until = limitedUntil(repository);
      if (decision.requeueAfter === null || until === null) return decision;
      const seconds = Math.ceil((until.getTime() - now().getTime()) / 1_000);
      return { ...decision, requeueAfter: Math.max(decision.requeueAfter, seconds) };
    },
  };
}
