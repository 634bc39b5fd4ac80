import { entriesOf } from "../entries.ts";
import { code, plain } from "../escape.ts";
import { holders } from "../people/authority.ts";
import { idsOf, whoseWork } from "../people/authorship.ts";
import type { PromptRecord } from "../record/story.ts";
import { contractDrift, currentDigest } from "./approval.ts";
import type { StoryContext } from "./facts.ts";
import { isAnswered, isPlannedText } from "./planning.ts";
import { standingOf } from "./standing.ts";

/** What blocks, the one next step, and who may take it, for people; empty: nobody has to act. */
export type Next = { blocks: string; step: string; who: string };

function next(blocks: string, step = "", who = ""): Next {
  return { blocks, step, who };
}

/** The next step of a story. */
export function nextStep(context: StoryContext): Next {
  const { record, loaded } = context;
  const { concerns } = record;
  if (record.completed) return next("Nothing.");
  if (concerns.length > 0) {
    const open = concerns.map(({ by, message }) => `Blocked by ${plain(by)}: ${plain(message)}`);
    return next(open.join("\n\n"), "/clarify <answer>", holders(loaded.policy.people, "planners"));
  }
  return planStep(context) ?? workStep(context);
}

/** The next step while the story has no valid approved plan; null: it has one. */
function planStep(context: StoryContext): Next | null {
  const { record, loaded, missing } = context;
  const { plan, planFailure, contract, run } = record;
  const { people } = loaded.policy;
  const planAgain = (blocks: string) => next(blocks, "/plan", holders(people, "planners"));
  if (missing.length > 0)
    return next(
      `The story is not ready:\n\n${missing.map((line) => `- ${line}`).join("\n")}`,
      "Edit the issue.",
      "its author",
    );
  if (!isAnswered(record)) return next("The planner is at work.");
  if (plan === null)
    return planAgain(planFailure === null ? "There is no plan yet." : `No plan: ${plain(planFailure.message)}`);
  if (contract?.revision !== plan.revision) {
    if (!isPlannedText(context)) return planAgain("The story's text changed after it was planned.");
    const current = currentDigest(context);
    if (current === null) return next("The default branch could not be read; this is tried again.");
    const { requestedBy } = plan;
    const others =
      whoseWork(requestedBy, idsOf([requestedBy]), people) === "own"
        ? `, but not @${requestedBy.login}, who asked for it`
        : "";
    return next(
      "The plan waits for approval.",
      `/approve ${current.digest}`,
      `${holders(people, "approvers")}${others}`,
    );
  }
  const drift = contractDrift(context);
  // An open run reports the drift itself when it starts the next attempt.
  return drift !== null && (run === null || run.closed !== null) ? planAgain(drift) : null;
}

/** The next step of the work on an approved plan. */
function workStep({ record, facts, loaded }: StoryContext): Next {
  const standing = standingOf(record);
  if (standing.at !== "approved") return next("The diff prompts are being opened.");
  const { prompts, rollback, run } = record;
  const executors = holders(loaded.policy.people, "executors");
  if (rollback !== null) return next(`Going back to the checkpoint ${code(rollback.checkpoint)}.`);
  const takenBack = prompts.find((prompt) => prompt.rolledBack !== null);
  if (takenBack !== undefined && run?.closed)
    return next(
      `#${takenBack.issue} was taken back to the checkpoint ${code(takenBack.rolledBack ?? "")}.`,
      "/retry",
      executors,
    );
  const given = prompts.find((prompt) => prompt.closedUnmerged && prompt.merge === null);
  const before = given === undefined ? undefined : beforeAll(given, facts);
  if (given !== undefined && before !== undefined)
    return next(
      `#${given.pull} was closed without being merged, so no run goes on there.`,
      `/rollback ${before}`,
      executors,
    );
  if (run === null) return next("The contract is frozen; no run was started.", "/run", executors);
  if (run.closed?.status === "cancelled")
    return next(`The last run ended: ${plain(run.closed.reason)}`, "/run", executors);
  if (run.closed?.status === "failed")
    return next(`${run.run} failed: ${plain(run.closed.reason)}`, "/retry", executors);
  switch (standing.prompt.at) {
    case "green": {
      const { pull } = standing.prompt;
      return next(`#${pull} is green.`, `Merge #${pull}.`, "anyone who may merge");
    }
    case "in-review": {
      const { pull } = standing.prompt;
      return next(`#${pull} waits: its check \`sallyport\` says for what.`, `See #${pull}.`);
    }
    default:
      return next("The agent is at work.");
  }
}

/** The checkpoint before the first commit on a prompt's branch; older versions recorded none. */
function beforeAll({ branchState }: PromptRecord, { entries }: StoryContext["facts"]): string | undefined {
  return entriesOf(entries, "checkpoint.recorded").find(
    ({ body }) => body.branch === branchState.branch && body.head === null,
  )?.body.checkpoint;
}
