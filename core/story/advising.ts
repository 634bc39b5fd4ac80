import type { Advice } from "../../schemas/advice.ts";
import type { Rework } from "../../schemas/policy.ts";
import type { Limits } from "../../schemas/policy-agents.ts";
import type { ReworkReport } from "../../schemas/rework.ts";
import type { Cost, Usage } from "../../schemas/step.ts";
import { adviceFold, advicePackOf, adviceReport, adviceSignature, noAdvice } from "../contract/advice.ts";
import { handedOff, toGates } from "../contract/handoffs.ts";
import { routeOfOwn } from "../contract/routes.ts";
import { awaitEffect, jsonBody, type Step } from "../decision.ts";
import { bodyRef } from "../digest.ts";
import { agentActor, appActor, lastEntry } from "../entries.ts";
import { attemptName, effectKey } from "../identifiers.ts";
import { canonicalJson } from "../json.ts";
import { costOf, spendingOf } from "../money.ts";
import { branchChange } from "../record/checkpoints.ts";
import { spentOnRework } from "../record/rework.ts";
import type { AttemptRecord, PromptRecord } from "../record/story.ts";
import { contractDrift } from "./approval.ts";
import { adviceBody, adviceRoundBody, stepOf } from "./bodies.ts";
import type { StoryContext, StoryFacts, Work } from "./facts.ts";
import { failuresAt } from "./remediating.ts";

/**
 * Lets a reviewer agent read a written change before its pull request opens, where the policy names one, and sends what
 * has to be mended back to the writing agent, where the policy says so. Null: the pull request opens now. A reviewer
 * that fails, or whose rounds are used up, holds nothing up: what it said stands on the pull request.
 */
export function advise(work: Work, context: StoryContext): Step | null {
  const { attempt, run } = work;
  const { facts, loaded } = context;
  if (facts.outcomes.has(effectKey.pull(facts.repository.id, run.run, attempt.pack.prompt))) return null;
  if (attempt.advice !== null) return sendBack(work, context);
  if (attempt.adviceAsked === null) return recordAsked(work, context);
  const { agents } = loaded.policy;
  const key = effectKey.advice(facts.repository.id, attempt.pack);
  const failed = (code: string, message: string) => adviceGiven(attempt, noAdvice(code, message), facts);
  return awaitEffect(facts.outcomes.get(key), {
    ask: () => {
      const { sha256: packSha256 } = attempt.adviceAsked?.pack ?? {};
      const reviewer = agents.reviewer === undefined ? null : routeOfOwn(loaded.policy, "reviewer", run.reviewer);
      if (reviewer === null || packSha256 === undefined)
        return failed("no-reviewer", "The policy names no such reviewer any more.");
      const { use: backend, ...route } = reviewer;
      const more = { ...route, ...spendingOf(agents, route.model, facts.issue.number) };
      return { effects: [{ type: "ask-reviewer", key, run: run.run, packSha256, backend, ...more }] };
    },
    done: (result) => {
      const advice = result.type === "advice" ? facts.advices.get(result.advice.sha256) : undefined;
      if (result.type !== "advice" || advice === undefined)
        return failed("no-advice", "The stored advice could not be read back.");
      return adviceGiven(attempt, advice, facts, { ...result, ...costOf(result.usage, agents) });
    },
    failed: ({ code, message }) => failed(code, message),
  });
}

/** Records what a reviewer agent is asked, and hands the commit over. Null: the policy names none, or has changed. */
function recordAsked({ prompt, attempt: { pack } }: Work, context: StoryContext): Step | null {
  const { facts, loaded } = context;
  const change = branchChange(prompt.branchState, prompt.attempts);
  if (change === null || change.files.size === 0 || contractDrift(context) !== null) return null;
  const step = { ...stepOf(pack), repository: facts.repository.name };
  const asked = advicePackOf(step, prompt.contract, change, loaded.policy.agents);
  if (asked === null) return null;
  const text = canonicalJson(asked);
  const ref = bodyRef(text);
  const { base, head } = change;
  return {
    bodies: [jsonBody(text)],
    drafts: [
      handedOff(toGates({ story: pack.story, prompt: pack.prompt }, head, facts.entries), appActor(facts)),
      {
        kind: "advice.asked",
        actor: appActor(facts),
        subject: [{ name: `advice on prompt #${pack.prompt} ${attemptName(pack)}`, digest: { gitCommit: head } }],
        body: { ...stepOf(pack), base, head, pack: ref },
      },
    ],
  };
}

/** Records an advice. One that could not be had is stored like any other, so that a replay finds it. */
function adviceGiven(
  { pack, adviceAsked }: AttemptRecord,
  advice: Advice,
  facts: StoryFacts,
  used?: { usage: Usage; cost?: Cost; seconds: number },
): Step {
  if (adviceAsked === null) return {};
  const body = adviceBody(adviceAsked, advice, used);
  const { sha256 } = body.advice;
  return {
    bodies: [jsonBody(canonicalJson(advice))],
    drafts: [
      {
        kind: "advice.given",
        actor: used === undefined ? appActor(facts) : agentActor(facts, used.usage.model),
        subject: [{ name: `advice on prompt #${pack.prompt} ${attemptName(pack)}`, digest: { sha256 } }],
        body,
      },
    ],
  };
}

/** Begins a round of rework from an advice. Null: nothing has to be mended, or no further round begins by itself. */
function sendBack({ prompt, attempt }: Work, { facts, loaded }: StoryContext): Step | null {
  const { pack, response, advice: given } = attempt;
  const advice = facts.advices.get(given?.advice.sha256 ?? "");
  const result = facts.results.get(response?.result.sha256 ?? "");
  // Wait until the entry is stored: what this decision itself stores cannot be read before.
  if (lastEntry(facts.entries, "advice.given", ({ body }) => body.head === given?.head) === undefined) return {};
  if (given === null || advice === undefined || result === undefined) return null;
  const report = adviceReport(advice, given.head, result);
  if (report === null || !mayBegin(report, prompt, loaded.policy.rework)) return null;
  const body = adviceRoundBody(given, report, prompt.rework.rounds.length + 1);
  return {
    bodies: [jsonBody(canonicalJson(report))],
    drafts: [
      {
        kind: "rework.opened",
        actor: appActor(facts),
        subject: [{ name: `prompt #${pack.prompt} ${attemptName(pack)}`, digest: { gitCommit: given.head } }],
        body,
      },
    ],
  };
}

/** Whether the policy lets another round begin by itself, within its caps, and the last one did not fail the same way. */
function mayBegin(report: ReworkReport, { rework, attempts }: PromptRecord, settings: Rework | undefined): boolean {
  if (settings?.on.includes("reviewer") !== true || rework.rounds.length >= settings.rounds) return false;
  if (settings.tokens !== undefined && spentOnRework(attempts) >= settings.tokens) return false;
  return rework.rounds.at(-1)?.signature !== adviceSignature(report);
}

/**
 * Whether a reviewer agent's advice is left as it is: in a round that it began, the writing agent changed nothing or
 * failed as often as an attempt may. Its earlier commit goes to people, with the advice.
 */
export function isLeft(prompt: PromptRecord, attempt: AttemptRecord, { rework: most }: Limits): boolean {
  const { rework, closed, pack } = attempt;
  if (rework === null || rework.pull !== undefined) return false;
  return (
    prompt.pull !== null ||
    closed?.reasons.some(({ code }) => code === "nothing-changed") === true ||
    failuresAt(prompt, pack.run, pack.attempt.r) > most
  );
}

/** The last advice on a prompt's commits in a run, as its pull request shows it; none: no agent was asked. */
export function adviceFolds({ run, prompt }: Work, { advices }: StoryFacts): { title: string; text: string }[] {
  const given = prompt.attempts.findLast(({ pack, advice }) => pack.run === run.run && advice !== null)?.advice;
  const advice = advices.get(given?.advice.sha256 ?? "");
  if (given === undefined || given === null || advice === undefined) return [];
  const { head, usage } = given;
  return [adviceFold(advice, { head, model: usage?.model ?? "a model" }, prompt.contract.acceptance)];
}
