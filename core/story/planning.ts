import type { Plan } from "../../schemas/plan.ts";
import type { Cost, Usage } from "../../schemas/step.ts";
import { cardOf, phaseOf } from "../contract/cards.ts";
import { casefilesOf } from "../contract/casefiles.ts";
import { planProblems } from "../contract/plan-problems.ts";
import { routeOfOwn } from "../contract/routes.ts";
import { awaitEffect, type EffectFailure, type Step } from "../decision.ts";
import { digestOf } from "../digest.ts";
import type { EffectResult } from "../effects.ts";
import { agentActor, appActor, type Draft, entriesOf } from "../entries.ts";
import { effectKey, sourceKey } from "../identifiers.ts";
import { costOf, spendingOf } from "../money.ts";
import { openQuestion, planQuestions } from "../record/concerns.ts";
import type { PlanRequest, StoryRecord } from "../record/story.ts";
import type { StoryContext, StoryFacts } from "./facts.ts";
import { instructionsAt, intakeQuestions, planRules, ticketComments, ticketDigest } from "./ticket.ts";
import { decisionsNamed, proposeWritten, writtenPrompts } from "./written.ts";

/** Asks the planner for a person's last request, and records the plan or why there is none. */
export function plan(context: StoryContext): Step {
  const { record, facts } = context;
  const { request } = record;
  if (request === null || isAnswered(record)) return {};
  const { issue, repository } = facts;
  const failed = (failure: EffectFailure, usage?: Usage): Step => ({
    drafts: [planFailed(request, facts, failure, paid(usage, context))],
  });
  const key = effectKey.plan(repository.id, issue.number, request.source);
  const written = writtenPrompts(facts);
  if (written.length > 0 && !facts.outcomes.has(key)) return proposeWritten(written, request, context, failed);
  return awaitEffect(facts.outcomes.get(key), {
    ask: () => askPlanner(key, request, context),
    done: (result) => {
      if (result.type === "plan-failed") return failed(result, result.usage);
      if (result.type !== "plan")
        return failed({ code: "bad-answer", message: "the planner's effect ended without a plan" });
      const proposed = facts.plans.get(result.planSha256);
      if (proposed === undefined)
        return failed({ code: "plan-lost", message: "the stored plan could not be read back" }, result.usage);
      const problems = planProblems(
        proposed,
        planRules(facts, context.loaded.policy),
        issue.number,
        decisionsNamed(facts),
      );
      if (problems.length > 0)
        return failed({ code: "plan-outside-policy", message: problems.join(" ") }, result.usage);
      return propose(proposed, result, request, context);
    },
    failed,
  });
}

/** Ends a request for a plan without one; a planner that is still at work on it is broken off. */
export function planFailed(
  request: PlanRequest,
  facts: Pick<StoryFacts, "ourselves"> & { issue: { number: number } },
  { code, message }: EffectFailure,
  used: { usage?: Usage; cost?: Cost } = {},
): Draft {
  const body = { story: facts.issue.number, request: request.source, code, message, ...used };
  return { kind: "plan.failed", actor: appActor(facts), subject: [], body };
}

/** What a planner used and what it cost, as entries hold it. */
function paid(usage: Usage | undefined, { loaded }: StoryContext): { usage?: Usage; cost?: Cost } {
  return usage === undefined ? {} : { usage, ...costOf(usage, loaded.policy.agents) };
}

function askPlanner(key: string, request: PlanRequest, { record, facts, loaded }: StoryContext): Step {
  const { base, issue } = facts;
  const comments = ticketComments(facts.comments);
  if (!base.known || comments === null || record.concerns.some(({ code }) => code !== openQuestion)) return {};
  const { policy } = loaded;
  const instructions = instructionsAt(base.value, { facts, loaded });
  if (instructions === null) return {};
  const { given } = instructions;
  const phase = phaseOf(policy);
  const planner = routeOfOwn(policy, "planner", request.route);
  if (planner === null) {
    const message = `The policy has no route \`${request.route}\` of the planner any more.`;
    return { drafts: [planFailed(request, facts, { code: "no-route", message })] };
  }
  const { use: backend, ...more } = planner;
  return {
    effects: [
      {
        type: "ask-planner",
        key,
        story: issue.number,
        base: base.value,
        title: issue.title,
        body: issue.body,
        ...(comments.length === 0 ? {} : { comments }),
        ...(facts.task?.state === "read" ? { task: facts.task.file } : {}),
        ...(given.length === 0 ? {} : { instructions: given }),
        ...(phase === undefined ? {} : { phase }),
        refinement: request.refinement,
        previousPlan: request.refinement === "" ? null : (record.plan?.planSha256 ?? null),
        roles: Object.entries(policy.roles).map(([name, role]) => ({
          name,
          allow: role.allow,
          deny: [...role.deny, ...casefilesOf(policy, issue.number).map(({ path }) => path)],
          ...(role.writes === undefined ? {} : { writes: role.writes }),
          ...cardOf(role),
        })),
        decisions: decisionsNamed(facts),
        rules: planRules(facts, policy),
        backend,
        ...more,
        ...spendingOf(policy.agents, more.model, issue.number),
      },
    ],
  };
}

function propose(
  proposed: Plan,
  {
    planSha256,
    issueSha256,
    comments = [],
    task,
    instructions,
    usage,
    redacted,
  }: Extract<EffectResult, { type: "plan" }>,
  request: PlanRequest,
  { record, facts, loaded }: StoryContext,
): Step {
  const found = intakeQuestions(proposed, { facts, loaded });
  if (found === null) return {};
  const actor = agentActor(facts, usage.model);
  const body = {
    story: facts.issue.number,
    revision: (record.plan?.revision ?? 0) + 1,
    requestedBy: request.by,
    request: request.source,
    plan: proposed,
    planSha256: digestOf(proposed),
    issueSha256,
    ...(comments.length === 0 ? {} : { comments }),
    ...(task === undefined ? {} : { task }),
    ...(instructions === undefined ? {} : { instructions }),
    ...(request.route === undefined ? {} : { route: request.route }),
    usage,
    ...costOf(usage, loaded.policy.agents),
    ...(redacted === undefined ? {} : { redacted }),
  };
  const subject = [{ name: `plan of story #${facts.issue.number}`, digest: { sha256: planSha256 } }];
  return {
    drafts: [
      { kind: "plan.proposed", actor, subject, body },
      ...planQuestions(body, found).map((question) => ({
        kind: "concern.raised" as const,
        actor: question.raisedBy === "app" ? appActor(facts) : actor,
        subject,
        body: question,
      })),
    ],
  };
}

/** Whether the last request got its plan or its failure. */
export function isAnswered(record: StoryRecord): boolean {
  const { request, plan, planFailure } = record;
  if (request === null) return true;
  const key = sourceKey(request.source);
  return (
    (plan !== null && sourceKey(plan.request) === key) ||
    (planFailure !== null && sourceKey(planFailure.request) === key)
  );
}

/** Whether a plan of a story is asked for, or approved and not complete; nothing of the light tier is. */
export function isUnderWay(record: StoryRecord): boolean {
  const { plan, contract, completed } = record;
  return !isAnswered(record) || (contract !== null && !completed && plan?.compiled !== "light");
}

/** The next diff prompt of the frozen contract that has no sub-issue, and the key of the effect that opens it. */
function nextToOpen({ record, facts }: Pick<StoryContext, "record" | "facts">) {
  const { contract, prompts } = record;
  const next = prompts.find((prompt) => prompt.issue === null)?.contract;
  if (contract === null || next === undefined) return null;
  const key = effectKey.prompt(facts.repository.id, facts.issue.number, contract.revision, next.index);
  return { contract, next, key };
}

/** Opens the next diff prompt of the frozen contract as a sub-issue, in order, blocked by those it depends on. */
export function openPrompts({ record, facts }: StoryContext): Step {
  const found = nextToOpen({ record, facts });
  if (found === null) return {};
  const { contract, next, key } = found;
  const { index, title, text, dependsOn, role } = next;
  const { revision } = contract;
  const story = facts.issue.number;
  const opened = (issue: number): Step => ({
    drafts: [{ kind: "prompt.opened", actor: appActor(facts), subject: [], body: { story, revision, index, issue } }],
  });
  const written = record.plan?.revision === revision ? record.plan.prompts?.[index - 1] : undefined;
  if (written !== undefined) return opened(written.issue);
  return awaitEffect(facts.outcomes.get(key), {
    ask: () => {
      const blockedBy = dependsOn.flatMap(
        (earlier) => record.prompts.find((one) => one.contract.index === earlier)?.issue ?? [],
      );
      const body = [
        text.trimEnd(),
        "",
        "---",
        `Role \`${role}\`. Frozen at approval \`${contract.digest.slice(0, 12)}…\`: editing this issue changes nothing that an agent sees.`,
      ].join("\n");
      return { effects: [{ type: "open-prompt", key, story, title, body, blockedBy }] };
    },
    done: (result) => (result.type !== "issue" || isPrompt(result.number, facts) ? {} : opened(result.number)),
    failed: () => ({}),
  });
}

/**
 * Whether an issue is a prompt already. Anyone with write access can edit our issues, so one could be mistaken for
 * another: two prompts never share an issue.
 */
function isPrompt(issue: number, { entries }: StoryFacts): boolean {
  return entriesOf(entries, "prompt.opened").some(({ body }) => body.issue === issue);
}

/** Why the next diff prompt cannot be opened, which nothing tries again; null: it is being opened. */
export function openingProblem({ record, facts }: Pick<StoryContext, "record" | "facts">): string | null {
  const found = nextToOpen({ record, facts });
  if (found === null) return null;
  const outcome = facts.outcomes.get(found.key);
  const problem = (why: string) => `The diff prompt “${found.next.title}” could not be opened: ${why}`;
  if (outcome?.status === "failed") return problem(`${outcome.message}.`);
  return outcome?.status === "done" && outcome.result.type === "issue" && isPrompt(outcome.result.number, facts)
    ? problem(`#${outcome.result.number} passes for it and is another prompt's, because somebody edited it.`)
    : null;
}

/** Whether the ticket still reads as it did when it was planned. */
export function isPlannedText({ record, facts }: StoryContext): boolean {
  return record.plan !== null && record.plan.issueSha256 === ticketDigest(facts, record.plan);
}
