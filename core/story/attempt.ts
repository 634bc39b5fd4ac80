import type { StepResult } from "../../schemas/step.ts";
import { reviewResult } from "../contract/review.ts";
import { routeOf } from "../contract/routes.ts";
import { isVerified } from "../contract/verification.ts";
import { awaitEffect, type Step } from "../decision.ts";
import type { EffectResult } from "../effects.ts";
import { agentActor, appActor, type Draft, lastEntry } from "../entries.ts";
import { attemptName, effectKey } from "../identifiers.ts";
import { costOf, spendingOf } from "../money.ts";
import { deliveredAt } from "../record/checkpoints.ts";
import { agentConcern } from "../record/concerns.ts";
import { isOfAttempt } from "../record/provenance.ts";
import type { AttemptRecord } from "../record/story.ts";
import { redactionReport } from "../redaction/redaction.ts";
import { contractDrift } from "./approval.ts";
import { evidenceBody, responseFiles, stepOf } from "./bodies.ts";
import type { StoryContext, StoryFacts, Work } from "./facts.ts";
import { runClosed } from "./run-end.ts";

/** Runs the agent on a recorded prompt, and records its answer or why there is none. */
export function awaitAnswer({ run, prompt, attempt: { pack } }: Work, context: StoryContext): Step {
  const { facts, loaded } = context;
  const refused = (message: string) => attemptClosed(pack, facts, [{ source: "agent", code: "no-answer", message }]);
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
    actor: agentActor(facts, usage.model),
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

/** The end of an attempt; without reasons its answer was accepted. */
export function attemptClosed(
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
      return { drafts: [attemptClosed(pack, facts, reasons), runClosed(run, facts, "failed", why)] };
    },
  });
}

/** Reviews the recorded answer; an accepted answer becomes evidence before any of it is written to GitHub. */
export function closeAttempt(work: Work, { facts }: StoryContext): Step {
  const { prompt, attempt } = work;
  const { pack, response, verification } = attempt;
  if (response === null) return {};
  const given = facts.packs.get(pack.pack.sha256);
  const result = facts.results.get(response.result.sha256);
  if (given === undefined || result === undefined) {
    // What this decision itself stores cannot be read before; what was stored and is gone never can.
    const isStored = lastEntry(facts.entries, "response.recorded", (entry) => isOfAttempt(entry, pack)) !== undefined;
    const message = "the stored answer could not be read back";
    return isStored ? { drafts: [attemptClosed(pack, facts, [{ source: "agent", code: "no-answer", message }])] } : {};
  }
  const findings = reviewResult(given, result, deliveredAt(pack.base, prompt), verification);
  if (findings.length === 0 && verification === null && isVerified(given)) return runCommands(work, facts);
  const drafts: Draft[] = [attemptClosed(pack, facts, findings)];
  // Another try would find as little in the budget; another run of the workflow costs, and most likely ends the same way.
  if (result.code === "money-exceeded" || result.code === "not-accepted")
    drafts.push(runClosed(work.run, facts, "failed", result.summary));
  const concern = agentConcern(pack, response.result.sha256, result);
  if (concern !== null)
    drafts.push({
      kind: "concern.raised",
      actor: agentActor(facts, response.usage.model),
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
