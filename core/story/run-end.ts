import type { Ourselves } from "../effects.ts";
import { appActor, type Draft } from "../entries.ts";
import type { StoryRun } from "../record/story.ts";

/** Ends a story's open run. */
export function runClosed(
  run: StoryRun,
  facts: { ourselves: Ourselves },
  status: "succeeded" | "failed" | "cancelled",
  reason: string,
): Draft {
  return {
    kind: "run.closed",
    actor: appActor(facts),
    subject: [],
    body: { run: run.run, story: run.story, status, reason },
  };
}
