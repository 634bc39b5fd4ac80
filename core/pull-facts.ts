import type { PullFacts } from "./facts.ts";
import type { Known } from "./known.ts";
import type { Surroundings } from "./story-facts.ts";

/** Our own check run on the head, as GitHub shows it. */
export type OurCheck = { externalId: string; status: string; conclusion: string | null };

/** Everything the next step of a pull request depends on: what the verdict is judged from, and where it stands. */
export type PullLookFacts = Surroundings & {
  /** The facts that gates read; `record` is filled in from the ledger when it is decided. */
  judged: Omit<PullFacts, "record" | "policy">;
  number: number;
  state: "open" | "closed";
  merged: { commit: string; tree: string; by: { id: number; login: string } | null } | null;
  ourCheck: Known<OurCheck | null>;
  /** Other open pull requests whose head is the same commit. */
  twins: Known<number[]>;
};
