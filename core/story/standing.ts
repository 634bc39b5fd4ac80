import { stateOf } from "../ledger/attempt-protocol.ts";
import type { PromptRecord, StoryRecord } from "../record/story.ts";

/** The progress of a prompt of an approved plan. */
export type PromptStanding =
  | { at: "unstarted" }
  /** It is in an open run, or an agent has worked on it. */
  | { at: "begun" }
  /** Its pull request is open; it is green once the last verdict is success. */
  | { at: "in-review" | "green"; pull: number }
  | { at: "merged" };

/** The state of a story's last run; `none`: there was no run. */
type RunState = "none" | "open" | "succeeded" | "failed" | "cancelled";

/**
 * The progress of a story, from its record alone. Its label, its stage and the next step in its comment all derive from
 * this one value.
 */
export type Standing =
  /** Nobody has asked for a plan. */
  | { at: "unasked" }
  /** No plan is approved. */
  | { at: "unapproved" }
  /** A plan is approved, and the issues of its prompts are being opened. */
  | { at: "opening"; run: RunState }
  /** All prompts have their issues; `prompt` is the progress of the first that is not completed. */
  | { at: "approved"; run: RunState; prompt: PromptStanding }
  | { at: "complete" };

/** Derives a story's progress from its record. */
export function standingOf(record: StoryRecord): Standing {
  if (record.completed) return { at: "complete" };
  if (record.contract === null) return { at: record.request === null ? "unasked" : "unapproved" };
  const run = record.run === null ? "none" : (record.run.closed?.status ?? "open");
  if (record.prompts.some((prompt) => prompt.issue === null)) return { at: "opening", run };
  const current = record.prompts.find((prompt) => !prompt.completed);
  return {
    at: "approved",
    run,
    prompt: current === undefined ? { at: "merged" } : promptStanding(current, record),
  };
}

function promptStanding(prompt: PromptRecord, record: StoryRecord): PromptStanding {
  const { completed, merge, pull, closedUnmerged, verdict, attempts } = prompt;
  if (completed || merge !== null) return { at: "merged" };
  if (pull !== null && !closedUnmerged) return { at: verdict?.conclusion === "success" ? "green" : "in-review", pull };
  return { at: isInOpenRun(prompt, record) || attempts.length > 0 ? "begun" : "unstarted" };
}

function isInOpenRun({ issue }: PromptRecord, { run }: StoryRecord): boolean {
  return run !== null && run.closed === null && issue !== null && run.prompts.includes(issue);
}

/** The states of a story (features A2), shown as its one `sallyport:` label. */
export type StoryState = "draft" | "ready" | "executing" | "blocked" | "manual_test" | "complete";

/** The state that a story's label shows. */
export function storyState(record: StoryRecord): StoryState {
  const standing = standingOf(record);
  if (standing.at === "complete") return "complete";
  if (record.concerns.length > 0) return "blocked";
  if (record.prompts.some(isWaitingForTest)) return "manual_test";
  if (standing.at !== "opening" && standing.at !== "approved") return "draft";
  if (standing.run !== "none" && standing.run !== "cancelled") return "executing";
  return standing.at === "opening" ? "draft" : "ready";
}

function isWaitingForTest({ merge, verdict }: PromptRecord): boolean {
  return merge === null && verdict?.gates["manual-test"] === "pending";
}

/** The states of a diff prompt (features A3). */
export type PromptState = "draft" | "queued" | "submitted" | "succeeded" | "failed";

/** The state that a diff prompt's label shows. */
export function promptState(prompt: PromptRecord, record: StoryRecord): PromptState {
  if (prompt.completed) return "succeeded";
  const isQueued = isInOpenRun(prompt, record);
  const last = prompt.attempts.at(-1);
  const isTakenBack = prompt.rolledBack !== null && prompt.pull === null;
  if (last === undefined || isTakenBack) return isQueued ? "queued" : "draft";
  return stateOf(last) === "refused" && !isQueued ? "failed" : "submitted";
}
