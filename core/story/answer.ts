import type { Ourselves } from "../effects.ts";
import type { Draft } from "../entries.ts";
import type { RunRecord } from "../story-record.ts";

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

/** Ends a story's open run. */
export function runClosed(
  run: RunRecord,
  facts: { ourselves: Ourselves },
  status: "succeeded" | "failed" | "cancelled",
  reason: string,
): Draft {
  return {
    kind: "run.closed",
    actor: appActor(facts),
    subject: [],
    body: { run: run.run, story: run.story, status, reason },
  };
}
