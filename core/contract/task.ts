import type { Plan } from "../../schemas/plan.ts";
import type { Policy } from "../../schemas/policy.ts";
import type { Task } from "../../schemas/task.ts";
import type { Risk } from "../../schemas/text.ts";
import { covers } from "../paths/cover.ts";
import { declaredPaths } from "./contract.ts";

/** What a story's form says that its task file may say too. */
type Told = { risk: Risk | null; decisions: readonly string[]; acceptance: readonly string[] };

/** Whether a task file names an id that can stand in a path. */
export function isTaskId(id: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(id);
}

/**
 * Where a task file says something else than the story, the plan or the policy, one line each: people wrote both, and
 * one of them says which holds. Empty: they agree.
 */
export function taskDifferences(
  path: string,
  task: Task,
  story: Told,
  plan: Plan,
  policy: Pick<Policy, "roles" | "phases">,
): string[] {
  const file = `\`${path}\``;
  const { phase, owner_role: owner, risk, touches, decisions, acceptance, mission, status } = task;
  const lacking = (from: readonly string[], told: readonly string[]) => {
    const words = new Set(told.map((one) => one.trim().toLowerCase()));
    return from.filter((one) => !words.has(one.trim().toLowerCase()));
  };
  const others = [...new Set(plan.prompts.map(({ role }) => role))].filter((role) => role !== owner);
  const outside = declaredPaths(plan).filter((one) => !touches.some((wide) => wide === one || covers(wide, one)));
  return [
    ...(phase !== undefined && policy.phases !== undefined && phase !== policy.phases.current
      ? [`${file} is of the phase \`${phase}\`, and the policy's is \`${policy.phases.current}\`.`]
      : []),
    ...(owner !== undefined && !Object.hasOwn(policy.roles, owner)
      ? [`${file} is owned by the role \`${owner}\`, which the policy does not have.`]
      : owner !== undefined && others.length > 0
        ? [`${file} is owned by the role \`${owner}\`, and the plan works as ${others.join(", ")} too.`]
        : []),
    ...(risk !== undefined && story.risk !== null && risk !== story.risk
      ? [`${file} says that the risk is ${risk}, and the story says ${story.risk}; the higher one holds.`]
      : []),
    ...lacking(decisions, story.decisions).map(
      (one) => `${file} names the decision \`${one}\`, and the story does not.`,
    ),
    ...lacking([...acceptance, ...(mission?.success_criteria ?? [])], [...story.acceptance, ...plan.acceptance]).map(
      (one) => `${file} asks for this, and neither story nor plan does: ${one}`,
    ),
    ...lacking(task.verification, plan.verification ?? []).map(
      (one) => `${file} has \`${one.replaceAll("`", "")}\` show that it works, and the plan does not.`,
    ),
    ...(touches.length === 0 ? [] : outside).map(
      (one) => `The plan declares \`${one}\`, which ${file} does not touch.`,
    ),
    ...(status !== undefined && /^(?:done|complete|completed|closed|archived)$/i.test(status)
      ? [`${file} has the status ${status} already.`]
      : []),
  ];
}
