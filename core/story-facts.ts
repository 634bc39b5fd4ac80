import type { Plan } from "../schemas/plan.ts";
import type { Pack, StepResult } from "../schemas/step.ts";
import type { Account } from "../schemas/text.ts";
import type { Ask } from "./authority.ts";
import type { Effect, EffectOutcome, Ourselves, Subject } from "./effects.ts";
import type { Draft, TypedEntry } from "./entries.ts";
import type { PolicyReading } from "./facts.ts";
import type { Known } from "./known.ts";

/** An issue as GitHub shows it now. Its title and body are text of whoever may write issues. */
export type IssueFacts = {
  number: number;
  title: string;
  body: string;
  state: "open" | "closed";
  author: Account;
  labels: string[];
};

/** A sub-issue of the issue looked at. */
export type ChildFacts = {
  number: number;
  title: string;
  state: "open" | "closed";
  labels: string[];
  /** It is an issue of another repository, whose numbers are not ours. */
  elsewhere?: true;
};

/** What every look at an issue or pull request knows besides the thing itself. */
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

/** Everything the next step of a story depends on. */
export type StoryFacts = Surroundings & {
  issue: IssueFacts;
  /** The issue this one is a sub-issue of. */
  parent: IssueFacts | null;
  /** The issue that the form names as its epic; null when it names none or there is no such issue. */
  namedEpic: IssueFacts | null;
  decisions: Known<{ path: string; exists: boolean }[]>;
  children: ChildFacts[];
  /** Stored bodies that entries and outcomes refer to, by SHA-256. */
  plans: ReadonlyMap<string, Plan>;
  packs: ReadonlyMap<string, Pack>;
  results: ReadonlyMap<string, StepResult>;
};

/** A body to be stored with the entries that refer to it. */
export type Body = { sha256: string; text: string; mediaType: string };

/** What a look decides: entries to append, effects to perform, other subjects to look at, when to look again. */
export type Decision = {
  drafts: Draft[];
  bodies: Body[];
  effects: Effect[];
  look: Subject[];
  /** Seconds until another look is needed although nothing may happen; null when an event will come. */
  again: number | null;
};

/** One step towards a decision; a rule gives null when it has nothing to do. */
export type Step = Partial<Omit<Decision, "again">>;

/** A decision that changes nothing. */
export function noDecision(): Decision {
  return { drafts: [], bodies: [], effects: [], look: [], again: null };
}

/** Adds a step to a decision in place of repeating five pushes in every rule. */
export function addStep(decision: Decision, step: Step): void {
  decision.drafts.push(...(step.drafts ?? []));
  decision.bodies.push(...(step.bodies ?? []));
  decision.effects.push(...(step.effects ?? []));
  decision.look.push(...(step.look ?? []));
}
