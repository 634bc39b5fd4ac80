import type { Claim } from "../../schemas/entry-parts.ts";
import type { Verdict } from "../../schemas/verdict.ts";
import type { CommonFacts } from "../decision.ts";
import type { TypedEntry } from "../entries.ts";
import type { Crash } from "../errors.ts";
import type { LoadedPolicy, PullFacts, PullRecord, SeenReview } from "../facts.ts";
import type { Known } from "../known.ts";
import type { OurCheck } from "../verdict/check.ts";

/** The reviews of people that the ledger does not have as they are now, oldest first; `more`: others wait. */
export type NewReviews = { reviews: SeenReview[]; more: boolean };

/** Everything the next step of a pull request depends on: what the verdict is judged from, and where it stands. */
export type PullSnapshot = CommonFacts & {
  /** The facts that gates read; `record` is filled in from the ledger when it is decided. */
  judged: Omit<PullFacts, "record" | "policy">;
  number: number;
  state: "open" | "closed";
  merged: { commit: string; tree: string; by: { id: number; login: string } | null } | null;
  ourCheck: Known<OurCheck | null>;
  /** Other open pull requests whose head is the same commit. */
  sameHeadPulls: Known<number[]>;
  /** What is to be recorded of its reviews; the gates read `judged.reviews`. */
  reviews: Known<NewReviews>;
  /** What it says of how it was made, without secrets; read only when somebody asks to adopt it. Never judged by. */
  claims?: readonly Claim[];
};

/** What a rule for a pull request decides by: the facts, and the ledger with what earlier rules drafted behind it. */
export type PullContext = { facts: PullSnapshot; entries: readonly TypedEntry[] };

/** The same once the pull request was judged; `digest` is the SHA-256 of the verdict's bytes, `crashes` is for the log. */
export type JudgedContext = PullContext & { verdict: Verdict; digest: string; crashes: Crash[] };

/** What a command on a pull request is answered by: the record has what earlier answers drafted. */
export type CommandContext = { facts: PullSnapshot; loaded: LoadedPolicy; record: PullRecord };
