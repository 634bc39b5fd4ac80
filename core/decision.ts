import { bodyRef } from "./digest.ts";
import type { Effect, EffectOutcome, EffectResult, Ourselves } from "./effects.ts";
import type { Draft, TypedEntry } from "./entries.ts";
import type { Crash } from "./errors.ts";
import type { CommandRequest, PolicyReading } from "./facts.ts";
import { effectKey } from "./identifiers.ts";
import type { Known } from "./known.ts";
import type { Subject } from "./subject.ts";

/** The facts that stories and pull requests have in common. */
export type CommonFacts = {
  /** RFC 3339, read once when the facts were collected. */
  now: string;
  ourselves: Ourselves;
  repository: { id: number; name: string; defaultBranch: string };
  policy: Known<PolicyReading>;
  /** The tip of the default branch. */
  base: Known<string>;
  /** The commands to answer on this issue or pull request, oldest first. */
  commands: CommandRequest[];
  /** The repository's ledger, oldest first: all of it, or what the keys of the decision's `…Reads` find. */
  entries: readonly TypedEntry[];
  /** The outcomes of this subject's effects, by key. */
  outcomes: ReadonlyMap<string, EffectOutcome>;
  /** The current text of our one comment on it. */
  sticky: string | null;
};

/** A body to be stored with the entries that refer to it. */
export type Body = { sha256: string; text: string; mediaType: string };

/** A JSON text as a body to be stored; entries refer to it by `bodyRef`. */
export function jsonBody(text: string): Body {
  const { sha256, mediaType } = bodyRef(text);
  return { sha256, text, mediaType };
}

/**
 * Where an issue or a pull request stands, in plain text for the service's pages. It is recorded with the decision, so
 * that looking at a page decides nothing. Anyone who can open one wrote its title; reasons quote what others wrote.
 */
export type Overview = {
  title: string;
  state: string;
  /** What a person has to give, such as `needs-approval`; null: it waits for nobody's word. */
  needs: string | null;
  /** Why it does not go on by itself. */
  blocks: string;
  /** The one next step and who may take it; empty: nobody has to act. */
  step: string;
  who: string;
  /** Whether anything is still to come. */
  open: boolean;
  /** The bytes of a pull request's verdict; null: there is no new one. */
  verdict: string | null;
};

/**
 * The decision on a subject: entries to append, effects to perform, other subjects to decide, and when to decide it
 * again.
 */
export type Decision = {
  drafts: Draft[];
  bodies: Body[];
  effects: Effect[];
  enqueue: Subject[];
  /** Seconds until the subject is decided again without an event; null when an event will come. */
  requeueAfter: number | null;
  /** Gates that crashed while they judged, for the host's log. */
  crashes: Crash[];
  /** Absent: it stands where it stood, as far as could be seen. */
  overview?: Overview;
};

/** What one rule adds to a decision; a rule that has nothing to do adds nothing. */
export type Step = Partial<Decision>;

/** Seconds after which a subject is decided again without an event. */
export const requeue = {
  /** A fact is unknown or not settled yet, or more is waiting than one decision handles. */
  undecided: 15,
  /** The policy could not be read, so nothing can be decided. */
  policy: 30,
  /** GitHub may change what it shows of the subject without an event that names it. */
  unannounced: 60,
} as const;

/** Joins steps into a decision, in their order. The soonest `requeueAfter` counts. */
export function decisionOf(...steps: readonly Step[]): Decision {
  const times = steps.flatMap(({ requeueAfter }) => requeueAfter ?? []);
  const overview = steps.findLast((step) => step.overview !== undefined)?.overview;
  return {
    drafts: steps.flatMap(({ drafts }) => drafts ?? []),
    bodies: steps.flatMap(({ bodies }) => bodies ?? []),
    effects: steps.flatMap(({ effects }) => effects ?? []),
    enqueue: steps.flatMap(({ enqueue }) => enqueue ?? []),
    requeueAfter: times.length === 0 ? null : Math.min(...times),
    crashes: steps.flatMap(({ crashes }) => crashes ?? []),
    ...(overview === undefined ? {} : { overview }),
  };
}

/** A decision that changes nothing. */
export function emptyDecision(): Decision {
  return decisionOf();
}

/** Decides nothing without a usable policy; a policy that could not be read is read again. */
export function awaitPolicy(policy: Known<PolicyReading>): Decision {
  return decisionOf(policy.known ? {} : { requeueAfter: requeue.policy });
}

/** Why an effect failed for good. */
export type EffectFailure = { code: string; message: string };

/** The steps that follow from a one-time effect: before it is requested, on its result, and on its failure. */
type Outcomes = {
  ask: () => Step;
  done: (result: EffectResult) => Step;
  failed: (failure: EffectFailure) => Step;
};

/** The next step by an effect's outcome; nothing while it is waiting. */
export function awaitEffect(outcome: EffectOutcome | undefined, { ask, done, failed }: Outcomes): Step {
  switch (outcome?.status) {
    case undefined:
      return ask();
    case "waiting":
      return {};
    case "done":
      return done(outcome.result);
    case "failed":
      return failed(outcome);
  }
}

/** An issue or a pull request; GitHub numbers both in one sequence. */
export type IssueRef = { repository: { id: number }; number: number };

/** Writes a text to our one comment there, unless it already has that text (`shown`). */
export function ensureSticky({ repository, number }: IssueRef, body: string, shown: string | null): Step {
  if (body.trimEnd() === shown?.trimEnd()) return {};
  const key = effectKey.sticky(repository.id, number);
  return { effects: [{ type: "ensure-sticky", key, issue: number, body }] };
}

/** Sets the `sallyport:` labels there, the state and who it waits for, unless `labels` already have them and no other. */
export function ensureState(
  { repository, number }: IssueRef,
  labels: readonly string[],
  state: string,
  needs: string | null = null,
): Step {
  const ours = labels.filter((label) => label.startsWith("sallyport:")).sort();
  const wanted = [state, ...(needs === null ? [] : [needs])].map((word) => `sallyport:${word}`).sort();
  if (ours.join() === wanted.join()) return {};
  const key = effectKey.state(repository.id, number);
  const waits = needs === null ? {} : { needs };
  return { effects: [{ type: "ensure-state", key, issue: number, state, ...waits }] };
}
