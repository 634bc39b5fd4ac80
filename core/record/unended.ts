import type { TypedEntry } from "../entries.ts";

/** What the ledger believes of a repository's issues and pull requests, by number. */
export type Believed = {
  /** Pull requests without a recorded end after their last verdict, and stories with a run or a plan under way. */
  pulls: ReadonlySet<number>;
  stories: ReadonlySet<number>;
  /** Pull requests whose end is recorded. */
  ended: ReadonlySet<number>;
};

/** Folds a ledger to what has not ended in it. GitHub may have ended it while nobody was told. */
export function believedOf(entries: readonly TypedEntry[]): Believed {
  const pulls = new Set<number>();
  const ended = new Set<number>();
  const runs = new Map<string, number>();
  const planning = new Set<number>();
  for (const { kind, body } of entries) {
    switch (kind) {
      case "pull.opened":
      case "verdict.given":
        pulls.add(body.pull);
        ended.delete(body.pull);
        break;
      case "pull.closed":
      case "merge.observed":
        pulls.delete(body.pull);
        ended.add(body.pull);
        break;
      case "run.submitted":
        runs.set(body.run, body.story);
        break;
      case "run.closed":
        runs.delete(body.run);
        break;
      case "command":
        if (body.accepted && (body.command === "plan" || body.command === "refine")) planning.add(body.issue);
        break;
      case "plan.proposed":
      case "plan.failed":
        planning.delete(body.story);
        break;
    }
  }
  return { pulls, stories: new Set([...runs.values(), ...planning]), ended };
}

const day = 86_400_000;

/**
 * Since when closings may have been missed (RFC 3339): a day before they were last looked for (`searched`) or, where
 * that is not known, before the last entry, which the service wrote; and never before the first one: nothing was
 * governed then. Null: there is no ledger.
 */
export function unseenSince(entries: readonly TypedEntry[], searched: string | null): string | null {
  const [first, last] = [entries.at(0), entries.at(-1)];
  if (first === undefined || last === undefined) return null;
  const before = new Date(Date.parse(searched ?? last.at) - day).toISOString();
  return before > first.at ? before : first.at;
}
