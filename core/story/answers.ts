import type { Duty } from "../../schemas/policy-values.ts";
import { type Answer, accept, answered, refuse } from "../answer.ts";
import { type Ask, authority } from "../authority.ts";
import type { CommandName } from "../commands.ts";
import { concernDrafts } from "../concerns.ts";
import type { Step } from "../decision.ts";
import { userActor } from "../entries.ts";
import { sourceKey } from "../identifiers.ts";
import { refOf, type StoryContext } from "../story-facts.ts";
import type { StoryRecord } from "../story-record.ts";
import { approve, contractDrift } from "./approval.ts";
import { rollBackTo, rollbackInTheWay } from "./rollback.ts";
import { runClosed } from "./run-end.ts";

/** The duties that may give each command on an issue; none means anyone who can write to the repository. */
const dutiesFor: Record<CommandName, readonly Duty[]> = {
  status: [],
  plan: ["planners"],
  refine: ["planners", "approvers"],
  approve: ["approvers"],
  block: ["planners", "approvers", "executors"],
  run: ["executors"],
  stop: ["executors", "approvers"],
  retry: ["executors"],
  rollback: ["executors"],
  clarify: ["planners", "approvers"],
  "sign-off": ["approvers"],
  adopt: [],
  waive: [],
};

/**
 * Answers the oldest unanswered command on a story, whoever gave it: accepted or refused, each gets one entry and one
 * reply. One whose authority could not be read waits for the next decision, and holds up those after it.
 */
export function answerNext(context: StoryContext): Step {
  const { record, facts } = context;
  for (const ask of facts.asks) {
    if (record.answered.has(sourceKey(ask.source))) continue;
    const answer = answerTo(ask, context);
    if (answer === null) return {};
    const where = { story: facts.issue.number, pull: null, prompt: null };
    const concerns = answer.accepted ? concernDrafts(ask, record.concerns, where) : [];
    const drafts = [...(answer.drafts ?? []), ...concerns];
    return answered(ask, { ...answer, drafts }, refOf(facts));
  }
  return {};
}

function answerTo(ask: Ask, context: StoryContext): Answer | null {
  const { record, facts, loaded, missing } = context;
  const { command } = ask;
  const { policy } = loaded;
  const allowed = authority(ask, dutiesFor[command.name], policy.people);
  if (allowed.answer === "wait") return null;
  if (allowed.answer === "no") return refuse(allowed.code, allowed.line);
  if ("why" in command) return refuse("badly-written", `Write it as \`${command.form}\`: ${command.why}.`);
  if (record.completed && command.name !== "status")
    return refuse("completed", "This story is complete; open a new one.");

  const running = record.run !== null && record.run.closed === null;
  switch (command.name) {
    case "status":
      return accept("shown", "The comment above shows where this story stands.");
    case "plan":
    case "refine":
      if (running) return refuse("run-open", "A run is open. `/stop` it before planning again.");
      if (missing.length > 0)
        return refuse("intake", `The story is not ready to be planned: ${missing.join(" ")}`);
      if (command.name === "refine" && record.plan === null)
        return refuse("no-plan", "There is no plan to refine. Start with `/plan`.");
      return accept("planning", "Planning starts; the plan will appear in the comment above.");
    case "approve":
      return approve(ask, command.digest, context);
    case "block":
      return accept(
        "blocked",
        "Blocked until somebody answers with `/clarify <answer>`, a new `/plan` or `/run`.",
      );
    case "run":
      return submit(ask, context, "run");
    case "retry":
      if (record.run?.closed?.status !== "failed" && !wasRolledBack(record))
        return refuse("nothing-failed", "There is no failed run to retry.");
      return submit(ask, context, "retry");
    case "rollback":
      return rollBackTo(ask, command.checkpoint, context);
    case "stop":
      if (record.run === null || !running) return refuse("no-run", "No run is open.");
      return accept("stopped", `${record.run.run} is stopped; no further step of it begins.`, [
        runClosed(record.run, facts, "cancelled", `stopped by @${ask.by.login}`),
      ]);
    case "clarify":
      if (record.concerns.length === 0)
        return refuse("nothing-open", "Nothing is open here that waits for an answer.");
      return accept("clarified", "Taken up again: what was open is answered.");
    case "adopt":
      return refuse("wrong-place", "Commits are adopted on the pull request that holds them.");
    case "waive":
      return refuse("wrong-place", "A waiver belongs on the pull request that the gate blocks.");
    case "sign-off":
      return refuse("wrong-place", "A sign-off belongs on the pull request whose commit was tested.");
  }
}

/** Whether work was taken back that no attempt has followed yet. */
function wasRolledBack({ prompts, rollback }: StoryRecord): boolean {
  return rollback !== null || prompts.some((prompt) => prompt.rolledBack !== null);
}

function submit(ask: Ask, context: StoryContext, code: string): Answer {
  const { record, facts } = context;
  const { contract, run } = record;
  if (run !== null && run.closed === null)
    return refuse("run-open", `${run.run} is open already; \`/stop\` ends it.`);
  if (contract === null)
    return refuse("not-approved", "Nothing is approved yet. `/plan`, then `/approve` the digest.");
  const waits = rollbackInTheWay(record);
  if (waits !== null) return waits;
  const drift = contractDrift(context);
  if (drift !== null) return refuse("drift", drift);
  const issues = record.prompts.flatMap((prompt) =>
    prompt.issue === null || prompt.completed ? [] : [prompt.issue],
  );
  if (record.prompts.some((prompt) => prompt.issue === null)) {
    return refuse("prompts-not-open", "The diff prompts are still being opened; try again in a moment.");
  }
  const name = `run-${facts.issue.number}-${record.runs + 1}`;
  return accept(code, `${name} is submitted: ${issues.map((issue) => `#${issue}`).join(", then ")}.`, [
    {
      kind: "run.submitted",
      actor: userActor(ask.by),
      subject: [{ name, digest: { sha256: contract.digest } }],
      body: {
        run: name,
        story: facts.issue.number,
        mode: "stop_on_failure",
        prompts: issues,
        by: ask.by,
        digest: contract.digest,
      },
    },
  ]);
}
