import type { Stage } from "../schemas/road-entries.ts";
import type { PromptRecord, StoryRecord } from "./story-record.ts";

/** How the stages are called where people read them. */
export const stageNames: Readonly<Record<Stage, string>> = {
  frame: "Frame",
  spec: "Spec",
  execute: "Execute",
  validate: "Validate",
  package: "Package",
  cleanup: "Cleanup",
};

/** The stage of one prompt of a frozen contract. */
function promptStage(prompt: PromptRecord, record: StoryRecord): Stage {
  if (prompt.completed || prompt.merge !== null) return "cleanup";
  if (prompt.pull !== null && !prompt.closedUnmerged)
    return prompt.verdict?.conclusion === "success" ? "package" : "validate";
  const { run } = record;
  const isHanded =
    run !== null && run.closed === null && prompt.issue !== null && run.prompts.includes(prompt.issue);
  return isHanded || prompt.attempts.length > 0 ? "execute" : "spec";
}

/**
 * The stage of a story (features C1), told from its record alone. Each is left by what was recorded: frame by a plan that was
 * asked for, spec by a run of the approved contract, execute by a pull request, validate by a success, package by a merge.
 * A story is as far as the first of its prompts that is not merged.
 */
export function storyStage(record: StoryRecord): Stage {
  if (record.completed) return "cleanup";
  if (record.contract === null) return record.request === null ? "frame" : "spec";
  const current = record.prompts.find((prompt) => !prompt.completed);
  return current === undefined ? "cleanup" : promptStage(current, record);
}
