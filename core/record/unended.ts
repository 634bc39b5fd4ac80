import type { TypedEntry } from "../entries.ts";

/** What the ledger believes of a repository's issues and pull requests, by number. */
export type Beliefs = {
  /** Pull requests without a recorded end after their last verdict. */
  pulls: Set<number>;
  /** The open runs, with their stories, and the stories whose plan is under way. */
  runs: Map<string, number>;
  planning: Set<number>;
};

/** Before the first entry. */
export const noBeliefs = (): Beliefs => ({ pulls: new Set(), runs: new Map(), planning: new Set() });

/** The stories with a run or a plan under way. */
export function openStories({ runs, planning }: Beliefs): Set<number> {
  return new Set([...runs.values(), ...planning]);
}

/** Updates what is believed by the next entry. GitHub may have ended what has not ended here, while nobody was told. */
export function believe({ pulls, runs, planning }: Beliefs, { kind, body }: TypedEntry): void {
  switch (kind) {
    case "pull.opened":
    case "verdict.given":
      pulls.add(body.pull);
      break;
    case "pull.closed":
    case "merge.observed":
      pulls.delete(body.pull);
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

/** The pull requests whose end is recorded after their last verdict, by the entries about them. */
export function endedPulls(entries: readonly TypedEntry[]): Set<number> {
  const ended = new Set<number>();
  for (const { kind, body } of entries) {
    if (kind === "pull.closed" || kind === "merge.observed") ended.add(body.pull);
    if (kind === "pull.opened" || kind === "verdict.given") ended.delete(body.pull);
  }
  return ended;
}

const day = 86_400_000;

/** When a ledger's first and last entries were recorded (RFC 3339). */
export type LedgerSpan = { first: string; last: string };

/**
 * Since when closings may have been missed (RFC 3339): a day before they were last looked for (`searched`) or, where
 * that is not known, before the last entry, which the service wrote; and never before the first one: nothing was
 * governed then. Null: there is no ledger.
 */
export function unseenSince(span: LedgerSpan | null, searched: string | null): string | null {
  if (span === null) return null;
  const before = new Date(Date.parse(searched ?? span.last) - day).toISOString();
  return before > span.first ? before : span.first;
}
