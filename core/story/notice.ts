import type { Duty } from "../../schemas/policy-values.ts";
import type { Step } from "../decision.ts";
import { digestOf } from "../digest.ts";
import { plain } from "../escape.ts";
import { effectKey } from "../identifiers.ts";
import { notified } from "../people/notified.ts";
import { answerStep } from "../record/concerns.ts";
import { askersOf } from "../record/story.ts";
import type { StoryContext } from "./facts.ts";
import { nextStep } from "./next-step.ts";

/** What a story waits for, and who is told so; null: nobody has to be, or they are told at its pull request. */
function waitsFor(context: StoryContext): { about: string; duty: Duty; line: string } | null {
  const { record, loaded } = context;
  const { needs, atPull: isToldThere } = nextStep(context);
  const { plan, concerns } = record;
  if (isToldThere === true) return null;
  if (needs === "needs-approval" && plan !== null) {
    const line = `revision ${plan.revision} of the plan waits for your approval; the comment above has it, with the line to paste.`;
    return { about: `approval/${plan.revision}`, duty: "approvers", line };
  }
  const [first, ...others] = concerns;
  if (needs !== "needs-answer" || first === undefined) return null;
  const about = `answer/${digestOf(concerns.map(({ name }) => name)).slice(0, 16)}`;
  const more = others.length === 0 ? "" : ` (and ${others.length} more, in the comment above)`;
  const { step, duty } = answerStep(concerns, loaded.policy.people);
  const line = `this waits for an answer, \`${step}\`: ${plain(first.message.slice(0, 500).toWellFormed())}${more}`;
  return { about, duty, line };
}

/** Tells those who can act that the story waits for them, once for each thing that it waits for. */
export function tellPeople(context: StoryContext): Step {
  const { record, facts, loaded } = context;
  const waits = waitsFor(context);
  if (waits === null) return {};
  const { about, duty, line } = waits;
  const askers = duty === "approvers" && record.plan !== null ? askersOf(record.plan) : [];
  const { users, teams } = notified(loaded.policy.people, duty, askers);
  const names = [...users, ...teams].map((name) => `@${name}`);
  const key = effectKey.notice(facts.repository.id, facts.issue.number, about);
  if (names.length === 0 || facts.outcomes.has(key)) return {};
  return { effects: [{ type: "notify", key, issue: facts.issue.number, line: `${names.join(" ")}: ${line}` }] };
}
