import { type EntryOf, entriesOf, type TypedEntry } from "../entries.ts";
import { checkAttempt, emptyAttempts } from "../ledger/attempt-protocol.ts";
import { purgedBodies } from "../ledger/retention.ts";
import { approvalSteps, derivedPrompts, findRunBasis } from "./approval.ts";
import { attemptSteps } from "./attempt.ts";
import { progressSteps } from "./progress.ts";
import type { ReplayContext, ReplaySources } from "./sources.ts";
import type { ReplayResult, ReplayStep } from "./step.ts";
import { verdictSteps } from "./verdict.ts";

/** A replayed run. `ok`: no step differs, is missing or was purged; unpublished steps could not be compared. */
export type Replay = {
  run: string;
  story: number;
  ok: boolean;
  counts: Record<ReplayResult, number>;
  steps: ReplayStep[];
};

/** The entry that submitted a run; undefined: the ledger has no such run. */
export function submittedRun(entries: readonly TypedEntry[], run: string): EntryOf<"run.submitted"> | undefined {
  return entriesOf(entries, "run.submitted").find(({ body }) => body.run === run);
}

/**
 * Derives again everything in a run that follows from stored data, and compares it with the record. Pass the entries of
 * a verified ledger, oldest first. A model's answer is taken as recorded: no model is called. Null: the ledger has no
 * such run.
 */
export function replayRun(run: string, entries: readonly TypedEntry[], sources: ReplaySources): Replay | null {
  const submitted = submittedRun(entries, run);
  if (submitted === undefined) return null;
  const steps = [...runSteps(submitted, entries, sources)];
  const counts = { same: 0, differs: 0, unpublished: 0, purged: 0, missing: 0 };
  for (const { result } of steps) counts[result] += 1;
  const ok = counts.differs === 0 && counts.missing === 0 && counts.purged === 0;
  return { run, story: submitted.body.story, ok, counts, steps };
}

function* runSteps(
  run: EntryOf<"run.submitted">,
  entries: readonly TypedEntry[],
  sources: ReplaySources,
): Generator<ReplayStep> {
  const found = findRunBasis(entries, run);
  if (!found.ok) return yield found.step;
  const { basis } = found;
  const context: ReplayContext = {
    entries,
    basis,
    prompts: derivedPrompts(entries, basis),
    broken: brokenEntries(entries),
    purged: purgedBodies(entries),
    sources,
  };
  yield* approvalSteps(context);
  for (const promptEntry of entriesOf(entries, "prompt.recorded"))
    if (promptEntry.body.run === run.body.run) yield* attemptSteps(promptEntry, context);
  yield* verdictSteps(context);
  yield* progressSteps(context);
}

/** Violations of the attempt protocol in the whole ledger, because an attempt's number depends on other runs. */
function brokenEntries(entries: readonly TypedEntry[]): Map<number, string> {
  const attempts = emptyAttempts();
  const broken = new Map<number, string>();
  for (const entry of entries) {
    const problem = checkAttempt(attempts, entry);
    if (problem !== null) broken.set(entry.seq, problem);
  }
  return broken;
}
