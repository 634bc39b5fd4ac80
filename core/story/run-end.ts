import { type Decision, decisionOf, type Step } from "../decision.ts";
import type { Ourselves } from "../effects.ts";
import { appActor, type Draft, type TypedEntry } from "../entries.ts";
import { effectKey } from "../identifiers.ts";
import { openRun } from "../record/progress.ts";
import { foldStory, type PromptRecord, type StoryRun } from "../record/story.ts";
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
  const { request } = record;
  const run = openRun(record);
  if (shut === null || record.completed) return {};
  const message = `the story was ${shut}`;
  if (run === null) {
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

/**
 * Ends the run, or the planning, of an issue that was deleted or moved to another repository: nobody can stop its agent
 * there any more.
 */
export function endGone(number: number, entries: readonly TypedEntry[], facts: { ourselves: Ourselves }): Decision {
  const record = foldStory(number, entries);
  const run = openRun(record);
  const message = "the issue was deleted or moved to another repository";
  if (run !== null) return decisionOf({ drafts: [runClosed(run, facts, "cancelled", message)] });
  if (record.request === null || isAnswered(record)) return decisionOf();
  return decisionOf({
    drafts: [planFailed(record.request, { ...facts, issue: { number } }, { code: "gone", message })],
  });
}
