import type { EntryBody } from "../../schemas/entries.ts";
import type { Account } from "../../schemas/text.ts";
import { accountOf, type Draft, type TypedEntry } from "../entries.ts";

/** One round of rework, and when it was recorded (RFC 3339). */
export type Round = EntryBody<"rework.opened"> & { at: string };

/** The rework of one prompt, over all its runs. */
export type ReworkState = {
  /** Oldest first. */
  rounds: readonly Round[];
  /** The round that no attempt has taken up yet. */
  pending: Round | null;
  /** What people wrote behind `/rework` since the last round or concern about rework, oldest first. */
  asked: readonly { by: Account; text: string }[];
  /** The concerns about rework, each with the head at which it was raised. */
  parked: readonly { concern: string; head: string }[];
};

/** The state before anything failed. */
export const noRework: ReworkState = { rounds: [], pending: null, asked: [], parked: [] };

/**
 * The state after an entry of the same prompt, or of its pull request. A new attempt takes up what is pending; a round
 * and a concern answer what people asked for.
 */
export function afterEntry(before: ReworkState, entry: TypedEntry | (Draft & { at?: string })): ReworkState {
  switch (entry.kind) {
    case "command": {
      const { command, accepted, text } = entry.body;
      if (command !== "rework" || !accepted) return before;
      return { ...before, asked: [...before.asked, { by: accountOf(entry.actor), text }] };
    }
    case "rework.opened": {
      const round = { ...entry.body, at: entry.at ?? "" };
      return { ...before, rounds: [...before.rounds, round], pending: round, asked: [] };
    }
    case "concern.raised": {
      const { concern, about } = entry.body;
      if (about.type !== "rework") return before;
      return { ...before, asked: [], parked: [...before.parked, { concern, head: about.head }] };
    }
    case "prompt.recorded":
      return { ...before, pending: null };
    default:
      return before;
  }
}

/** A prompt, as far as the round of its next attempt depends on it. */
type Worked = {
  rework: ReworkState;
  rolledBack: string | null;
  attempts: readonly { commit: object | null; rework: Round | null }[];
};

/**
 * The round that a prompt's next attempt is a try at: the pending one, or that of the last attempt if no commit came of
 * it. Null: it begins with the contract alone.
 */
export function roundOf({ rework, rolledBack, attempts }: Worked): Round | null {
  if (rework.pending !== null || rolledBack !== null) return rework.pending;
  const last = attempts.at(-1);
  return last === undefined || last.commit !== null ? null : last.rework;
}
