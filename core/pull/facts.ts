import type { Claim } from "../../schemas/entry-parts.ts";
import type { Body, CommonFacts } from "../decision.ts";
import type { TypedEntry } from "../entries.ts";
import type { LoadedPolicy, PullFacts, SeenReview } from "../facts.ts";
import { requiredReads } from "../health/required-incident.ts";
import type { Known } from "../known.ts";
import type { PullRecord } from "../pull-record.ts";
import type { Range } from "../record/held-work.ts";
import { aboutPull, keyOf } from "../record/keys.ts";
import type { OurCheck } from "../verdict/check.ts";
import type { Judged } from "../verdict/judged.ts";

/**
 * People's reviews whose current state is not in the ledger, oldest first; `more`: others wait. `commands`: those of
 * all reviews that begin as a command.
 */
export type NewReviews = { reviews: SeenReview[]; more: boolean; commands: SeenReview[] };

/** Everything the next step of a pull request depends on: the facts that the verdict is judged from, and its state. */
export type PullSnapshot = CommonFacts & {
  /** The facts that gates read; `record` is filled in from the ledger when it is decided. */
  judged: Omit<PullFacts, "record" | "policy">;
  number: number;
  state: "open" | "closed";
  merged: { commit: string; tree: string; by: { id: number; login: string } | null } | null;
  ourCheck: Known<OurCheck | null>;
  /** Other open pull requests whose head is the same commit. */
  sameHeadPulls: Known<number[]>;
  /** The reviews to record; the gates read `judged.reviews`. */
  reviews: Known<NewReviews>;
  /** Its claims about how it was made, without secrets; read only for an adoption. No gate reads them. */
  claims?: readonly Claim[];
};

/** What of a pull request's facts says what its decision reads of the ledger. */
type Reading = Pick<PullSnapshot, "number" | "commands" | "policy"> & { judged: Range };

/**
 * The keys of all that a pull request's decision reads of the ledger: its record, whether the check is required,
 * the story that an adoption names, and whether there ever was a policy.
 */
export function pullReads({ number, judged, commands, policy }: Reading): string[] {
  const named = commands.flatMap(({ command }) => ("story" in command ? [keyOf.number(command.story ?? number)] : []));
  const isUnset = policy.known && policy.value.state === "absent";
  const keys = [...aboutPull(number, judged), ...requiredReads, ...named, ...(isUnset ? [keyOf.policed] : [])];
  return [...new Set(keys)];
}

/** The input of a pull request's rules: the facts, and the ledger followed by earlier rules' drafts. */
export type PullContext = { facts: PullSnapshot; entries: readonly TypedEntry[] };

/** The input of the rules after the verdict; `given` is what a replay of it needs from GitHub, null: it cannot be given. */
export type JudgedContext = PullContext & Judged & { given: Body | null };

/** The input of a command on a pull request; the record includes the drafts of earlier answers. */
export type CommandContext = { facts: PullSnapshot; loaded: LoadedPolicy; record: PullRecord };
