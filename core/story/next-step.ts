import type { EntryBody } from "../../schemas/entries.ts";
import { isExpired, planDays } from "../contract/contract.ts";
import { causeOf } from "../contract/rework.ts";
import { entriesOf } from "../entries.ts";
import { code, plain } from "../escape.ts";
import type { LoadedPolicy } from "../facts.ts";
import { holders, otherHolders } from "../people/authority.ts";
import { barredOf } from "../people/authorship.ts";
import { answerStep } from "../record/concerns.ts";
import {
  agentAtWork,
  hasFailed,
  isWaitingForTest,
  openRun,
  progressOf,
  roundAtWork,
  wasLeft,
} from "../record/progress.ts";
import { requestersOf } from "../record/pull.ts";
import { storyCost } from "../record/spent.ts";
import {
  askersOf,
  hasOpenPull,
  openPrompt,
  type PlanRecord,
  type PromptRecord,
  type StoryRecord,
  type StoryRun,
} from "../record/story.ts";
import { contractDrift, currentDigest, isCurrentPlan, parkedContract } from "./approval.ts";
import { isStory, type StoryContext, shutState } from "./facts.ts";
import { requestLine } from "./linking.ts";
import { isAnswered, isPlannedText, openingProblem } from "./planning.ts";

/** The states of a story (features A2), shown as its `sallyport:` label. */
type StoryState = "draft" | "ready" | "executing" | "blocked" | "failed" | "manual_test" | "complete" | "archived";

/** What a story that waits for a person needs, shown as a second label. */
type Needs = "needs-approval" | "needs-answer" | "needs-sign-off";

/**
 * Where a story stands: its state, what blocks, the one next step, and who may take it, for people; empty: nobody has
 * to act. Label, heading, comment and `/status` are all made from it.
 */
export type Next = {
  state: StoryState;
  blocks: string;
  step: string;
  who: string;
  needs: Needs | null;
  /** The step is taken at the pull request of a prompt, which tells it too. */
  atPull?: true;
};

function next(state: StoryState, blocks: string, step = "", who = "", needs: Needs | null = null): Next {
  return { state, blocks, step, who, needs };
}

const atPull = (step: Next): Next => ({ ...step, atPull: true });

/** Where a story stands, and its next step. What is blocked or failed comes before what goes on beside it. */
export function nextStep(context: StoryContext): Next {
  const { record, facts, loaded } = context;
  if (record.completed) return next("complete", "Nothing more is to do.");
  const shut = shutState(facts.issue);
  if (shut !== null)
    return next("archived", `The story is ${shut}, so nothing begins on it.`, "Open it again.", "anyone who may");
  if (record.concerns.length > 0) {
    const { blocks, step, who } = answerStep(record.concerns, loaded.policy.people);
    return next("blocked", blocks, step, who, "needs-answer");
  }
  return planStep(context) ?? workStep(context);
}

/** Where the story stands in one line, for a reply. */
export function statusLine(context: StoryContext): string {
  const { blocks, step, who, ...at } = nextStep(context);
  const cost = storyCost(context.facts.entries, context.facts.issue.number);
  const then = step === "" ? "" : ` Next: ${step.startsWith("/") ? `\`${step}\`` : step}`;
  return `**${headline(at)}**: ${blocks.replaceAll(/\n+/g, " ")}${then}${who === "" ? "" : ` (${plain(who)})`}${cost === "" ? "" : ` ${cost}`}`;
}

/** A story's state in words: whom it waits for, or else its state. */
export function headline({ state, needs }: Pick<Next, "state" | "needs">): string {
  const words = { "needs-approval": "waits for approval", "needs-answer": "blocked, waits for an answer" };
  return needs === null || needs === "needs-sign-off" ? state.replace("_", " ") : words[needs];
}

/** The next step while the story has no valid approved plan; null: it has one, or a run goes on. */
function planStep(context: StoryContext): Next | null {
  const { record, missing } = context;
  const { plan, contract } = record;
  // What a later plan lacks or waits for holds nothing up that was approved.
  if (openRun(record) !== null) return null;
  const isApproved = plan !== null && contract?.revision === plan.revision && isAnswered(record);
  const drift = isApproved ? contractDrift(context) : null;
  if (isApproved && drift === null) return null;
  if (missing.length > 0) {
    const lines = missing.map((line) => `- ${line}`).join("\n");
    return next("draft", `The story is not ready:\n\n${lines}`, "Edit the issue.", "its author");
  }
  if (drift !== null) return planAgain("draft", drift, context);
  if (!isAnswered(record)) return next("draft", postponed(context) ?? "The planner is at work.");
  const parked = parkedContract(context);
  if (parked !== null) return next("blocked", parked.why, parked.step, parked.who);
  return plan === null || !isCurrentPlan(record) ? noPlanStep(context) : approvalStep(plan, context);
}

/** Another plan is asked for: with `/plan` on a story, with another start on an issue of the light tier. */
function planAgain(state: StoryState, blocks: string, { record, facts, loaded }: StoryContext): Next {
  const { people } = loaded.policy;
  if (isStory(facts.issue)) return next(state, blocks, "/plan", holders(people, "planners"));
  const open = openPrompt(record);
  const again = open === undefined ? "/run" : `Close #${open.pull}, then put \`ai:run\` on again.`;
  return next(state, blocks, again, holders(people, "executors"));
}

/** The next step where nobody asked for a plan, or where the last request gave none. */
function noPlanStep(context: StoryContext): Next {
  const { record, facts, loaded } = context;
  const { plan } = record;
  const why = failedRequest(record);
  if (why === null) {
    const request = requestLine(facts.issue.number, facts.openers.issue, "with `/plan`", loaded.policy.people);
    return planAgain("draft", request ?? "There is no plan yet.", context);
  }
  const before = plan === null ? "" : ` Revision ${plan.revision} is not open for approval any more.`;
  return planAgain("failed", `No plan: ${why}${before}`, context);
}

/** The next step of a plan that waits for approval, or could not be approved any more. */
function approvalStep(plan: PlanRecord, context: StoryContext): Next {
  const { people } = context.loaded.policy;
  if (!isPlannedText(context)) return planAgain("draft", "The story's text changed after it was planned.", context);
  if (isExpired(plan.at, context.facts.now)) {
    const old = `The plan is older than ${planDays} days, so it is not open for approval any more.`;
    return planAgain("draft", old, context);
  }
  const current = currentDigest(context);
  if (current === null) return next("draft", "The default branch could not be read; this is tried again.");
  const barred = barredOf(askersOf(plan), people);
  const approvers = otherHolders(people, "approvers", barred);
  const own = [...new Set(barred.map(({ login }) => `@${login}`))];
  const who = own.length === 0 ? approvers : `${approvers}, but not ${own.join(", ")}, who asked for it`;
  return next("draft", "The plan waits for approval.", `/approve ${current.digest}`, who, "needs-approval");
}

/** Why the last request gave no plan; null: it gave one. */
function failedRequest({ planFailure }: StoryRecord): string | null {
  return planFailure === null ? null : plain(planFailure.message);
}

/** The next step of the work on an approved plan. */
function workStep(context: StoryContext): Next {
  const { record, loaded } = context;
  const problem = openingProblem(context);
  if (problem !== null) return next("failed", plain(problem), "/plan", holders(loaded.policy.people, "planners"));
  if (progressOf(record).at !== "approved") return next("draft", "The diff prompts are being opened.");
  const { rollback, contract } = record;
  if (rollback !== null) return next("executing", `Going back to the checkpoint ${code(rollback.checkpoint)}.`);
  // A run of an earlier contract tells nothing of this one.
  const run = record.run?.digest === contract?.digest ? record.run : null;
  const ended = run?.closed ? endedStep(run.closed, context) : null;
  if (ended !== null) return ended;
  const atOpen = run?.closed === null ? pullStep(record, loaded) : null;
  const test = atOpen?.state === "failed" ? null : testStep(run, context);
  if (test !== null) return test;
  if (run === null) return startStep("The contract is frozen; no run was started.", context);
  if (run.closed?.status === "cancelled") return startStep(`The last run ended: ${plain(run.closed.reason)}`, context);
  const step = atOpen ?? next("executing", postponed(context) ?? workText(record));
  return { ...step, blocks: `${step.blocks}${runNotes(record)}` };
}

/** The next step after a run in which something was taken back, declined or failed; null: nothing was. */
function endedStep(closed: EntryBody<"run.closed">, { record, facts, loaded }: StoryContext): Next | null {
  const { prompts } = record;
  const executors = holders(loaded.policy.people, "executors");
  const takenBack = prompts.find((prompt) => prompt.rolledBack !== null);
  if (takenBack !== undefined) {
    const blocks = `#${takenBack.issue} was taken back to the checkpoint ${code(takenBack.rolledBack ?? "")}.`;
    return next("ready", blocks, "/retry", executors);
  }
  const declined = prompts.find((prompt) => prompt.closedUnmerged && prompt.merge === null);
  const first = declined === undefined ? undefined : firstCheckpoint(declined, facts);
  if (declined !== undefined && first !== undefined) {
    const blocks = `#${declined.pull} was closed without being merged, so no run goes on there.`;
    return next("ready", blocks, `/rollback ${first}`, executors);
  }
  if (closed.status !== "failed") return null;
  const blocks = `${closed.run} failed: ${plain(closed.reason)}${planNote(record)}`;
  const isUnpaid = prompts.some(({ attempts }) => attempts.at(-1)?.response?.code === "money-exceeded");
  if (isUnpaid) return next("failed", blocks, "Raise that line of the policy.", "a maintainer");
  return next("failed", blocks, "/retry", executors);
}

/** A run of the approved plan can begin. */
function startStep(blocks: string, { record, loaded }: StoryContext): Next {
  return next("ready", `${blocks}${planNote(record)}`, "/run", holders(loaded.policy.people, "executors"));
}

/** The next step where a person has to try or review a change; null: none waits for that. */
function testStep(run: StoryRun | null, { record, facts, loaded }: StoryContext): Next | null {
  const tested = record.prompts.find((one) => isWaitingForTest(one) && roundAtWork(one, run?.run ?? "") === null);
  if (tested === undefined) return null;
  const does = tested.contract.size === undefined ? "tries" : "reviews or tries";
  const blocks = `#${tested.pull} waits for a person who ${does} it.`;
  const about = { story: facts.issue.number, prompt: tested.issue ?? 0, revision: record.contract?.revision ?? 0 };
  const { people } = loaded.policy;
  const who = otherHolders(people, "approvers", barredOf(requestersOf(facts.entries, about), people));
  return atPull(next("manual_test", blocks, `See #${tested.pull}.`, who, "needs-sign-off"));
}

/** What is told beside an approved plan of a later request that gave none; else empty. */
function planNote(record: StoryRecord): string {
  const why = failedRequest(record);
  return why === null ? "" : ` The last request for another plan failed, so the approved one holds: ${why}`;
}

/** What is told beside an open run: prompts that it left, and a plan that can be approved after it. */
function runNotes(record: StoryRecord): string {
  const { plan, contract, prompts } = record;
  const left = prompts.filter((prompt) => wasLeft(prompt, record)).map(({ issue }) => `#${issue}`);
  const isNewer = plan !== null && plan.revision !== contract?.revision;
  return [
    ...(left.length === 0 ? [] : [` Left, and told at the run's end: ${left.join(", ")}.`]),
    ...(isNewer ? [` Revision ${plan.revision} of the plan can be approved once this run has ended.`] : []),
  ].join("");
}

/** The next step at the open pull requests: where one failed, else at that of the prompt in work; null: it has none yet. */
function pullStep(record: StoryRecord, { policy }: LoadedPolicy): Next | null {
  const progress = progressOf(record);
  const current = progress.at === "approved" && "pull" in progress.prompt ? progress.prompt.pull : null;
  const open = record.prompts.filter((one) => hasOpenPull(one) && !one.completed);
  const steps = open.map((prompt) => ({ pull: prompt.pull, step: stepAt(prompt, record, policy) }));
  const failed = steps.find(({ step }) => step.state === "failed");
  return (failed ?? steps.find(({ pull }) => pull === current))?.step ?? null;
}

function stepAt(prompt: PromptRecord, record: StoryRecord, policy: LoadedPolicy["policy"]): Next {
  const { pull, verdict } = prompt;
  const round = roundAtWork(prompt, record.run?.run ?? "");
  if (round !== null)
    return next(
      "executing",
      `#${pull} is with its agent again: round ${round.round} of rework (${round.causes.join(", ")}).`,
    );
  if (prompt.rework.asked.length > 0)
    return next("executing", `What is to be mended on #${pull} is gathered once its checks have ended.`);
  if (verdict?.conclusion === "success")
    return atPull(next("executing", `#${pull} is green.`, `Merge #${pull}.`, "anyone who may merge"));
  const gates = Object.entries(verdict?.gates ?? {});
  const named = (status: string) => gates.flatMap(([gate, one]) => (one === status ? [gate] : []));
  const [failed, waiting] = [named("fail"), named("pending")];
  if (failed.length === 0)
    return atPull(
      next("executing", `#${pull} waits: ${waiting.join(", ") || "it is not judged yet"}.`, `See #${pull}.`),
    );
  const causes = failed.flatMap((gate) => causeOf(gate) ?? []);
  // Where no round may begin people were asked, and their answer left this head as it is.
  const isParked = prompt.rework.parked.some(({ head }) => head === verdict?.head);
  const isSentBack = !isParked && causes.some((cause) => policy.rework?.on.includes(cause) === true);
  if (isSentBack || !hasFailed(prompt))
    return atPull(next("executing", `#${pull} fails: ${failed.join(", ")}.`, `See #${pull}.`));
  // Given on the story it is about the first of them.
  const command = openPrompt(record) === prompt ? "/rework" : `Write \`/rework\` on #${pull}.`;
  const step = causes.length === 0 ? `See #${pull}.` : command;
  return next("failed", `#${pull} fails: ${failed.join(", ")}.`, step, holders(policy.people, "executors"));
}

/** Why a model's work on the story waits; null: none does. */
function postponed({ facts }: Pick<StoryContext, "facts">): string | null {
  for (const outcome of facts.outcomes.values())
    if (outcome.status === "waiting" && outcome.why !== undefined)
      return `A model's work waits: ${plain(outcome.why)}.`;
  return null;
}

/** What goes on in an open run before there is a pull request. */
function workText(record: StoryRecord): string {
  const issue = agentAtWork(record);
  if (issue !== null) return `The agent is at work on #${issue}.`;
  const read = record.prompts.find(({ attempts }) => {
    const last = attempts.findLast(({ pack }) => pack.run === record.run?.run);
    return last !== undefined && last.adviceAsked !== null && last.advice === null;
  });
  if (read !== undefined) return `A reviewer agent reads the change of #${read.issue} before its pull request opens.`;
  return "No agent is at work: the next attempt begins, or the last answer is being written.";
}

/** The checkpoint before the first commit on a prompt's branch; older versions recorded none. */
function firstCheckpoint({ branchState }: PromptRecord, { entries }: StoryContext["facts"]): string | undefined {
  return entriesOf(entries, "checkpoint.recorded").find(
    ({ body }) => body.branch === branchState.branch && body.head === null,
  )?.body.checkpoint;
}
