import type { Ask } from "./authority.ts";
import type { Step } from "./decision.ts";
import type { Effect } from "./effects.ts";
import type { Draft } from "./entries.ts";
import { effectKey } from "./identifiers.ts";

/** How one command is answered: with the line people read, and what else it brings about. */
export type Answer = { accepted: boolean; code: string; line: string; drafts?: Draft[] };

/** The answer to a command that is not carried out, with a code and the line people read. */
export const refuse = (code: string, line: string): Answer => ({ accepted: false, code, line });

/** The answer to one that is. */
export const accept = (code: string, line: string, drafts: Draft[] = []): Answer => ({
  accepted: true,
  code,
  line,
  drafts,
});

/** The entry and the effects that answering brings, for a story, an epic or a prompt alike. */
export function answered(
  ask: Ask,
  answer: Answer,
  facts: { issue: { number: number }; repository: { id: number } },
): Step {
  const effects: Effect[] = [
    {
      type: "reply",
      key: effectKey.reply(facts.repository.id, ask.source),
      issue: facts.issue.number,
      comment: ask.source.type === "comment" ? ask.source.id : null,
      source: ask.source.id,
      accepted: answer.accepted,
      line: answer.line,
    },
  ];
  const command: Draft = {
    kind: "command",
    actor: { type: "user", id: ask.by.id, login: ask.by.login },
    subject: [],
    body: {
      issue: facts.issue.number,
      source: ask.source,
      command: ask.command.name,
      accepted: answer.accepted,
      code: answer.code,
      message: answer.line,
      // Anybody can write a command that is refused, and what the ledger holds is public and stays.
      text: answer.accepted && "text" in ask.command ? ask.command.text : "",
    },
  };
  return { drafts: [command, ...(answer.drafts ?? [])], effects };
}
