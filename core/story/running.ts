import { casefilesOf } from "../contract/casefiles.ts";
import { decisionOf, type Step } from "../decision.ts";
import { stateOf } from "../ledger/attempt-protocol.ts";
import { mayOverlap } from "../paths/cover.ts";
import { isAllowedMerge, openRun } from "../record/progress.ts";
import type { PromptRecord, StoryRun } from "../record/story.ts";
import { advise, isLeft } from "./advising.ts";
import { attemptClosed, awaitAnswer, closeAttempt } from "./attempt.ts";
import { complete } from "./completing.ts";
import type { StoryContext, StoryFacts } from "./facts.ts";
import { runClosed } from "./run-end.ts";
import { startAttempt } from "./starting.ts";
import { commit, openPull } from "./writing.ts";

/**
 * The next step of an open run: its prompts one after the other, or as many at a time as the policy lets.
 * Every rule reads only recorded state, so a crash between two steps repeats none of them.
 */
export function advanceRun(context: StoryContext): Step {
  const { record, facts } = context;
  const run = openRun(record);
  // A merge completes its prompt whether or not the run is still open: a person may reopen and merge after a stop.
  const merged = record.prompts.find((one) => one.merge !== null && !one.completed && isAllowedMerge(one, record));
  if (merged?.merge) return decisionOf(endedTry(merged, run, facts), complete(merged, merged.merge.merged, facts));
  if (run === null) return {};
  const open = record.prompts.filter((one) => one.issue !== null && run.prompts.includes(one.issue) && !one.completed);
  if (open.length === 0) {
    const isMerged = (issue: number) => record.prompts.some((one) => one.issue === issue && one.completed);
    const past = record.prompts.flatMap(({ pull, merge, acceptedBy }) => {
      const how = merge?.judged === true ? "into another branch" : "past its check";
      return acceptedBy === null ? [] : [`; #${pull} ${how}, which @${acceptedBy} accepted`];
    });
    const end = run.prompts.every(isMerged)
      ? runClosed(run, facts, "succeeded", `every prompt is merged${past.join("")}`)
      : runClosed(run, facts, "cancelled", "its prompts are not those of the approved plan any more");
    return { drafts: [end] };
  }
  const failed = run.mode === "independent" ? failedPrompts(open, run, context) : new Map<PromptRecord, Step>();
  const working = inWork(
    open.filter((one) => !failed.has(one)),
    run,
    context,
  );
  if (working.length === 0 && failed.size > 0) return endOfAll([...failed.values()], run, facts);
  const steps = working.map((prompt) => advancePrompt(prompt, run, context));
  return steps.find(endsRun) ?? decisionOf(...steps);
}

/** Ends the try of an agent that is still at work on a prompt whose pull request was merged: nobody takes its answer. */
function endedTry({ attempts, pull }: PromptRecord, run: StoryRun | null, facts: StoryFacts): Step {
  const last = attempts.at(-1);
  if (last === undefined || stateOf(last) !== "asked" || run?.run !== last.pack.run || run.closed !== null) return {};
  const message = `#${pull} was merged meanwhile.`;
  return { drafts: [attemptClosed(last.pack, facts, [{ source: "sallyport", code: "merged", message }])] };
}

const endsRun = ({ drafts = [] }: Step) => drafts.some(({ kind }) => kind === "run.closed");

/** The prompts of an independent run at which it would have ended: they are left, and what does not depend on them goes on. */
function failedPrompts(open: readonly PromptRecord[], run: StoryRun, context: StoryContext): Map<PromptRecord, Step> {
  const begun = open.filter((one) => isBegun(one, run) || one.closedUnmerged);
  const steps = begun.map((one) => [one, advancePrompt(one, run, context)] as const);
  return new Map(steps.filter(([, step]) => endsRun(step)));
}

/** Ends an independent run of which nothing more can be done: all that is open failed, or depends on what did. */
function endOfAll(ends: readonly Step[], run: StoryRun, facts: StoryFacts): Step {
  const drafts = ends.flatMap((step) => step.drafts ?? []);
  const closed = drafts.flatMap((draft) => (draft.kind === "run.closed" ? [draft.body] : []));
  const status = closed.some((one) => one.status === "failed") ? "failed" : "cancelled";
  const rest = drafts.filter(({ kind }) => kind !== "run.closed");
  return { drafts: [...rest, runClosed(run, facts, status, closed.map(({ reason }) => reason).join(" "))] };
}

const isBegun = ({ attempts }: PromptRecord, { run }: StoryRun) => attempts.some(({ pack }) => pack.run === run);

/**
 * The open prompts of a run that are in work: those that are begun, then as many as the policy lets run beside them, in
 * their order. One that waits for another, or whose paths overlap with those of one in work, begins after it.
 */
function inWork(open: readonly PromptRecord[], run: StoryRun, { record, loaded, facts }: StoryContext): PromptRecord[] {
  const { policy } = loaded;
  // Every change of a story writes the same casefiles.
  const limit = casefilesOf(policy, facts.issue.number).length > 0 ? 1 : policy.agents.parallel;
  const isOurs = (prompt: PromptRecord) => isBegun(prompt, run);
  const isDone = (index: number) =>
    record.prompts.some(({ contract, completed }) => contract.index === index && completed);
  const chosen: PromptRecord[] = [];
  for (const prompt of [...open.filter(isOurs), ...open.filter((one) => !isOurs(one))]) {
    if (chosen.length >= limit && !isOurs(prompt)) break;
    const { dependsOn, paths } = prompt.contract;
    const overlaps = ({ contract }: PromptRecord) =>
      contract.paths.some((one) => paths.some((other) => mayOverlap(one, other)));
    // In their order the first one waits for no other, unless that one was left.
    const waits = (chosen.length > 0 || run.mode === "independent") && !dependsOn.every(isDone);
    if (!isOurs(prompt) && (waits || chosen.some(overlaps))) continue;
    chosen.push(prompt);
  }
  return chosen;
}

/** The next step of one prompt of an open run, from recorded prompt to merged pull request. */
function advancePrompt(prompt: PromptRecord, run: StoryRun, context: StoryContext): Step {
  const { facts, loaded } = context;
  if (prompt.closedUnmerged) {
    return {
      drafts: [runClosed(run, facts, "cancelled", `#${prompt.pull} was closed without being merged`)],
    };
  }
  const attempt = prompt.attempts.findLast(({ pack }) => pack.run === run.run);
  const { pending, asked } = prompt.rework;
  // What people asked for is gathered first.
  if (attempt === undefined)
    return prompt.pull !== null && asked.length > 0 ? {} : startAttempt(context, run, prompt, undefined);
  const work = { run, prompt, attempt };
  switch (stateOf(attempt)) {
    case "refused": {
      if (pending !== null || !isLeft(prompt, attempt, loaded.policy.agents.limits))
        return startAttempt(context, run, prompt, attempt);
      const written = prompt.attempts.findLast(({ pack, commit }) => pack.run === run.run && commit !== null);
      return prompt.pull !== null || written === undefined ? {} : openPull({ run, prompt, attempt: written }, context);
    }
    case "asked":
      return awaitAnswer(work, context);
    case "answered":
      return closeAttempt(work, context);
    case "accepted":
      return {};
    case "captured":
      return pending === null ? commit(work, context) : startAttempt(context, run, prompt, attempt);
    case "committed":
      if (pending !== null) return startAttempt(context, run, prompt, attempt);
      return prompt.pull === null ? (advise(work, context) ?? openPull(work, context)) : {};
  }
}
