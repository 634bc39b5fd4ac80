import { followAttempts, noAttempts } from "./attempts.ts";
import { type EntryOf, entriesOf, type TypedEntry } from "./entries.ts";
import { attemptSteps } from "./replay-attempt.ts";
import { commitSteps, endStep, pullStep } from "./replay-change.ts";
import { attemptEntries } from "./replay-entries.ts";
import { derivedPrompts, findGround, groundSteps, openedIssues } from "./replay-ground.ts";
import { handoffSteps } from "./replay-handoffs.ts";
import { checkpointSteps, concernSteps, remediationSteps, rollbackSteps } from "./replay-road.ts";
import type { ReplaySources } from "./replay-sources.ts";
import type { ReplayResult, ReplayStep } from "./replay-step.ts";
import { purgedBodies } from "./retention.ts";

/** A run that was tried again. `ok`: nothing differs, is missing or was given up; what is unpublished could not be tried. */
export type Replay = {
  run: string;
  story: number;
  ok: boolean;
  counts: Record<ReplayResult, number>;
  steps: ReplayStep[];
};

/** The entry that submitted a run; undefined: the ledger knows no such run. */
export function submittedRun(
  entries: readonly TypedEntry[],
  run: string,
): EntryOf<"run.submitted"> | undefined {
  return entriesOf(entries, "run.submitted").find(({ body }) => body.run === run);
}

/**
 * Derives again all of a run that follows from what is stored, and compares it with what was recorded. Give it the entries
 * of a verified ledger, oldest first. A model's answer is taken as it was recorded: no model is asked again. Null: the
 * ledger knows no such run.
 */
export function replayRun(
  run: string,
  entries: readonly TypedEntry[],
  sources: ReplaySources,
): Replay | null {
  const submitted = submittedRun(entries, run);
  if (submitted === undefined) return null;
  const steps = [...runSteps(submitted, entries, sources)];
  const count = (result: ReplayResult) => steps.filter((step) => step.result === result).length;
  const counts = {
    same: count("same"),
    differs: count("differs"),
    unpublished: count("unpublished"),
    purged: count("purged"),
    missing: count("missing"),
  };
  const ok = counts.differs === 0 && counts.missing === 0 && counts.purged === 0;
  return { run, story: submitted.body.story, ok, counts, steps };
}

function* runSteps(
  run: EntryOf<"run.submitted">,
  entries: readonly TypedEntry[],
  sources: ReplaySources,
): Generator<ReplayStep> {
  const found = findGround(entries, run);
  if (!found.ok) return yield found.step;
  const { ground } = found;
  yield* groundSteps(entries, ground, sources);

  const derived = derivedPrompts(ground);
  const prompts = new Map(
    [...openedIssues(entries, ground)].flatMap(([issue, index]) => {
      const prompt = derived[index - 1];
      return prompt === undefined ? [] : [[issue, prompt] as const];
    }),
  );
  const look = {
    entries,
    story: run.body.story,
    prompts,
    broken: brokenEntries(entries),
    purged: purgedBodies(entries),
    sources,
  };
  for (const asked of entriesOf(entries, "prompt.recorded")) {
    if (asked.body.run !== run.body.run) continue;
    const tried = attemptEntries(entries, asked);
    yield* checkpointSteps(asked, look);
    yield* attemptSteps(tried, look);
    yield* concernSteps(tried, look);
    yield* commitSteps(tried, entries, sources);
  }
  for (const opened of entriesOf(entries, "pull.opened"))
    if (opened.body.run === run.body.run) yield pullStep(opened, run.body.story, entries);
  yield* handoffSteps(entries, ground, look);
  yield* rollbackSteps(run.body.run, entries);
  yield* remediationSteps(run.body, entries);
  for (const closed of entriesOf(entries, "run.closed")) {
    const end = closed.body.run === run.body.run ? endStep(closed, run, entries) : null;
    if (end !== null) yield end;
  }
}

/** What breaks the attempt protocol anywhere in the ledger: an attempt's number follows from those of other runs. */
function brokenEntries(entries: readonly TypedEntry[]): Map<number, string> {
  const attempts = noAttempts();
  const broken = new Map<number, string>();
  for (const entry of entries) {
    const problem = followAttempts(attempts, entry);
    if (problem !== null) broken.set(entry.seq, problem);
  }
  return broken;
}
