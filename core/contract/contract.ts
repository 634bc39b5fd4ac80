import type { ContractPrompt, DigestParts, FileRef } from "../../schemas/entry-parts.ts";
import type { Plan, PlannedPrompt } from "../../schemas/plan.ts";
import type { Policy } from "../../schemas/policy.ts";
import type { Attempt, Instruction, Pack, PhaseCard, Size } from "../../schemas/step.ts";
import { digestOf } from "../digest.ts";
import type { PlanRules } from "../effects.ts";
import { oneLine } from "../escape.ts";
import { branchName } from "../identifiers.ts";
import { canonicalJson } from "../json.ts";
import { covers } from "../paths/cover.ts";
import { matcher, problems as patternProblems } from "../paths/patterns.ts";
import { sensitivePatterns } from "../paths/sensitive.ts";
import type { PlanAnswer } from "../record/answers.ts";
import type { BranchState } from "../record/checkpoints.ts";
import { highestRisk } from "../record/requirements.ts";
import { cardOf, phaseOf } from "./cards.ts";
import { casefileGuard, casefilesOf } from "./casefiles.ts";
import { promptsNaming } from "./master.ts";
import { commandProblems } from "./verification.ts";

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

/**
 * The maximum size of a plan's canonical JSON in bytes. The entries of the plan and of its contract, which repeats
 * parts of it, have a size limit; a plan that no entry could hold would stop its story for good.
 */
export const maxPlanLength = 200_000;

/** A role of the policy by its name; undefined for a name that every object has, such as `constructor`. */
function roleOf(policy: PlanRules, name: string) {
  return Object.hasOwn(policy.roles, name) ? policy.roles[name] : undefined;
}

/**
 * What a plan requests beyond the policy: each line says which prompt, what and why. A model wrote the plan, so it can
 * only narrow what a role may touch. `decisions` are those that the story names. Empty: the plan fits.
 */
export function planProblems(plan: Plan, policy: PlanRules, story: number, decisions: readonly string[]): string[] {
  const isCasefile = casefileGuard(casefilesOf(policy, story));
  const bytes = Buffer.byteLength(canonicalJson(plan));
  if (bytes > maxPlanLength)
    return [`The plan has ${bytes} bytes, and nobody reads more than ${maxPlanLength}: split the story.`];
  const phase = phaseOf(policy);
  const ofPrompts = plan.prompts.flatMap((prompt, index) => {
    const name = `Prompt ${index + 1}`;
    const role = roleOf(policy, prompt.role);
    if (role === undefined) {
      const known = Object.keys(policy.roles).join(", ") || "none";
      return [`${name} asks for the role \`${prompt.role}\`, which the policy does not have (it has: ${known}).`];
    }
    return [
      ...(prompt.inputs.length === 0
        ? [`${name} names no inputs: say which files, contracts or decisions are to be read first.`]
        : []),
      ...patternProblems([...prompt.paths, ...prompt.evidence]).map((problem) => `${name}: ${problem.message}`),
      ...forbiddenPaths(prompt, policy).map(
        (path) => `${name} declares \`${path}\`, which the policy keeps from agents or from everybody.`,
      ),
      ...outsideRole(prompt, role).map(
        (path) =>
          `${name} declares \`${path}\`, outside what the role \`${prompt.role}\` may touch: ${role.allow.join(", ")}.`,
      ),
      ...(phase === undefined ? [] : closedPaths(prompt, phase)).map(
        (path) => `${name} declares \`${path}\`, which is closed in the phase \`${phase?.name}\`.`,
      ),
      ...(decisions.length > 0 ? [] : undecided(prompt, policy.gates)).map(
        (path) =>
          `${name} declares \`${path}\`, which is architecture, and the story names no decision: let the prompt write one below ${policy.gates.adr?.files.join(" or ")}, or leave it out.`,
      ),
      ...prompt.evidence
        .filter(isCasefile)
        .map((path) => `${name} declares \`${path}\` as evidence; it is a casefile, which Sallyport writes.`),
    ];
  });
  return [...ofPrompts, ...unnamedCriteria(plan, policy), ...commandProblems(plan, policy.roles)];
}

/** Under the contract-first tier, the story's criteria that no prompt has among its own. */
function unnamedCriteria({ risk, acceptance, prompts }: Plan, { contractFirst }: PlanRules): string[] {
  const held = highestRisk([risk, contractFirst?.asked ?? null]) ?? risk;
  if (contractFirst?.risks.includes(held) !== true) return [];
  return acceptance
    .filter((criterion) => promptsNaming(criterion, prompts).length === 0)
    .map(
      (criterion) =>
        `The story is contract-first (risk ${held}), and no prompt has this criterion of its: ${criterion} Put it, word for word, into those that meet it.`,
    );
}

/**
 * Declared paths that name a forbidden or sensitive file outright; patterns that only could match one are left to the
 * gates.
 */
function forbiddenPaths(prompt: PlannedPrompt, policy: PlanRules): string[] {
  const denied = matcher(deniedPatterns(policy), "deny");
  return [...prompt.paths, ...prompt.evidence].filter((path) => denied.matches(path.replace(/\/\*\*$/, "")) !== null);
}

/** Declared paths that no pattern of the role allows as a whole; where that cannot be told, the gates tell. */
function outsideRole({ paths }: PlannedPrompt, { allow }: Pick<Policy["roles"][string], "allow">): string[] {
  const allowed = matcher(allow, "allow");
  const isOpen = [...allow, ...paths].some((pattern) => /[[\]{}]/.test(pattern));
  return paths.filter((path) =>
    /[*?]/.test(path) ? !isOpen && !allow.some((wide) => covers(wide, path)) : allowed.matches(path) === null,
  );
}

/** Declared paths that the phase closes as a whole. */
function closedPaths(prompt: PlannedPrompt, { allow, deny }: PhaseCard): string[] {
  const closed = matcher(deny, "deny");
  return [
    ...prompt.paths.filter((path) => closed.matches(path.replace(/\/\*\*$/, "")) !== null),
    ...(allow === undefined ? [] : outsideRole(prompt, { allow })),
  ];
}

/** Declared paths of architecture in a prompt that writes no decision. */
function undecided({ paths }: PlannedPrompt, { adr }: Policy["gates"]): string[] {
  if (adr === undefined) return [];
  const [architecture, decision] = [matcher(adr.when, "deny"), matcher(adr.files, "allow")];
  const bare = (path: string) => path.replace(/\/\*\*$/, "");
  if (paths.some((path) => decision.matches(bare(path)) !== null)) return [];
  return paths.filter((path) => architecture.matches(bare(path)) !== null);
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
  const { story, contract, failures, previous, instructions, verification } = step;
  const role = roleOf(policy, contract.role);
  if (role === undefined) return null;
  const { runtime, silence, turns, tokens } = policy.agents.limits;
  const casefiles = casefilesOf(policy, story);
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
    ...(role.execution === "none" ? {} : { execution: { level: role.execution, commands: [...verification] } }),
    limits: { runtime, silence, turns, tokens },
  };
  if (failures.length === 0) return { ...shared, kind: "step" };
  return { ...shared, kind: "rework", failures, previous };
}
