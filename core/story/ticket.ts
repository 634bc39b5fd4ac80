import type { FileRef, TicketComment } from "../../schemas/entry-parts.ts";
import type { Plan } from "../../schemas/plan.ts";
import type { Policy } from "../../schemas/policy.ts";
import type { Instruction } from "../../schemas/step.ts";
import { issueDigest } from "../contract/contract.ts";
import { taskDifferences } from "../contract/task.ts";
import { sha256 } from "../digest.ts";
import type { PlanRules } from "../effects.ts";
import type { PlanRecord } from "../record/story.ts";
import { type CommentFact, epicOf, type StoryContext, type StoryFacts } from "./facts.ts";
import { type Asked, askedBy, storyForm } from "./form.ts";

/** The most comments and characters of them that are part of a ticket; the newest come first. */
const limits = { comments: 50, characters: 20_000 } as const;

/**
 * The comments that are part of a ticket while a plan is asked for, oldest first: those of planners and of people who
 * may write, never edited. Null while the right of one is not known.
 */
export function ticketComments(facts: readonly CommentFact[]): (TicketComment & { text: string })[] | null {
  const entitled: (TicketComment & { text: string })[] = [];
  for (const { id, by, text, right } of facts) {
    if (!right.known) return null;
    if (right.value !== null) entitled.push({ id, by, right: right.value, sha256: sha256(text), text });
  }
  let characters = 0;
  const newest = entitled.toReversed().filter(({ text }, index) => {
    characters += text.length;
    return index < limits.comments && characters <= limits.characters;
  });
  return newest.reverse();
}

/** The digest of a diff prompt that a person wrote. */
export function writtenDigest(title: string, body: string): string {
  return sha256(`${title}\n${body}`);
}

/**
 * The digest of the ticket of a plan as it reads now: the issue, and the comments, written prompts and task file that
 * were part of it then. One that was edited or deleted since changes it; a later one is no part of it.
 */
export function ticketDigest(
  { issue, comments, children, task }: StoryFacts,
  plan: Pick<PlanRecord, "comments" | "prompts" | "task">,
): string {
  const texts = new Map(comments.map(({ id, text }) => [id, text]));
  const parts = (plan.comments ?? []).map(({ id }) => {
    const text = texts.get(id);
    return { id, sha256: text === undefined ? null : sha256(text) };
  });
  const prompts = (plan.prompts ?? []).map(({ issue: number }) => {
    const child = children.find((one) => one.number === number && !one.elsewhere);
    return { issue: number, sha256: child?.written ? writtenDigest(child.title, child.written.body) : null };
  });
  const gone = plan.task === undefined ? undefined : { path: plan.task.path, sha256: sha256("") };
  return issueDigest(issue, parts, prompts, gone && task?.state === "read" ? task.file : gone);
}

/** What people ask for beside the plan: the story, its epic and its task file. */
export function askedIn(facts: Pick<StoryFacts, "issue" | "parent" | "namedEpic" | "task">): Asked {
  return askedBy(facts.issue, epicOf(facts), facts.task?.state === "read" ? facts.task.task : null);
}

/** What a plan of this story is held against. */
export function planRules(
  facts: Parameters<typeof askedIn>[0],
  { roles, gates, extends: pack, phases, tiers: { contract } }: Policy,
): PlanRules {
  const rules = { roles, gates, extends: pack, phases };
  return contract === undefined
    ? rules
    : { ...rules, contractFirst: { risks: contract.risk, asked: askedIn(facts).risk } };
}

/**
 * The policy's instructions at a commit of the default branch, and the paths of those that are no text there. Null: they
 * were not read.
 */
export function instructionsAt(
  commit: string,
  { facts, loaded }: Pick<StoryContext, "facts" | "loaded">,
): { given: Instruction[]; lost: string[] } | null {
  if (loaded.policy.agents.instructions.length === 0) return { given: [], lost: [] };
  const read = facts.instructions.get(commit);
  if (!read?.known) return null;
  return {
    given: read.value.flatMap(({ file }) => file ?? []),
    lost: read.value.flatMap(({ path, file }) => (file === null ? [path] : [])),
  };
}

/** The most differences of a task file that are asked about. */
const maxDifferences = 20;

/**
 * What people have to settle before a plan is approved, beside its own questions: where the task file says something
 * else, and instructions that nobody would get. Null: the instructions were not read.
 */
export function intakeQuestions(plan: Plan, context: Pick<StoryContext, "facts" | "loaded">): string[] | null {
  const { facts, loaded } = context;
  const { issue, task, base } = facts;
  const instructions = base.known ? instructionsAt(base.value, context) : null;
  if (instructions === null) return null;
  const differences =
    task?.state === "read" ? taskDifferences(task.path, task.task, storyForm(issue.body), plan, loaded.policy) : [];
  return [...differences.slice(0, maxDifferences), ...instructions.lost.map(lostInstructions)];
}

/** Says of a path of the policy's instructions that nobody gets it. */
export function lostInstructions(path: string): string {
  return `\`${path}\` (\`agents.instructions\`) is no text file of at most 16 KB on the default branch, so no agent gets it.`;
}

/** Files as entries name them. */
export function refsOf(files: readonly Instruction[]): FileRef[] {
  return files.map(({ path, sha256 }) => ({ path, sha256 }));
}
