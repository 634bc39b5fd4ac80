import type { EntryKind } from "../../schemas/entries.ts";
import type { Policy } from "../../schemas/policy.ts";
import { turnAway } from "../answer.ts";
import {
  awaitPolicy,
  type Decision,
  decisionOf,
  emptyDecision,
  ensureState,
  ensureSticky,
  requeue,
  type Step,
} from "../decision.ts";
import { entriesOf, withDrafts } from "../entries.ts";
import { SallyportError } from "../errors.ts";
import { readable } from "../escape.ts";
import type { LoadedPolicy } from "../facts.ts";
import { policyProblem, usablePolicy } from "../policy/problem.ts";
import { promptState } from "../record/progress.ts";
import { foldStory } from "../record/story.ts";
import { endedPulls } from "../record/unended.ts";
import { answerNext } from "./commands.ts";
import { storySticky } from "./comment.ts";
import { completeStory } from "./completing.ts";
import { epicOf, isStory, refOf, type StoryContext, type StoryFacts } from "./facts.ts";
import { type IntakeRules, intakeProblems, storyForm } from "./form.ts";
import { linkToEpic, requestLine } from "./linking.ts";
import { nextStep } from "./next-step.ts";
import { tellPeople } from "./notice.ts";
import { isAnswered, openPrompts, plan } from "./planning.ts";
import { remediate } from "./remediating.ts";
import { answerRework } from "./reworking.ts";
import { rollBack } from "./rollback.ts";
import { endShut } from "./run-end.ts";
import { advanceRun } from "./running.ts";
import { recordWrites } from "./writing.ts";
import { writtenPrompts } from "./written.ts";

type Rule = (context: StoryContext) => Step;

/**
 * In the order of a story's stages; the loop repeats until no rule has a step. Failures, and what was
 * written, are recorded first, while their run is still the last one.
 */
const rules: readonly Rule[] = [
  ...[remediate, recordWrites, answerNext, endShut],
  ...[rollBack, plan, openPrompts, advanceRun, completeStory],
];

/** Applied once at the end of every decision. */
const views: readonly Rule[] = [
  turnStrangersAway,
  linkToEpic,
  answerRework,
  showState,
  showPromptStates,
  showSticky,
  tellPeople,
  giveOverview,
  retryUnread,
];

/** What a story's pull requests wait for besides `/rework`. */
const awaited: ReadonlySet<EntryKind> = new Set(["concern.raised", "concern.answered", "run.submitted"]);

/**
 * No story needs so many steps in one decision; more means two rules undo each other, which is our bug. The second loop
 * around this one has its own bound, `maxRounds` in `app/reconcile/reconcile.ts`.
 */
const maxSteps = 200;

/** Decides a story's next steps; a pure function of its facts. */
export function decideStory(facts: StoryFacts): Decision {
  const loaded = usablePolicy(facts.policy);
  if (loaded === null) return decisionOf(showPolicyProblem(facts), awaitPolicy(facts.policy));
  const { decision, context } = followRules(facts, loaded);
  // An issue that was not taken onto the light tier is none of ours: nothing is shown on it.
  if (!isStory(facts.issue) && context.record.contract === null) return decisionOf(decision, retryUnread(context));
  return decisionOf(decision, enqueuePulls(decision, facts), ...views.map((view) => view(context)));
}

/**
 * Has the story's open pull requests, also those of an earlier plan, decided again where something happened that they
 * wait for: a stop or its answer, which their check judges, or a new run.
 */
function enqueuePulls({ drafts }: Decision, { entries, issue, repository }: StoryFacts): Step {
  const isAwaited = drafts.some(({ kind, body }) =>
    kind === "command" ? body.accepted && body.command === "rework" : awaited.has(kind),
  );
  if (!isAwaited) return {};
  const ended = endedPulls(entries);
  const pulls = entriesOf(entries, "pull.opened").flatMap(({ body: { story, pull } }) =>
    story === issue.number && !ended.has(pull) ? [pull] : [],
  );
  return { enqueue: pulls.map((number) => ({ kind: "pull", repository: repository.id, number })) };
}

/** Takes steps until no rule has another, and returns the decision and the story's state by then. */
function followRules(facts: StoryFacts, loaded: LoadedPolicy): { decision: Decision; context: StoryContext } {
  const missing = isStory(facts.issue) ? missingParts(facts, loaded.policy) : [];
  let decision = emptyDecision();
  for (let steps = 0; steps <= maxSteps; steps++) {
    const record = foldStory(facts.issue.number, withDrafts(facts.entries, decision.drafts, facts.now));
    const context = { record, facts, loaded, missing };
    const step = newStep(context, decision);
    if (step === null) return { decision, context };
    decision = decisionOf(decision, step);
  }
  throw new SallyportError("internal", `story #${facts.issue.number}: no end after ${maxSteps} steps`);
}

/** The first new step of any rule; an effect that was requested already is not new. Null: there is none. */
function newStep(context: StoryContext, decision: Decision): Step | null {
  const asked = new Set(decision.effects.map(({ key }) => key));
  for (const rule of rules) {
    const step = rule(context);
    const effects = (step.effects ?? []).filter(({ key }) => !asked.has(key));
    if ((step.drafts ?? []).length > 0 || effects.length > 0) return { ...step, effects };
  }
  return null;
}

/** What a story lacks before it can be planned, one line each for its author. */
function missingParts(facts: StoryFacts, policy: IntakeRules & Pick<Policy, "people">): string[] {
  const form = storyForm(facts.issue.body);
  const isEpic = (issue: StoryFacts["parent"]) => issue?.labels.includes("epic") === true && issue.state === "open";
  const epic = isEpic(facts.parent)
    ? "linked"
    : isEpic(facts.namedEpic)
      ? "named"
      : form.epic === null
        ? "missing"
        : "not-an-epic";
  const decisions = facts.decisions.known ? facts.decisions.value : [];
  const request = requestLine(epicOf(facts)?.number ?? 0, facts.openers.epic, "there with `/take-over`", policy.people);
  const problems = intakeProblems(form, { epic, decisions, task: facts.task }, policy);
  return request === null ? problems : [`**Epic**: ${request}`, ...problems];
}

function turnStrangersAway({ facts }: StoryContext): Step {
  return turnAway(facts, refOf(facts));
}

function showState(context: StoryContext): Step {
  const { state, needs } = nextStep(context);
  return ensureState(refOf(context.facts), context.facts.issue.labels, state, needs);
}

function showPromptStates({ record, facts }: StoryContext): Step {
  const { children, repository } = facts;
  return decisionOf(
    ...record.prompts.map((prompt) => {
      const child = children.find((one) => !one.elsewhere && one.number === prompt.issue);
      if (child === undefined) return {};
      return ensureState({ repository, number: child.number }, child.labels, promptState(prompt, record));
    }),
  );
}

function showSticky(context: StoryContext): Step {
  const { facts } = context;
  return ensureSticky(refOf(facts), storySticky(context), facts.sticky);
}

function giveOverview(context: StoryContext): Step {
  const { state, blocks, atPull, ...next } = nextStep(context);
  const { title } = context.facts.issue;
  const open = state !== "complete" && state !== "archived";
  // The overview of the pull request asks for the step that is taken there.
  const { needs, step, who } = atPull === true ? { needs: null, step: "", who: "" } : next;
  return { overview: { title, state, needs, blocks: readable(blocks), step, who, open, verdict: null } };
}

function retryUnread({ record, facts }: StoryContext): Step {
  const { base, decisions, commands, comments, instructions, issue, template, text } = facts;
  const written = writtenPrompts(facts);
  const isWrittenRead = text.known && written.every(({ written: { isPlanner } }) => isPlanner.known);
  const isTicketRead =
    isAnswered(record) || (written.length > 0 ? isWrittenRead : comments.every(({ right }) => right.known));
  const isTextRead = text.known || isStory(issue) || !commands.some(({ command }) => command.name === "run");
  const isRead =
    base.known &&
    decisions.known &&
    template?.known !== false &&
    isTicketRead &&
    isTextRead &&
    [...instructions.values()].every(({ known }) => known) &&
    commands.every((request) => request.permission.known);
  return isRead ? {} : { requeueAfter: requeue.undecided };
}

/** Nothing is decided without a usable policy; the comment says why. */
function showPolicyProblem(facts: StoryFacts): Step {
  const problem = policyProblem(facts.policy);
  const isEngaged = facts.commands.length > 0 || facts.sticky !== null;
  if (problem === null || !isEngaged) return {};
  const body = `### Sallyport: waiting\n\n${problem}\n`;
  return ensureSticky(refOf(facts), body, facts.sticky);
}
