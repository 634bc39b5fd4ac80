import type { StepResult } from "../../schemas/step.ts";
import { casefilesOf } from "../contract/casefiles.ts";
import { reviewResult } from "../contract/review.ts";
import { routeOf } from "../contract/routes.ts";
import { isVerified } from "../contract/verification.ts";
import { awaitEffect, decisionOf, type Step } from "../decision.ts";
import type { EffectResult } from "../effects.ts";
import { appActor, type Draft, lastEntry } from "../entries.ts";
import { attemptName, effectKey } from "../identifiers.ts";
import { stateOf } from "../ledger/attempt-protocol.ts";
import { costOf, spendingOf } from "../money.ts";
import { mayOverlap } from "../paths/cover.ts";
import { deliveredAt } from "../record/checkpoints.ts";
import { agentConcern } from "../record/concerns.ts";
import { isOfAttempt } from "../record/provenance.ts";
import type { AttemptRecord, PromptRecord, StoryRun } from "../record/story.ts";
import { redactionReport } from "../redaction/redaction.ts";
import { advise, isLeft } from "./advising.ts";
import { contractDrift } from "./approval.ts";
import { evidenceBody, responseFiles, stepOf } from "./bodies.ts";
import { complete } from "./completing.ts";
import type { StoryContext, StoryFacts, Work } from "./facts.ts";
import { runClosed } from "./run-end.ts";
import { isAllowedMerge } from "./standing.ts";
import { startAttempt } from "./starting.ts";
import { commit, openPull } from "./writing.ts";

/**
 * The next step of an open run: its prompts one after the other, or as many at a time as the policy lets.
 * Every rule reads only recorded state, so a crash between two steps repeats none of them.
 */
export function advanceRun(context: StoryContext): Step {
  const { record, facts } = context;
  const { run } = record;
  // A merge completes its prompt whether or not the run is still open: a person may reopen and merge after a stop.
  const merged = record.prompts.find((one) => one.merge !== null && !one.completed && isAllowedMerge(one, record));
  if (merged?.merge) return decisionOf(endedTry(merged, run, facts), complete(merged, merged.merge.merged, facts));
  if (run === null || run.closed !== null) return {};
  const open = record.prompts.filter((one) => one.issue !== null && run.prompts.includes(one.issue) && !one.completed);
  if (open.length === 0) {
    const isMerged = (issue: number) => record.prompts.some((one) => one.issue === issue && one.completed);
    const past = record.prompts.flatMap(({ pull, merge, acceptedBy }) => {
      const how = merge?.judged === true ? "into another branch" : "past its check";
      return acceptedBy === null ? [] : [`; #${pull} ${how}, which @${acceptedBy} accepted`];
    });
    const end = run.prompts.every(isMerged)
      ? runClosed(run, facts, "succeeded", `every prompt is merged${past.join("")}`)
      : runClosed(run, facts, "cancelled", "its prompts are not those of the approved plan any more");
    return { drafts: [end] };
  }
  const failed = run.mode === "independent" ? failedPrompts(open, run, context) : new Map<PromptRecord, Step>();
  const working = inWork(
    open.filter((one) => !failed.has(one)),
    run,
    context,
  );
  if (working.length === 0 && failed.size > 0) return endOfAll([...failed.values()], run, facts);
  const steps = working.map((prompt) => advancePrompt(prompt, run, context));
  return steps.find(endsRun) ?? decisionOf(...steps);
}

/** Ends the try of an agent that is still at work on a prompt whose pull request was merged: nobody takes its answer. */
function endedTry({ attempts, pull }: PromptRecord, run: StoryRun | null, facts: StoryFacts): Step {
  const last = attempts.at(-1);
  if (last === undefined || stateOf(last) !== "asked" || run?.run !== last.pack.run || run.closed !== null) return {};
  const message = `#${pull} was merged meanwhile.`;
  return { drafts: [closed(last.pack, facts, [{ source: "sallyport", code: "merged", message }])] };
}

const endsRun = ({ drafts = [] }: Step) => drafts.some(({ kind }) => kind === "run.closed");

/** The prompts of an independent run at which it would have ended: they are left, and what does not depend on them goes on. */
function failedPrompts(open: readonly PromptRecord[], run: StoryRun, context: StoryContext): Map<PromptRecord, Step> {
  const begun = open.filter((one) => isBegun(one, run) || one.closedUnmerged);
  const steps = begun.map((one) => [one, advancePrompt(one, run, context)] as const);
  return new Map(steps.filter(([, step]) => endsRun(step)));
}

/** Ends an independent run of which nothing more can be done: all that is open failed, or depends on what did. */
function endOfAll(ends: readonly Step[], run: StoryRun, facts: StoryFacts): Step {
  const drafts = ends.flatMap((step) => step.drafts ?? []);
  const closed = drafts.flatMap((draft) => (draft.kind === "run.closed" ? [draft.body] : []));
  const status = closed.some((one) => one.status === "failed") ? "failed" : "cancelled";
  const rest = drafts.filter(({ kind }) => kind !== "run.closed");
  return { drafts: [...rest, runClosed(run, facts, status, closed.map(({ reason }) => reason).join(" "))] };
}

const isBegun = ({ attempts }: PromptRecord, { run }: StoryRun) => attempts.some(({ pack }) => pack.run === run);

/**
 * The open prompts of a run that are in work: those that are begun, then as many as the policy lets run beside them, in
 * their order. One that waits for another, or whose paths overlap with those of one in work, begins after it.
 */
function inWork(open: readonly PromptRecord[], run: StoryRun, { record, loaded, facts }: StoryContext): PromptRecord[] {
  const { policy } = loaded;
  // Every change of a story writes the same casefiles.
  const limit = casefilesOf(policy, facts.issue.number).length > 0 ? 1 : policy.agents.parallel;
  const isOurs = (prompt: PromptRecord) => isBegun(prompt, run);
  const isDone = (index: number) =>
    record.prompts.some(({ contract, completed }) => contract.index === index && completed);
  const chosen: PromptRecord[] = [];
  for (const prompt of [...open.filter(isOurs), ...open.filter((one) => !isOurs(one))]) {
    if (chosen.length >= limit && !isOurs(prompt)) break;
    const { dependsOn, paths } = prompt.contract;
    const overlaps = ({ contract }: PromptRecord) =>
      contract.paths.some((one) => paths.some((other) => mayOverlap(one, other)));
    // In their order the first one waits for no other, unless that one was left.
    const waits = (chosen.length > 0 || run.mode === "independent") && !dependsOn.every(isDone);
    if (!isOurs(prompt) && (waits || chosen.some(overlaps))) continue;
    chosen.push(prompt);
  }
  return chosen;
}

/** The next step of one prompt of an open run, from recorded prompt to merged pull request. */
function advancePrompt(prompt: PromptRecord, run: StoryRun, context: StoryContext): Step {
  const { facts, loaded } = context;
  if (prompt.closedUnmerged) {
    return {
      drafts: [runClosed(run, facts, "cancelled", `#${prompt.pull} was closed without being merged`)],
    };
  }
  const attempt = prompt.attempts.findLast(({ pack }) => pack.run === run.run);
  const { pending, asked } = prompt.rework;
  // What people asked for is gathered first.
  if (attempt === undefined)
    return prompt.pull !== null && asked.length > 0 ? {} : startAttempt(context, run, prompt, undefined);
  const work = { run, prompt, attempt };
  switch (stateOf(attempt)) {
    case "refused": {
      if (pending !== null || !isLeft(prompt, attempt, loaded.policy.agents.limits))
        return startAttempt(context, run, prompt, attempt);
      const written = prompt.attempts.findLast(({ pack, commit }) => pack.run === run.run && commit !== null);
      return prompt.pull !== null || written === undefined ? {} : openPull({ run, prompt, attempt: written }, context);
    }
    case "asked":
      return awaitAnswer(work, context);
    case "answered":
      return closeAttempt(work, context);
    case "accepted":
      return {};
    case "captured":
      return pending === null ? commit(work, context) : startAttempt(context, run, prompt, attempt);
    case "committed":
      if (pending !== null) return startAttempt(context, run, prompt, attempt);
      return prompt.pull === null ? (advise(work, context) ?? openPull(work, context)) : {};
  }
}

function awaitAnswer({ run, prompt, attempt: { pack } }: Work, context: StoryContext): Step {
  const { facts, loaded } = context;
  const refused = (message: string) => closed(pack, facts, [{ source: "agent", code: "no-answer", message }]);
  const key = effectKey.agent(facts.repository.id, pack);
  return awaitEffect(facts.outcomes.get(key), {
    ask: () => {
      // Another policy than the approved one may know another model for this, or no such route.
      const drift = contractDrift(context);
      if (drift !== null) return { drafts: [runClosed(run, facts, "failed", drift)] };
      const { use: backend, ...rest } = routeOf(loaded.policy, prompt.contract.role, run.route);
      const spending = spendingOf(loaded.policy.agents, rest.model, facts.issue.number);
      const { sha256: packSha256 } = pack.pack;
      return { effects: [{ type: "run-agent", key, run: run.run, packSha256, backend, ...rest, ...spending }] };
    },
    done: (result) => {
      if (result.type !== "answer") return { drafts: [refused("the agent's effect ended without an answer")] };
      const stored = facts.results.get(result.resultSha256);
      return {
        drafts: [
          stored === undefined
            ? refused("the stored answer could not be read back")
            : responseRecorded(pack, result, stored, { facts, loaded }),
        ],
      };
    },
    failed: ({ code, message }) => ({
      drafts: [
        refused(message),
        // The next attempt would get the same text.
        ...(code === "secret-in-prompt" ? [runClosed(run, facts, "failed", message)] : []),
      ],
    }),
  });
}

function responseRecorded(
  pack: AttemptRecord["pack"],
  { resultSha256, bytes, seconds, usage, tool, actions }: Extract<EffectResult, { type: "answer" }>,
  result: StepResult,
  { facts, loaded }: Pick<StoryContext, "facts" | "loaded">,
): Draft {
  return {
    kind: "response.recorded",
    actor: { type: "agent", id: facts.ourselves.bot.id, login: usage.model },
    subject: [{ name: `answer to prompt #${pack.prompt} ${attemptName(pack)}`, digest: { sha256: resultSha256 } }],
    body: {
      ...stepOf(pack),
      result: { sha256: resultSha256, bytes, mediaType: "application/json" },
      outcome: result.outcome,
      code: result.code,
      files: responseFiles(result),
      usage,
      ...costOf(usage, loaded.policy.agents),
      seconds,
      ...(result.redacted === undefined ? {} : { redacted: redactionReport(result.redacted) }),
      ...(tool === undefined ? {} : { tool }),
      ...(actions === undefined ? {} : { actions }),
    },
  };
}

function closed(
  pack: AttemptRecord["pack"],
  facts: StoryFacts,
  reasons: { source: string; code: string; message: string; path?: string }[],
): Draft {
  return {
    kind: "attempt.closed",
    actor: appActor(facts),
    subject: [],
    body: { ...stepOf(pack), accepted: reasons.length === 0, reasons },
  };
}

/** Runs an answer's verification commands, once nothing else is wrong with it. */
function runCommands({ run, attempt: { pack, response } }: Work, facts: StoryFacts): Step {
  const resultSha256 = response?.result.sha256 ?? "";
  const key = effectKey.commands(facts.repository.id, pack);
  const { sha256: packSha256 } = pack.pack;
  return awaitEffect(facts.outcomes.get(key), {
    ask: () => ({ effects: [{ type: "run-commands", key, run: run.run, packSha256, resultSha256 }] }),
    done: (result) => {
      if (result.type !== "verification") return {};
      const { type: _, ...ran } = result;
      const subject = [
        { name: `commands on prompt #${pack.prompt} ${attemptName(pack)}`, digest: { sha256: resultSha256 } },
      ];
      const body = { ...stepOf(pack), result: resultSha256, ...ran };
      return { drafts: [{ kind: "verification.recorded", actor: appActor(facts), subject, body }] };
    },
    // No other answer would make them run.
    failed: ({ message }) => {
      const why = `the verification commands of #${pack.prompt} were not run: ${message}`;
      const reasons = [{ source: "sallyport", code: "commands-not-run", message: why }];
      return { drafts: [closed(pack, facts, reasons), runClosed(run, facts, "failed", why)] };
    },
  });
}

/** Reviews the recorded answer; an accepted answer becomes evidence before any of it is written to GitHub. */
function closeAttempt(work: Work, { facts }: StoryContext): Step {
  const { prompt, attempt } = work;
  const { pack, response, verification } = attempt;
  if (response === null) return {};
  const given = facts.packs.get(pack.pack.sha256);
  const result = facts.results.get(response.result.sha256);
  if (given === undefined || result === undefined) {
    // What this decision itself stores cannot be read before; what was stored and is gone never can.
    const isStored = lastEntry(facts.entries, "response.recorded", (entry) => isOfAttempt(entry, pack)) !== undefined;
    const message = "the stored answer could not be read back";
    return isStored ? { drafts: [closed(pack, facts, [{ source: "agent", code: "no-answer", message }])] } : {};
  }
  const findings = reviewResult(given, result, deliveredAt(pack.base, prompt), verification);
  if (findings.length === 0 && verification === null && isVerified(given)) return runCommands(work, facts);
  const drafts: Draft[] = [closed(pack, facts, findings)];
  // Another try would find as little in the budget; another run of the workflow costs, and most likely ends the same way.
  if (result.code === "money-exceeded" || result.code === "not-accepted")
    drafts.push(runClosed(work.run, facts, "failed", result.summary));
  const concern = agentConcern(pack, response.result.sha256, result);
  if (concern !== null)
    drafts.push({
      kind: "concern.raised",
      actor: { type: "agent", id: facts.ourselves.bot.id, login: response.usage.model },
      subject: [{ name: concern.concern, digest: { sha256: response.result.sha256 } }],
      body: concern,
    });
  if (findings.length === 0) {
    drafts.push({
      kind: "evidence.captured",
      actor: appActor(facts),
      subject: [{ name: `prompt #${pack.prompt} ${attemptName(pack)}`, digest: { sha256: response.result.sha256 } }],
      body: evidenceBody(pack, response, verification, given.role.name),
    });
  }
  return { drafts };
}
