import type { Ourselves } from "../effects.ts";
import type { Draft } from "../entries.ts";
import type { RunRecord } from "../story-record.ts";

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
