import { accept, answered, type CommandAnswer, refuse } from "../answer.ts";
import type { Step } from "../decision.ts";
import { userActor } from "../entries.ts";
import type { CommandRequest } from "../facts.ts";
import { sourceKey } from "../identifiers.ts";
import { answerIn, type Handlers } from "../people/command-handlers.ts";
import { concernDrafts } from "../record/concerns.ts";
import type { StoryRecord } from "../record/story.ts";
import { approve, contractDrift } from "./approval.ts";
import { runBody } from "./bodies.ts";
import { refOf, type StoryContext } from "./facts.ts";
import { openRollback, rollBackTo } from "./rollback.ts";
import { runClosed } from "./run-end.ts";

const handlers: Handlers<"story", StoryContext> = {
  status: () => accept("shown", "The comment above shows where this story stands."),
  plan: startPlanning,
  refine: (context) => {
    const answer = startPlanning(context);
    return answer.accepted && context.record.plan === null
      ? refuse("no-plan", "There is no plan to refine. Start with `/plan`.")
      : answer;
  },
  approve: (context, request, { digest }) => approve(request, digest, context),
  block: () => accept("blocked", "Blocked until somebody answers with `/clarify <answer>`, a new `/plan` or `/run`."),
  run: (context, request) => submit(request, context, "run"),
  retry: (context, request) =>
    context.record.run?.closed?.status === "failed" || wasRolledBack(context.record)
      ? submit(request, context, "retry")
      : refuse("nothing-failed", "There is no failed run to retry."),
  rollback: (context, request, { checkpoint }) => rollBackTo(request, checkpoint, context),
  stop: stopRun,
  clarify: ({ record }) =>
    record.concerns.length === 0
      ? refuse("nothing-open", "Nothing is open here that waits for an answer.")
      : accept("clarified", "Taken up again: what was open is answered."),
};

/**
 * Answers the oldest unanswered command on a story: accepted or refused, each gets one entry and one reply. A command
 * whose authority or facts could not be read waits for the next decision and holds up those after it.
 */
export function answerNext(context: StoryContext): Step {
  const { record, facts } = context;
  for (const request of facts.commands) {
    if (record.answered.has(sourceKey(request.source))) continue;
    const over = record.completed ? refuse("completed", "This story is complete; open a new one.") : null;
    const answer = answerIn("story", handlers, context, request, over);
    if (answer === null) return {};
    const where = { story: facts.issue.number, pull: null, prompt: null };
    const concerns = answer.accepted ? concernDrafts(request, record.concerns, where) : [];
    const drafts = [...(answer.drafts ?? []), ...concerns];
    return answered(request, { ...answer, drafts }, refOf(facts));
  }
  return {};
}

function startPlanning({ record, missing }: StoryContext): CommandAnswer {
  if (record.run !== null && record.run.closed === null)
    return refuse("run-open", "A run is open. `/stop` it before planning again.");
  return missing.length > 0
    ? refuse("intake", `The story is not ready to be planned: ${missing.join(" ")}`)
    : accept("planning", "Planning starts; the plan will appear in the comment above.");
}

function stopRun({ record: { run }, facts }: StoryContext, { by }: CommandRequest): CommandAnswer {
  if (run === null || run.closed !== null) return refuse("no-run", "No run is open.");
  return accept("stopped", `${run.run} is stopped; no further step of it begins.`, [
    runClosed(run, facts, "cancelled", `stopped by @${by.login}`),
  ]);
}

/** Whether a rollback was decided or done that no attempt has followed yet. */
function wasRolledBack({ prompts, rollback }: StoryRecord): boolean {
  return rollback !== null || prompts.some((prompt) => prompt.rolledBack !== null);
}

function submit(request: CommandRequest, context: StoryContext, code: string): CommandAnswer {
  const { record } = context;
  const { contract, run } = record;
  if (run !== null && run.closed === null) return refuse("run-open", `${run.run} is open already; \`/stop\` ends it.`);
  if (contract === null) return refuse("not-approved", "Nothing is approved yet. `/plan`, then `/approve` the digest.");
  const waits = openRollback(record);
  if (waits !== null) return waits;
  const drift = contractDrift(context);
  if (drift !== null) return refuse("drift", drift);
  const issues = record.prompts.flatMap((prompt) => (prompt.issue === null || prompt.completed ? [] : [prompt.issue]));
  if (record.prompts.some((prompt) => prompt.issue === null)) {
    return refuse("prompts-not-open", "The diff prompts are still being opened; try again in a moment.");
  }
  const body = runBody(contract, record.runs, issues, request.by);
  return accept(code, `${body.run} is submitted: ${issues.map((issue) => `#${issue}`).join(", then ")}.`, [
    {
      kind: "run.submitted",
      actor: userActor(request.by),
      subject: [{ name: body.run, digest: { sha256: contract.digest } }],
      body,
    },
  ]);
}
