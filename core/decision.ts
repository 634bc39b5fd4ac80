import type { Ask } from "./authority.ts";
import type { Effect, EffectOutcome, Ourselves, Subject } from "./effects.ts";
import type { Draft, TypedEntry } from "./entries.ts";
import type { PolicyReading } from "./facts.ts";
import type { Known } from "./known.ts";

/** What is known of every issue and pull request besides the thing itself. */
export type Surroundings = {
  /** RFC 3339, read once when the facts were collected. */
  now: string;
  ourselves: Ourselves;
  repository: { id: number; name: string; defaultBranch: string };
  policy: Known<PolicyReading>;
  /** The tip of the default branch. */
  base: Known<string>;
  /** Commands on this issue or pull request that are ours to answer, oldest first. */
  asks: Ask[];
  /** The repository's ledger, oldest first. */
  entries: TypedEntry[];
  /** How far the effects of this subject got, by key. */
  outcomes: ReadonlyMap<string, EffectOutcome>;
  /** Our one comment on it, as it stands. */
  sticky: string | null;
};

/** A body to be stored with the entries that refer to it. */
export type Body = { sha256: string; text: string; mediaType: string };

/** What is decided of a subject: entries to append, effects to perform, other subjects to decide, when to decide again. */
export type Decision = {
  drafts: Draft[];
  bodies: Body[];
  effects: Effect[];
  enqueue: Subject[];
  /** Seconds until the subject is decided again although nothing may happen; null when an event will come. */
  requeueAfter: number | null;
};

/** What one rule adds to a decision; a rule that has nothing to do adds nothing. */
export type Step = Partial<Omit<Decision, "requeueAfter">>;

/** A decision that changes nothing. */
export function emptyDecision(): Decision {
  return { drafts: [], bodies: [], effects: [], enqueue: [], requeueAfter: null };
}

/** Adds a step to a decision in place of repeating five pushes in every rule. */
export function addStep(decision: Decision, step: Step): void {
  decision.drafts.push(...(step.drafts ?? []));
  decision.bodies.push(...(step.bodies ?? []));
  decision.effects.push(...(step.effects ?? []));
  decision.enqueue.push(...(step.enqueue ?? []));
}
