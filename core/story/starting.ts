import type { ReworkReport } from "../../schemas/rework.ts";
import type { Instruction, Pack } from "../../schemas/step.ts";
import { phaseOf } from "../contract/cards.ts";
import { branchToWrite, packOf } from "../contract/contract.ts";
import { agentHolder, handedOff, toAgent } from "../contract/handoffs.ts";
import { reworkFailures } from "../contract/rework.ts";
import { earlierChanges } from "../contract/tests-only.ts";
import { type Body, jsonBody, type Step } from "../decision.ts";
import { bodyRef, sha256 } from "../digest.ts";
import { appActor, type Draft, lastEntry } from "../entries.ts";
import { attemptName, checkpointName } from "../identifiers.ts";
import { canonicalJson } from "../json.ts";
import { answersFor } from "../record/answers.ts";
import { nextAttempt } from "../record/checkpoints.ts";
import { type ContractOrigin, contractOrigin } from "../record/provenance.ts";
import { type Round, roundOf } from "../record/rework.ts";
import type { AttemptRecord, PromptRecord, StoryRun } from "../record/story.ts";
import { contractDrift } from "./approval.ts";
import { type AttemptStep, checkpointBody } from "./bodies.ts";
import type { StoryContext, StoryFacts } from "./facts.ts";
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
  const { issue } = prompt;
  if (issue === null || !facts.base.known || record.concerns.length > 0) return {};
  const endRun = (why: string): Step => ({ drafts: [runClosed(run, facts, "failed", why)] });
  const drift = contractDrift(context);
  if (drift !== null) return endRun(drift);
  const basis = basisOf(run, prompt, facts.base.value, context);
  if (basis === null) return {};
  if ("lost" in basis) return endRun(basis.lost);
  const isRework = prompt.rework.pending !== null;
  // D2: numbered over all runs of the prompt.
  const attempt = nextAttempt(prompt.attempts.at(-1)?.pack.attempt, isRework || prompt.rolledBack !== null);
  const refused = last?.closed?.reasons ?? [];
  const failed = failuresAt(prompt, run.run, attempt.r);
  if (failed > loaded.policy.agents.limits.rework) {
    const why = refused.map((failure) => failure.message).join(" ");
    return endRun(`#${issue} failed ${failed} times; the last time: ${why}`);
  }
  const { round } = basis;
  const place = branchToWrite(run.run, issue, prompt.branchState, prompt.pull !== null);
  const { branch, head } = round === null ? place : { ...place, head: round.head };
  const base = head ?? facts.base.value;
  const step = { run: run.run, story: facts.issue.number, prompt: issue, attempt };
  const pack = packFor({ ...step, base, refused }, prompt, basis, context);
  if (pack === null) return endRun(`the policy has no role \`${prompt.contract.role}\` any more`);
  const recorded = recordAttempt(step, { branch, head, base }, pack, facts);
  if (last !== undefined && !isRework) return recorded;
  const holder = agentHolder(prompt.contract.role, loaded.policy, run.route);
  const handed = toAgent({ story: step.story, prompt: issue }, run.digest, holder, isRework);
  return { ...recorded, drafts: [handedOff(handed, appActor(facts)), ...recorded.drafts] };
}

/** What an attempt is made from beside its contract; `report`: what its round of rework has to mend. */
type Basis = {
  round: Round | null;
  report: ReworkReport | null;
  instructions: readonly Instruction[];
  approved: ContractOrigin;
};

/** Reads what an attempt is made from. `lost`: why it never can be; null: a part of it is not read yet. */
function basisOf(
  run: StoryRun,
  prompt: PromptRecord,
  tip: string,
  context: StoryContext,
): Basis | { lost: string } | null {
  const { record, facts } = context;
  const round = roundOf(prompt, run.run);
  const report = round === null ? null : facts.reports.get(round.report.sha256);
  // Those that the approval's base holds: no later change steers a run.
  const approved = record.contract === null ? {} : contractOrigin(facts.entries, record.contract);
  const instructions = instructionsAt(approved.approval?.body.parts.base ?? tip, context)?.given;
  if (round !== null && report === undefined && isStored(round, facts)) {
    const about = `#${round.pull ?? prompt.issue}`;
    return { lost: `what ${about} was sent back for is not stored any more; \`/rework\` gathers it anew` };
  }
  return report === undefined || instructions === undefined ? null : { round, report, instructions, approved };
}

/** What the agent is handed, with what failed before; null: the policy lacks the prompt's role. */
function packFor(
  { refused, ...step }: AttemptStep & { base: string; refused: NonNullable<AttemptRecord["closed"]>["reasons"] },
  { contract }: PromptRecord,
  { report, instructions, approved }: Basis,
  { record, facts, loaded }: StoryContext,
): Pack | null {
  const failures = [
    ...(report === null ? [] : reworkFailures(report)),
    ...refused,
    ...answersFor(record.answers, step, approved.approval?.body.parts.answers),
  ];
  const previous = report?.previous ?? null;
  const frozen = record.contract?.master;
  const master = frozen === undefined ? undefined : sha256(frozen.text);
  return packOf(
    {
      ...{ ...step, repository: facts.repository.name, contract, failures, previous, instructions, master },
      verification: approved.plan?.body.plan.verification ?? [],
      tested: { criteria: approved.plan?.body.plan.acceptance ?? [], earlier: earlierChanges(record.prompts) },
    },
    loaded.policy,
    phaseOf(loaded.policy),
  );
}

/** The checkpoint before an attempt, and its prompt, which is recorded before any model is asked. */
function recordAttempt(
  step: AttemptStep,
  { branch, head, base }: { branch: string; head: string | null; base: string },
  pack: Pack,
  facts: StoryFacts,
): { bodies: Body[]; drafts: Draft[] } {
  const text = canonicalJson(pack);
  const ref = bodyRef(text);
  const actor = appActor(facts);
  const { phase, instructions } = pack;
  return {
    bodies: [jsonBody(text)],
    drafts: [
      {
        kind: "checkpoint.recorded",
        actor,
        subject: [{ name: checkpointName(step), digest: { gitCommit: base } }],
        body: checkpointBody(step, { branch, head }, base),
      },
      {
        kind: "prompt.recorded",
        actor,
        subject: [{ name: `prompt #${step.prompt} ${attemptName(step)}`, digest: { sha256: ref.sha256 } }],
        body: {
          ...step,
          base,
          branch,
          pack: ref,
          ...(phase === undefined ? {} : { phase: phase.name }),
          ...(instructions === undefined ? {} : { instructions: refsOf(instructions) }),
        },
      },
    ],
  };
}

/** Whether a round is in the ledger: what this decision itself stores cannot be read before. */
function isStored({ report }: Round, { entries }: StoryContext["facts"]): boolean {
  return lastEntry(entries, "rework.opened", ({ body }) => body.report.sha256 === report.sha256) !== undefined;
}
