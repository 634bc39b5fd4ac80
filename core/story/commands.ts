import { accept, answered, type CommandAnswer, heard, refuse } from "../answer.ts";
import type { CommandName } from "../commands.ts";
import { keptRoutes, planRoute, runRoutes } from "../contract/routes.ts";
import type { Step } from "../decision.ts";
import { userActor } from "../entries.ts";
import { code } from "../escape.ts";
import type { CommandRequest } from "../facts.ts";
import { sourceKey } from "../identifiers.ts";
import { answerIn, type Handlers } from "../people/command-handlers.ts";
import { answeredBy, type Concern, concernDrafts, openLine, openQuestion } from "../record/concerns.ts";
import { agentAtWork, openRun } from "../record/progress.ts";
import { requestersOf } from "../record/pull.ts";
import { hasOpenPull, openPrompt, type StoryRecord } from "../record/story.ts";
import type { Subject } from "../subject.ts";
import { approve, contractDrift, parkedLine, templateFor } from "./approval.ts";
import { runBody } from "./bodies.ts";
import { isStory, refOf, type StoryContext, shutState } from "./facts.ts";
import { storyOnly, takeLight } from "./light.ts";
import { statusLine } from "./next-step.ts";
import { isAnswered, openingProblem, planFailed } from "./planning.ts";
import { askRework } from "./reworking.ts";
import { openRollback, rollBackTo, stillWritten } from "./rollback.ts";
import { runClosed } from "./run-end.ts";
import { askedIn } from "./ticket.ts";

const handlers: Handlers<"story", StoryContext> = {
  status: (context) => accept("shown", statusLine(context)),
  plan: (context, _, { route }) => startPlanning(context, { route, labels: context.facts.issue.labels }),
  refine,
  "take-over": (_, { by }) => accept("taken-over", `@${by.login} took this story over; \`/plan\` asks for its plan.`),
  approve: (context, request, { digest }) => approve(request, digest, context),
  block: () => accept("blocked", "Blocked until somebody answers with `/clarify <answer>`."),
  run: (context, request, { mode, route }) =>
    isRunnable(context) ? submit(request, context, "run", { mode, route }) : takeLight(request, context),
  retry,
  rework,
  rollback: (context, request, { checkpoint }) => rollBackTo(request, checkpoint, context),
  stop: stopRun,
  clarify,
};

/** The open concerns that a `/clarify` answers. Whoever asked for a change accepts no merge of it past the check. */
function answersOf(request: CommandRequest, { record, facts, loaded }: StoryContext): Concern[] {
  const { contract, prompts, concerns } = record;
  const isMerge = concerns.some(({ about }) => about.type === "merge");
  const { story = 0, revision = 0 } = contract ?? {};
  const askedBy = (isMerge ? prompts : []).flatMap(({ issue }) =>
    issue === null ? [] : requestersOf(facts.entries, { story, prompt: issue, revision }),
  );
  return answeredBy(request, concerns, askedBy, loaded.policy.people);
}

const planning: ReadonlySet<CommandName> = new Set(["plan", "refine"]);
const starting: ReadonlySet<CommandName> = new Set([...planning, "approve", "run", "retry", "rework"]);
const ofStories: ReadonlySet<CommandName> = new Set([...planning, "take-over", "approve"]);

/** Why the story takes a command no more, or not now; null: it does. A new plan answers the questions of the one before. */
function refusal({ record, facts, loaded }: StoryContext, name: CommandName): CommandAnswer | null {
  if (ofStories.has(name) && !isStory(facts.issue)) return refuse("wrong-place", storyOnly);
  if (record.completed) return refuse("completed", "This story is complete; open a new one.");
  if (!starting.has(name)) return null;
  const shut = shutState(facts.issue);
  if (shut !== null) return refuse(shut, `This story is ${shut}, so nothing begins on it.`);
  // Another run or contract would not know of what its predecessor leaves on GitHub.
  const isEnded = !planning.has(name) && openRun(record) === null;
  const [late] = isEnded ? record.prompts.flatMap((prompt) => stillWritten(prompt, facts) ?? []) : [];
  if (late !== undefined) return refuse("attempt-open", late);
  const open = record.concerns.filter(
    ({ code, about }) =>
      !(planning.has(name) && code === openQuestion) && !(name === "rework" && about.type === "rework"),
  );
  return open.length === 0 ? null : refuse("blocked", openLine(open, loaded.policy.people));
}

/**
 * Answers the oldest unanswered command on a story: accepted or refused, each gets one entry and one reply. A command
 * whose authority or facts could not be read waits for the next decision and holds up those after it.
 */
export function answerNext(context: StoryContext): Step {
  const { record, facts } = context;
  for (const request of heard(facts)) {
    if (record.answered.has(sourceKey(request.source))) continue;
    const answer = answerIn("story", handlers, context, request, refusal(context, request.command.name));
    if (answer === null) return {};
    const where = { story: facts.issue.number, pull: null, prompt: null };
    const answers = answer.accepted ? answersOf(request, context) : [];
    const drafts = [...(answer.drafts ?? []), ...(answer.accepted ? concernDrafts(request, answers, where) : [])];
    // A pull request that was merged past its check says whether that was accepted.
    const enqueue = answers.flatMap(({ about }): Subject[] =>
      about.type === "merge" ? [{ kind: "pull", repository: facts.repository.id, number: about.pull }] : [],
    );
    return { ...answered(request, { ...answer, drafts }, refOf(facts)), enqueue };
  }
  return {};
}

function startPlanning(
  context: StoryContext,
  by: { route: string | undefined; labels: readonly string[] },
): CommandAnswer | null {
  const { record, facts, missing, loaded } = context;
  if (openRun(record) !== null) return refuse("run-open", "A run is open. `/stop` it before planning again.");
  // A label and a comment often ask for the same plan, and each would be paid for.
  if (!isAnswered(record))
    return refuse("planning", "A planner is at work already. Wait for its plan, or `/stop` it first.");
  if (missing.length > 0) return refuse("intake", `The story is not ready to be planned: ${missing.join(" ")}`);
  // A planner is paid for nothing where its plan could not be approved.
  const template = templateFor(askedIn(facts).risk, context);
  if (!template.ok) return template.parked === null ? null : refuse("template", parkedLine(template.parked));
  const chosen = planRoute(loaded.policy, by.labels, by.route);
  if (!chosen.ok) return refuse("no-route", chosen.why);
  const { route } = chosen;
  const named = route === undefined ? "" : `, by the route \`${route}\``;
  const line = `Planning starts${named}; the plan will appear in Sallyport's comment on this issue.`;
  return { ...accept("planning", line), ...(route === undefined ? {} : { route }) };
}

function refine(context: StoryContext): CommandAnswer | null {
  // Another plan is by the route of the one before, whatever labels came since.
  const answer = startPlanning(context, { route: context.record.request?.route, labels: [] });
  return answer?.accepted === true && context.record.plan === null
    ? refuse("no-plan", "There is no plan to refine. Start with `/plan`.")
    : answer;
}

/** Stops the open run, or else the planner. What a call in flight costs is paid; its answer is thrown away. */
function stopRun({ record, facts }: StoryContext, { by }: CommandRequest): CommandAnswer {
  const { request } = record;
  const run = openRun(record);
  const why = `stopped by @${by.login}`;
  if (run !== null) {
    const at = agentAtWork(record);
    const agent = at === null ? "no agent is at work" : `the agent at work on #${at} is broken off`;
    const pulls = record.prompts.filter(hasOpenPull).map(({ pull }) => `#${pull}`);
    const open = pulls.length === 0 ? "" : ` ${pulls.join(", ")} stays open.`;
    return accept("stopped", `${run.run} is stopped: ${agent}, and no further step of it begins.${open}`, [
      runClosed(run, facts, "cancelled", why),
    ]);
  }
  if (request === null || isAnswered(record)) return refuse("no-run", "No run is open, and no planner is at work.");
  return accept("stopped", "The planner is broken off.", [
    planFailed(request, facts, { code: "stopped", message: why }),
  ]);
}

function retry(context: StoryContext, request: CommandRequest): CommandAnswer {
  const { record } = context;
  if (record.run?.closed?.status === "failed" || wasRolledBack(record)) return submit(request, context, "retry");
  const open = openPrompt(record);
  const mend = open?.verdict?.conclusion === "failure" ? ` #${open.pull} failed; \`/rework\` sends it back.` : "";
  return refuse("nothing-failed", `There is no failed run to retry.${mend}`);
}

/** Sends the open pull request back to its agent: in the run that goes on, or in a new one. */
function rework(context: StoryContext, request: CommandRequest): CommandAnswer {
  const { record } = context;
  const prompt = openPrompt(record) ?? record.prompts.find((one) => one.closedUnmerged && one.merge === null);
  if (prompt === undefined) return refuse("no-pull", "No pull request of this story is open. `/run` starts the work.");
  if (openRun(record) === null && !prompt.closedUnmerged) return submit(request, context, "rework");
  const drift = contractDrift(context);
  return drift === null ? askRework(prompt, record) : refuse("drift", drift);
}

function clarify(context: StoryContext, request: CommandRequest): CommandAnswer {
  const { concerns } = context.record;
  const { people } = context.loaded.policy;
  const answers = answersOf(request, context);
  if (concerns.length === 0) return refuse("nothing-open", "Nothing is open here that waits for an answer.");
  if (answers.length === 0) return refuse("not-answered", openLine(concerns, people));
  const left = concerns.filter((concern) => !answers.includes(concern));
  const rest = left.length === 0 ? "" : ` ${openLine(left, people)}`;
  return accept("clarified", `Answered: ${answers.map(({ name }) => code(name)).join(", ")}.${rest}`);
}

/** Whether `/run` is about what was approved, or refused; else it takes an issue onto the light tier as it stands now. */
function isRunnable(context: StoryContext): boolean {
  const { contract, prompts } = context.record;
  if (isStory(context.facts.issue) || openRun(context.record) !== null) return true;
  return contract !== null && contractDrift(context) === null && !prompts.some(({ closedUnmerged }) => closedUnmerged);
}

/** Whether a rollback was decided or done that no attempt has followed yet. */
function wasRolledBack({ prompts, rollback }: StoryRecord): boolean {
  return rollback !== null || prompts.some((prompt) => prompt.rolledBack !== null);
}

/** Submits a run of the open prompts, answering one of the commands that may begin one. */
function submit(
  request: CommandRequest,
  context: StoryContext,
  command: "run" | "retry" | "rework",
  { mode, route: asked }: { mode?: "independent" | undefined; route?: string | undefined } = {},
): CommandAnswer {
  const { record, facts, loaded } = context;
  const { contract, run } = record;
  if (contract === null) return refuse("not-approved", "Nothing is approved yet. `/plan`, then `/approve` the digest.");
  const refused = notStartable(context);
  if (refused !== null) return refused;
  const isNew = command === "run" || run === null;
  const chosen = isNew
    ? runRoutes(loaded.policy, facts.issue.labels, { route: asked, reviewer: asked })
    : keptRoutes(loaded.policy, run);
  if (!chosen.ok) return refuse("no-route", chosen.why);
  const { ok: _, ...routes } = chosen;
  const issues = record.prompts.flatMap((prompt) => (prompt.issue === null || prompt.completed ? [] : [prompt.issue]));
  const body = runBody(contract, record.runs, issues, request.by, {
    ...routes,
    ...(mode === undefined ? {} : { mode }),
  });
  const names = issues.map((issue) => `#${issue}`);
  const order = mode === "independent" ? `${names.join(", ")}, each even if another fails` : names.join(", then ");
  const by = body.route === undefined ? "" : `, by the route \`${body.route}\``;
  const read = body.reviewer === undefined ? "" : `, reviewed by the route \`${body.reviewer}\``;
  return accept(command, `${body.run} is submitted: ${order}${by}${read}.`, [
    {
      kind: "run.submitted",
      actor: userActor(request.by),
      subject: [{ name: body.run, digest: { sha256: contract.digest } }],
      body,
    },
  ]);
}

/** Refuses a run of the approved contract that cannot begin now; null: it can. */
function notStartable(context: StoryContext): CommandAnswer | null {
  const { record } = context;
  const open = openRun(record);
  if (open !== null) return refuse("run-open", `${open.run} is open already; \`/stop\` ends it.`);
  const waits = openRollback(record);
  if (waits !== null) return waits;
  const drift = contractDrift(context);
  if (drift !== null) return refuse("drift", drift);
  if (record.prompts.every(({ issue }) => issue !== null)) return null;
  const problem = openingProblem(context);
  const line = problem === null ? null : `${problem} Plan it again with \`/plan\`.`;
  return refuse("prompts-not-open", line ?? "The diff prompts are still being opened; try again in a moment.");
}
