import type { Stage } from "../../schemas/road-entries.ts";
import type { StoryRecord } from "../record/story.ts";
import { type PromptStanding, standingOf } from "./standing.ts";

/** How the stages are called where people read them. */
export const stageNames: Readonly<Record<Stage, string>> = {
  frame: "Frame",
  spec: "Spec",
  execute: "Execute",
  validate: "Validate",
  package: "Package",
  cleanup: "Cleanup",
};

const promptStages: Readonly<Record<PromptStanding["at"], Stage>> = {
  unstarted: "spec",
  begun: "execute",
  "in-review": "validate",
  green: "package",
  merged: "cleanup",
};

/**
 * The stage of a story (features C1), told from its record alone. Each is left by what was recorded: frame by a plan that was
 * asked for, spec by a run of the approved contract, execute by a pull request, validate by a success, package by a merge.
 * A story is as far as the first of its prompts that is not merged.
 */
export function storyStage(record: StoryRecord): Stage {
  const standing = standingOf(record);
  switch (standing.at) {
    case "unasked":
      return "frame";
    case "unapproved":
    case "opening":
      return "spec";
    case "approved":
      return promptStages[standing.prompt.at];
    case "complete":
      return "cleanup";
  }
}
