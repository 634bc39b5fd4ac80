import type { Stage } from "../../schemas/road-entries.ts";
import type { StoryRecord } from "../record/story.ts";
import { type PromptStanding, standingOf } from "./standing.ts";

/** The stages' names for people. */
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
 * The stage of a story (features C1), from its record alone. An entry ends each stage: a request for a plan ends frame,
 * a run of the approved contract spec, a pull request execute, a successful verdict validate, a merge package. The
 * first prompt that is not merged decides.
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
