import type { ContractPrompt, DigestParts, FileRef } from "../../schemas/entry-parts.ts";
import type { Plan, PlannedPrompt } from "../../schemas/plan.ts";
import type { Policy } from "../../schemas/policy.ts";
import type { Attempt, EarlierChange, Instruction, Pack, PhaseCard, Size } from "../../schemas/step.ts";
import { digestOf } from "../digest.ts";
import { oneLine } from "../escape.ts";
import { branchName } from "../identifiers.ts";
import { sensitivePatterns } from "../paths/sensitive.ts";
import type { PlanAnswer } from "../record/answers.ts";
import type { BranchState } from "../record/checkpoints.ts";
import { cardOf } from "./cards.ts";
import { casefilesOf } from "./casefiles.ts";
import { testsOnly } from "./tests-only.ts";

/**
 * The digest of a ticket as a planner or approver saw it: an edit of title or body changes it, and so does one of a
 * comment or a written prompt that is part of it (by its number and the digest of its text; null: it is gone), or of its
 * task file.
 */
export function issueDigest(
  { title, body }: { title: string; body: string },
  comments: readonly { id: number; sha256: string | null }[] = [],
  prompts: readonly { issue: number; sha256: string | null }[] = [],
  task?: FileRef,
): string {
  return digestOf({
    title,
    body,
    ...(comments.length === 0 ? {} : { comments: comments.map(({ id, sha256 }) => ({ id, sha256 })) }),
    ...(prompts.length === 0 ? {} : { prompts: prompts.map(({ issue, sha256 }) => ({ issue, sha256 })) }),
    ...(task === undefined ? {} : { task: { path: task.path, sha256: task.sha256 } }),
  });
}

/** All paths that a plan declares, sorted and without repeats. */
export function declaredPaths(plan: Plan): string[] {
  return [...new Set(plan.prompts.flatMap((prompt) => prompt.paths))].sort();
}

/** The digest that a person approves: hash(plan, issue snapshot, base SHA, declared paths, policy blob). */
export function approvalDigest(parts: DigestParts): string {
  return digestOf({ version: 1, ...parts });
}

/** The digest of the answers to a plan's questions, for an approval's parts; that there are none is bound as well. */
export function answersPart(answers: readonly PlanAnswer[]): Required<Pick<DigestParts, "answers">> {
  return { answers: digestOf(answers.map((answer) => ({ ...answer }))) };
}

/** The most bytes of all answers to a plan's questions, as JSON: each prompt of the contract holds them. */
export const maxAnswersLength = 20_000;

/** The days for which a proposed plan can be approved; after that it has to be planned again. */
export const planDays = 7;

/** Whether a plan proposed at one moment may still be approved at another (both RFC 3339). */
export function isExpired(proposedAt: string, now: string): boolean {
  return Date.parse(now) - Date.parse(proposedAt) > planDays * 24 * 3_600_000;
}

/** A role of the policy by its name; undefined for a name that every object has, such as `constructor`. */
export function roleOf(policy: Pick<Policy, "roles">, name: string) {
  return Object.hasOwn(policy.roles, name) ? policy.roles[name] : undefined;
}

/** Paths that no agent may touch under this policy: forbidden paths, and the sensitive files of `extends: default`. */
export function deniedPatterns(policy: Pick<Policy, "gates" | "extends">): string[] {
  return [...(policy.gates["forbidden-paths"]?.deny ?? []), ...(policy.extends === "default" ? sensitivePatterns : [])];
}

const list = (title: string, lines: readonly string[]) =>
  lines.length === 0 ? [] : [`## ${title}`, "", ...lines.map((line) => `- ${line.replaceAll("\n", " ")}`), ""];

/** What a contract's prompts hold besides the plan: the size that the light tier limits, and answers to the questions. */
export type PromptExtras = { size?: Size | undefined; answers?: readonly PlanAnswer[] };

/** Freezes one prompt of an approved plan: agents see this text, and no later edit. */
export function compilePrompt(
  story: { number: number; title: string },
  plan: Plan,
  prompt: PlannedPrompt,
  index: number,
  { size, answers = [] }: PromptExtras = {},
): ContractPrompt {
  const text = [
    `# ${prompt.title}`,
    "",
    `Story #${story.number}: ${story.title}`,
    "",
    "## Objective",
    "",
    prompt.objective,
    "",
    "## Approach of the story",
    "",
    plan.approach,
    "",
    ...list(
      "Answers to open questions",
      // People wrote them in comments, where an approver sees no hidden character and no return that begins a line.
      answers.map(({ question, answer, by }) => oneLine(`${question} Answer of ${by}: ${answer}`)),
    ),
    ...list("Invariants that must stay true", plan.invariants ?? []),
    ...list("Failure modes to keep in mind", plan.failureModes ?? []),
    ...list("Inputs", prompt.inputs),
    ...list("Non-goals", prompt.nonGoals),
    ...list("Acceptance criteria", prompt.acceptance),
    ...list("Commands that people or CI run on it", plan.verification ?? []),
    ...list("Output", prompt.output),
    ...list("Paths that may change", prompt.paths),
    ...(size === undefined ? [] : [`At most ${size.files} files and ${size.lines} lines may change.`, ""]),
    ...list("Evidence files to write", prompt.evidence),
  ].join("\n");
  const { title, role, paths, acceptance, evidence, dependsOn } = prompt;
  const scope = { paths: [...paths, ...evidence], acceptance, evidence, dependsOn };
  return { index, title, text, role, ...scope, ...(size === undefined ? {} : { size }) };
}

/**
 * The branch to which a run's next attempt at a prompt writes, and its head: the existing branch while the prompt's
 * pull request is open (`isOpen`), else the run's own; `head` null: it will be created.
 */
export function branchToWrite(
  run: string,
  prompt: number,
  { branch, commits }: BranchState,
  isOpen: boolean,
): { branch: string; head: string | null } {
  const head = isOpen ? (commits.at(-1) ?? null) : null;
  return head === null || branch === null ? { branch: branchName(run, prompt), head: null } : { branch, head };
}

/** The part of an attempt that does not depend on the policy: its base, the approved contract, and earlier failures. */
export type PromptStep = {
  run: string;
  story: number;
  prompt: number;
  attempt: Attempt;
  repository: string;
  base: string;
  contract: ContractPrompt;
  failures: { source: string; code: string; message: string; path?: string | undefined }[];
  /** What the attempt before did, by its own words; null: nothing of it was kept. */
  previous: string | null;
  /** The policy's instructions as they stand in the approval's base. */
  instructions: readonly Instruction[];
  /** The SHA-256 of the master contract's text; absent: there is none. */
  master?: string | undefined;
  /** The verification commands of the approved plan, which a role at level `tests` has run. */
  verification: readonly string[];
  /** The story's criteria and what it has merged so far, for a role that writes tests only. */
  tested: { criteria: readonly string[]; earlier: readonly EarlierChange[] };
};

/** The fields of a pack that do not depend on the policy. */
export function packFields({ run, story, prompt, attempt, repository, base, contract, master }: PromptStep) {
  const { text, paths, acceptance, evidence, size } = contract;
  return {
    ...{ run, story, prompt, attempt, repository, base, contract: text, paths, acceptance, evidence },
    ...(size === undefined ? {} : { size }),
    ...(master === undefined ? {} : { master }),
  };
}

/**
 * The pack of one attempt at a prompt: the frozen contract, its scope and its limits. Null: the policy lacks the role.
 * `phase`: the phase of the policy, which packs of older versions leave out.
 */
export function packOf(step: PromptStep, policy: Policy, phase: PhaseCard | undefined): Pack | null {
  const { story, contract, failures, previous, instructions, verification, tested } = step;
  const role = roleOf(policy, contract.role);
  if (role === undefined) return null;
  const { runtime, silence, turns, tokens } = policy.agents.limits;
  const casefiles = casefilesOf(policy, story);
  const tests = testsOnly(role, policy.gates);
  const shared = {
    version: 1 as const,
    ...packFields(step),
    role: {
      name: contract.role,
      allow: role.allow,
      deny: [...role.deny, ...deniedPatterns(policy)],
      ...cardOf(role),
    },
    ...(phase === undefined ? {} : { phase }),
    ...(instructions.length === 0 ? {} : { instructions: [...instructions] }),
    ...(casefiles.length === 0 ? {} : { casefiles }),
    ...(policy.agents.trailers.length === 0 ? {} : { trailers: policy.agents.trailers }),
    ...(tests === undefined
      ? {}
      : { tests: { ...tests, criteria: [...tested.criteria], earlier: [...tested.earlier] } }),
    ...(role.execution === "none" ? {} : { execution: { level: role.execution, commands: [...verification] } }),
    limits: { runtime, silence, turns, tokens },
  };
  if (failures.length === 0) return { ...shared, kind: "step" };
  return { ...shared, kind: "rework", failures, previous };
}
