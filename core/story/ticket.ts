import type { TicketComment } from "../../schemas/entry-parts.ts";
import { issueDigest } from "../contract/contract.ts";
import { sha256 } from "../digest.ts";
import type { PlanRecord } from "../record/story.ts";
import type { CommentFact, StoryFacts } from "./facts.ts";

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
 * The digest of the ticket of a plan as it reads now: the issue, and the comments and written prompts that were part of
 * it then. One that was edited or deleted since changes it; a later one is no part of it.
 */
export function ticketDigest(
  { issue, comments, children }: StoryFacts,
  plan: Pick<PlanRecord, "comments" | "prompts">,
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
  return issueDigest(issue, parts, prompts);
}
