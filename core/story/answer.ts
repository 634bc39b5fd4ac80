import type { Ourselves } from "../effects.ts";
import type { Draft } from "../entries.ts";

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

/** The App itself as the one who acted. */
export function appActor(facts: { ourselves: Ourselves }) {
  return { type: "app" as const, id: facts.ourselves.bot.id, login: facts.ourselves.bot.login };
}
