import type { EntryBody } from "../../schemas/entries.ts";
import type { Usage } from "../../schemas/step.ts";
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
    case "run.submitted":
      // What a reviewer agent said of another run's commits is not taken up: the next run begins anew.
      return before.pending?.pull === undefined ? { ...before, pending: null } : before;
    default:
      return before;
  }
}

/** The rounds that an attempt took up: what a pending one holds is gathered again by the next. */
export function takenUp({ rounds, pending }: ReworkState): readonly Round[] {
  return rounds.filter((round) => round !== pending);
}

/** A prompt, as far as the round of its next attempt depends on it. */
type Worked = {
  rework: ReworkState;
  rolledBack: string | null;
  pull: number | null;
  attempts: readonly { commit: object | null; rework: Round | null }[];
};

/**
 * The round that a prompt's next attempt in a run is a try at: the pending one, or that of the last attempt if no commit
 * came of it. A round that a reviewer agent's advice began is over once its pull request is open, or its run is not.
 * Null: it begins with the contract alone.
 */
export function roundOf({ rework, rolledBack, pull, attempts }: Worked, run: string): Round | null {
  const last = attempts.at(-1);
  const left = rolledBack !== null || last === undefined || last.commit !== null ? null : last.rework;
  const round = rework.pending ?? left;
  return round !== null && round.pull === undefined && (pull !== null || round.run !== run) ? null : round;
}

type Used = { usage?: Usage | undefined };

/**
 * The tokens that the rework of one prompt used, in all its rounds. A reviewer agent's are among them: it reads for the
 * sake of rework.
 */
export function spentOnRework(
  attempts: readonly { rework: object | null; response: Used | null; advice: Used | null }[],
): number {
  const tokens = (one: Used | null) => (one?.usage?.inputTokens ?? 0) + (one?.usage?.outputTokens ?? 0);
  return attempts.reduce(
    (sum, { rework, response, advice }) => sum + tokens(advice) + (rework === null ? 0 : tokens(response)),
    0,
  );
}
