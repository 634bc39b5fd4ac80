import type { Plan, PlannedPrompt } from "../../schemas/plan.ts";
import type { Policy } from "../../schemas/policy.ts";
import type { PhaseCard } from "../../schemas/step.ts";
import type { PlanRules } from "../effects.ts";
import { canonicalJson } from "../json.ts";
import { testsGuard } from "../languages/test-files.ts";
import { covers } from "../paths/cover.ts";
import { matcher, problems as patternProblems } from "../paths/patterns.ts";
import { highestRisk } from "../record/requirements.ts";
import { phaseOf } from "./cards.ts";
import { casefileGuard, casefilesOf } from "./casefiles.ts";
import { deniedPatterns, roleOf } from "./contract.ts";
import { promptsNaming } from "./master.ts";
import { testsOnly } from "./tests-only.ts";
import { commandProblems } from "./verification.ts";

/**
 * The maximum size of a plan's canonical JSON in bytes. The entries of the plan and of its contract, which repeats
 * parts of it, have a size limit; a plan that no entry could hold would stop its story for good.
 */
const maxPlanLength = 200_000;

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
      ...beyondTests(prompt, role, policy).map(
        (path) =>
          `${name} declares \`${path}\`, which is not tests alone, and the role \`${prompt.role}\` writes nothing else.`,
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

/** What a prompt of a role that writes tests only declares and is no test; patterns are left to the gates. */
function beyondTests({ paths, evidence }: PlannedPrompt, role: Policy["roles"][string], policy: PlanRules): string[] {
  const isNoTest = testsGuard(testsOnly(role, policy.gates));
  return [...paths, ...evidence].filter((path) => {
    const file = path.replace(/\/\*\*$/, "/a");
    return !/[*?[\]{}]/.test(file) && isNoTest(file);
  });
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
