import type { EntryBody } from "../../schemas/entries.ts";
import { type EntryOrDraft, openQuestion } from "./concerns.ts";

/**
 * A person's answer to an agent that stopped or asked, in the form a rework pack carries it. `prompt` null: it answers
 * a question of the story's plan, so all its prompts get it.
 */
export type AgentAnswer = {
  story: number | null;
  prompt: number | null;
  finding: { source: string; code: "answer"; message: string };
};

/** People's answers to agents' concerns, oldest first. */
export function agentAnswers(entries: readonly EntryOrDraft[]): AgentAnswer[] {
  const asked = new Map<string, EntryBody<"concern.raised">>();
  return entries.flatMap((entry): AgentAnswer[] => {
    if (entry.kind === "concern.raised" && (entry.body.raisedBy === "agent" || entry.body.code === openQuestion))
      asked.set(entry.body.concern, entry.body);
    if (entry.kind !== "concern.answered" || entry.body.text === "") return [];
    const question = asked.get(entry.body.concern);
    if (question === undefined) return [];
    const { story, prompt, message } = question;
    const about = prompt === null ? `On the open question "${message}": ` : "";
    const source = `@${entry.actor.login}`;
    return [{ story, prompt, finding: { source, code: "answer" as const, message: `${about}${entry.body.text}` } }];
  });
}

/** A person's answer to an open question of a plan. */
export type PlanAnswer = { question: string; answer: string; by: string };

/** People's answers to the questions of a story's newest plan, oldest first: its contract freezes them. */
export function planAnswers(entries: readonly EntryOrDraft[], story: number): PlanAnswer[] {
  const start = entries.findLastIndex((entry) => entry.kind === "plan.proposed" && entry.body.story === story);
  const questions = new Map<string, string>();
  return entries.slice(start + 1).flatMap((entry): PlanAnswer[] => {
    if (entry.kind === "concern.raised" && entry.body.story === story && entry.body.code === openQuestion)
      questions.set(entry.body.concern, entry.body.message);
    if (entry.kind !== "concern.answered" || entry.body.text === "") return [];
    const question = questions.get(entry.body.concern);
    return question === undefined ? [] : [{ question, answer: entry.body.text, by: `@${entry.actor.login}` }];
  });
}

/**
 * The answers that the agents of one prompt get: those to them, and those to the plan's questions, unless its contract
 * has them (`frozen`: of its approval's parts).
 */
export function answersFor(
  answers: readonly AgentAnswer[],
  { story, prompt }: { story: number; prompt: number },
  frozen: string | undefined,
): AgentAnswer["finding"][] {
  return answers.flatMap((one) =>
    one.prompt === prompt || (frozen === undefined && one.prompt === null && one.story === story) ? [one.finding] : [],
  );
}
