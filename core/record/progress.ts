import type { Stage } from "../../schemas/road-entries.ts";
import { checkpointName } from "../identifiers.ts";
import { stateOf } from "../ledger/attempt-protocol.ts";
import type { BranchState } from "./checkpoints.ts";
import { mergeConcern } from "./concerns.ts";
import { type Round, roundOf } from "./rework.ts";
import { type AttemptRecord, hasOpenPull, type PromptRecord, type StoryRecord, type StoryRun } from "./story.ts";

/** The progress of a prompt of an approved plan. */
export type PromptProgress =
  | { at: "unstarted" }
  /** It is in an open run, or an agent has worked on it. */
  | { at: "begun" }
  /** Its pull request is open; it is green once the last verdict is success. */
  | { at: "in-review" | "green"; pull: number }
  | { at: "merged" };

/** The state of a story's last run; `none`: there was no run. */
type RunState = "none" | "open" | "succeeded" | "failed" | "cancelled";

/** The progress of a story, from its record alone. Its stage and its next step derive from this one value. */
export type StoryProgress =
  /** Nobody has asked for a plan. */
  | { at: "unasked" }
  /** No plan is approved. */
  | { at: "unapproved" }
  /** A plan is approved, and the issues of its prompts are being opened. */
  | { at: "opening"; run: RunState }
  /** All prompts have their issues; `prompt` is the progress of the first that is not completed and not left. */
  | { at: "approved"; run: RunState; prompt: PromptProgress }
  | { at: "complete" };

/** Derives a story's progress from its record. */
export function progressOf(record: StoryRecord): StoryProgress {
  if (record.completed) return { at: "complete" };
  if (record.contract === null) return { at: record.request === null ? "unasked" : "unapproved" };
  const run = record.run === null ? "none" : (record.run.closed?.status ?? "open");
  if (record.prompts.some((prompt) => prompt.issue === null)) return { at: "opening", run };
  const open = record.prompts.filter((prompt) => !prompt.completed);
  const current = open.find((prompt) => !wasLeft(prompt, record)) ?? open[0];
  return {
    at: "approved",
    run,
    prompt: current === undefined ? { at: "merged" } : promptProgress(current, record),
  };
}

/** The stages' names for people. */
export const stageNames: Readonly<Record<Stage, string>> = {
  frame: "Frame",
  spec: "Spec",
  execute: "Execute",
  validate: "Validate",
  package: "Package",
  cleanup: "Cleanup",
};

const promptStages: Readonly<Record<PromptProgress["at"], Stage>> = {
  unstarted: "spec",
  begun: "execute",
  "in-review": "validate",
  green: "package",
  merged: "cleanup",
};

/**
 * The stage of a story (features C1), from its record alone. An entry ends each stage: a request for a plan ends frame,
 * a run of the approved contract spec, a pull request execute, a successful verdict validate, a merge package. The
 * first prompt that is not merged decides.
 */
export function storyStage(record: StoryRecord): Stage {
  const progress = progressOf(record);
  switch (progress.at) {
    case "unasked":
      return "frame";
    case "unapproved":
    case "opening":
      return "spec";
    case "approved":
      return promptStages[progress.prompt.at];
    case "complete":
      return "cleanup";
  }
}

function promptProgress(prompt: PromptRecord, record: StoryRecord): PromptProgress {
  const { completed, merge, pull, closedUnmerged, verdict, attempts } = prompt;
  if (completed || merge !== null) return { at: "merged" };
  if (pull !== null && !closedUnmerged) return { at: verdict?.conclusion === "success" ? "green" : "in-review", pull };
  return { at: isInOpenRun(prompt, record) || attempts.length > 0 ? "begun" : "unstarted" };
}

/** The run that is open; null: none is. */
export function openRun({ run }: Pick<StoryRecord, "run">): StoryRun | null {
  return run?.closed === null ? run : null;
}

function isInOpenRun({ issue }: PromptRecord, record: StoryRecord): boolean {
  return issue !== null && openRun(record)?.prompts.includes(issue) === true;
}

/** The prompt of the open run that an agent is at work on; null: the record shows no agent at work. */
export function agentAtWork(record: StoryRecord): number | null {
  const run = openRun(record);
  const at = record.prompts.find(({ attempts }) => {
    const last = attempts.findLast(({ pack }) => pack.run === run?.run);
    return last !== undefined && stateOf(last) === "asked";
  });
  return at?.issue ?? null;
}

/**
 * Whether an open pull request waits for a person's test alone, or under the light tier for their approval: what
 * machines can say of it is said.
 */
export function isWaitingForTest({ merge, closedUnmerged, verdict, rework, branchState }: PromptRecord): boolean {
  if (merge !== null || closedUnmerged || verdict === null) return false;
  // What is asked for makes another commit of it, and an older one is tested for nothing.
  if (rework.asked.length > 0 || isOlder(verdict.head, branchState)) return false;
  if (verdict.gates["manual-test"] !== "pending" && verdict.gates.approval !== "pending") return false;
  return ["pass", "not-applicable", undefined].includes(verdict.gates.ci);
}

/** Whether a merged prompt may be completed: no merge past its check is open there, which a person has to accept. */
export function isAllowedMerge({ pull }: PromptRecord, { concerns }: StoryRecord): boolean {
  return !concerns.some(({ name }) => name === mergeConcern(pull ?? 0));
}

/** Whether an open independent run has left a prompt: it failed, or its pull request was closed, and nothing follows. */
export function wasLeft({ attempts, rework, pull, closedUnmerged, merge }: PromptRecord, record: StoryRecord): boolean {
  const run = openRun(record);
  if (run?.mode !== "independent" || merge !== null || record.concerns.length > 0) return false;
  const last = attempts.at(-1);
  if (last?.pack.run !== run.run) return closedUnmerged;
  return closedUnmerged || (pull === null && rework.pending === null && stateOf(last) === "refused");
}

/** The states of a diff prompt (features A3). */
export type PromptState = "draft" | "queued" | "submitted" | "blocked" | "succeeded" | "failed";

/** The state that a diff prompt's label shows. */
export function promptState(prompt: PromptRecord, record: StoryRecord): PromptState {
  if (prompt.completed) return "succeeded";
  const isQueued = isInOpenRun(prompt, record);
  if (prompt.merge !== null && !isAllowedMerge(prompt, record)) return "blocked";
  const last = prompt.attempts.at(-1);
  const isTakenBack = prompt.rolledBack !== null && prompt.pull === null;
  if (last === undefined || isTakenBack) return isQueued ? "queued" : "draft";
  const isEnded = record.run?.closed?.status === "failed" && last.pack.run === record.run.run && prompt.pull === null;
  const isRefused = stateOf(last) === "refused" && (!isQueued || wasLeft(prompt, record));
  return isEnded || hasFailed(prompt) || isRefused ? "failed" : "submitted";
}

/** Whether the last verdict on a prompt's pull request, on its present head, is a failure that nothing goes on about. */
export function hasFailed(prompt: PromptRecord): boolean {
  const { verdict, branchState, attempts, rework } = prompt;
  if (!hasOpenPull(prompt) || verdict?.conclusion !== "failure" || isOlder(verdict.head, branchState)) return false;
  const isWritten = attempts.at(-1)?.commit !== null || isWriteParked(prompt);
  return rework.pending === null && rework.asked.length === 0 && isWritten;
}

/** Whether a later commit of ours stands on the branch. */
function isOlder(head: string, { commits }: BranchState): boolean {
  return commits.slice(0, -1).includes(head);
}

/** The name of the concern about an attempt's change that could not be written. */
export function writeConcern(pack: AttemptRecord["pack"]): string {
  return `${checkpointName(pack)}/write`;
}

/** Whether the last attempt's change could not be written, which people were asked about: no agent is at work on it. */
export function isWriteParked({ attempts, rework: { parked } }: PromptRecord): boolean {
  const last = attempts.at(-1);
  return last !== undefined && parked.some(({ concern }) => concern === writeConcern(last.pack));
}

/** The round for which a pull request is with its agent again; null: nobody works on it. */
export function roundAtWork(prompt: PromptRecord, run: string): Round | null {
  return isWriteParked(prompt) && prompt.rework.pending === null ? null : roundOf(prompt, run);
}
