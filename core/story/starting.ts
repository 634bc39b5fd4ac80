import { phaseOf } from "../contract/cards.ts";
import { branchToWrite, packOf } from "../contract/contract.ts";
import { agentHolder, handedOff, toAgent } from "../contract/handoffs.ts";
import { reworkFailures } from "../contract/rework.ts";
import { earlierChanges } from "../contract/tests-only.ts";
import { jsonBody, type Step } from "../decision.ts";
import { bodyRef, sha256 } from "../digest.ts";
import { appActor, type Draft, lastEntry } from "../entries.ts";
import { attemptName, checkpointName } from "../identifiers.ts";
import { canonicalJson } from "../json.ts";
import { answersFor } from "../record/answers.ts";
import { nextAttempt } from "../record/checkpoints.ts";
import { contractOrigin } from "../record/provenance.ts";
import { type Round, roundOf } from "../record/rework.ts";
import type { AttemptRecord, PromptRecord, StoryRun } from "../record/story.ts";
import { contractDrift } from "./approval.ts";
import { checkpointBody } from "./bodies.ts";
import type { StoryContext } from "./facts.ts";
import { failuresAt } from "./remediating.ts";
import { runClosed } from "./run-end.ts";
import { instructionsAt, refsOf } from "./ticket.ts";

/**
 * Begins the next attempt at a prompt: records its checkpoint, its prompt and, for a run's first attempt and the first
 * of a rework, the hand-off. While the prompt's pull request is open it continues on that branch, a rework on the
 * commit that failed; otherwise it starts anew on the default branch. Nothing begins while a concern is open.
 */
export function startAttempt(
  context: StoryContext,
  run: StoryRun,
  prompt: PromptRecord,
  last: AttemptRecord | undefined,
): Step {
  const { record, facts, loaded } = context;
  const { issue, contract } = prompt;
  if (issue === null || !facts.base.known || record.concerns.length > 0) return {};
  const drift = contractDrift(context);
  if (drift !== null) return { drafts: [runClosed(run, facts, "failed", drift)] };
  const round = roundOf(prompt, run.run);
  const report = round === null ? null : facts.reports.get(round.report.sha256);
  // Those that the approval's base holds: no later change steers a run.
  const approved = record.contract === null ? {} : contractOrigin(facts.entries, record.contract);
  const instructions = instructionsAt(approved.approval?.body.parts.base ?? facts.base.value, context)?.given;
  if (round !== null && report === undefined && isStored(round, facts)) {
    const why = `what #${round.pull ?? issue} was sent back for is not stored any more; \`/rework\` gathers it anew`;
    return { drafts: [runClosed(run, facts, "failed", why)] };
  }
  if (report === undefined || instructions === undefined) return {};
  const isRework = prompt.rework.pending !== null;
  // D2: numbered over all runs of the prompt.
  const attempt = nextAttempt(prompt.attempts.at(-1)?.pack.attempt, isRework || prompt.rolledBack !== null);
  const refused = last?.closed?.reasons ?? [];
  const failed = failuresAt(prompt, run.run, attempt.r);
  if (failed > loaded.policy.agents.limits.rework) {
    const why = refused.map((failure) => failure.message).join(" ");
    return {
      drafts: [runClosed(run, facts, "failed", `#${issue} failed ${failed} times; the last time: ${why}`)],
    };
  }
  const place = branchToWrite(run.run, issue, prompt.branchState, prompt.pull !== null);
  const { branch, head } = round === null ? place : { ...place, head: round.head };
  const base = head ?? facts.base.value;
  const step = { run: run.run, story: facts.issue.number, prompt: issue, attempt };
  const failures = [
    ...(report === null ? [] : reworkFailures(report)),
    ...refused,
    ...answersFor(record.answers, step, approved.approval?.body.parts.answers),
  ];
  const previous = report?.previous ?? null;
  const phase = phaseOf(loaded.policy);
  const frozen = record.contract?.master;
  const master = frozen === undefined ? undefined : sha256(frozen.text);
  const pack = packOf(
    {
      ...{ ...step, repository: facts.repository.name, base, contract, failures, previous, instructions, master },
      verification: approved.plan?.body.plan.verification ?? [],
      tested: { criteria: approved.plan?.body.plan.acceptance ?? [], earlier: earlierChanges(record.prompts) },
    },
    loaded.policy,
    phase,
  );
  if (pack === null) {
    return {
      drafts: [runClosed(run, facts, "failed", `the policy has no role \`${contract.role}\` any more`)],
    };
  }
  const text = canonicalJson(pack);
  const ref = bodyRef(text);
  const actor = appActor(facts);
  const where = { story: step.story, prompt: issue };
  const handed: Draft[] =
    last === undefined || isRework
      ? [handedOff(toAgent(where, run.digest, agentHolder(contract.role, loaded.policy, run.route), isRework), actor)]
      : [];
  const checkpoint = checkpointName(step);
  return {
    bodies: [jsonBody(text)],
    drafts: [
      ...handed,
      {
        kind: "checkpoint.recorded",
        actor,
        subject: [{ name: checkpoint, digest: { gitCommit: base } }],
        body: checkpointBody(step, { branch, head }, base),
      },
      {
        kind: "prompt.recorded",
        actor,
        subject: [{ name: `prompt #${issue} ${attemptName({ attempt })}`, digest: { sha256: ref.sha256 } }],
        body: {
          ...step,
          base,
          branch,
          pack: ref,
          ...(phase === undefined ? {} : { phase: phase.name }),
          ...(instructions.length === 0 ? {} : { instructions: refsOf(instructions) }),
        },
      },
    ],
  };
}

/** Whether a round is in the ledger: what this decision itself stores cannot be read before. */
function isStored({ report }: Round, { entries }: StoryContext["facts"]): boolean {
  return lastEntry(entries, "rework.opened", ({ body }) => body.report.sha256 === report.sha256) !== undefined;
}
