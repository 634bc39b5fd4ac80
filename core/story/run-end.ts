import type { Step } from "../decision.ts";
import type { Ourselves } from "../effects.ts";
import { appActor, type Draft } from "../entries.ts";
import { effectKey } from "../identifiers.ts";
import type { PromptRecord, StoryRun } from "../record/story.ts";
import { type StoryContext, shutState } from "./facts.ts";
import { isAnswered, planFailed } from "./planning.ts";

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

/** Ends the run, or the planning, of a story that was closed or locked; its merged prompts are completed before. */
export function endShut({ record, facts }: StoryContext): Step {
  const shut = shutState(facts.issue);
  const { run, request } = record;
  if (shut === null || record.completed) return {};
  const message = `the story was ${shut}`;
  if (run === null || run.closed !== null) {
    if (request === null || isAnswered(record)) return {};
    return { drafts: [planFailed(request, facts, { code: shut, message })] };
  }
  const isDone = ({ issue, merge }: PromptRecord) => merge !== null || issue === null || !run.prompts.includes(issue);
  if (record.prompts.every(isDone)) return {};
  const { id } = facts.repository;
  const line = `${run.run} ended because ${message}. Open it again and \`/run\` to go on.`;
  return {
    drafts: [runClosed(run, facts, "cancelled", message)],
    effects: [
      {
        type: "reply",
        key: effectKey.ended(id, run.run),
        issue: facts.issue.number,
        comment: null,
        accepted: true,
        line,
      },
    ],
  };
}
