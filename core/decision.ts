import type { Effect, EffectOutcome, EffectResult, Ourselves, Subject } from "./effects.ts";
import type { Draft, TypedEntry } from "./entries.ts";
import type { Crash } from "./errors.ts";
import type { CommandRequest, PolicyReading } from "./facts.ts";
import { effectKey } from "./identifiers.ts";
import type { Known } from "./known.ts";

/** What is known of every issue and pull request besides the thing itself. */
export type CommonFacts = {
  /** RFC 3339, read once when the facts were collected. */
  now: string;
  ourselves: Ourselves;
  repository: { id: number; name: string; defaultBranch: string };
  policy: Known<PolicyReading>;
  /** The tip of the default branch. */
  base: Known<string>;
  /** Commands on this issue or pull request that are ours to answer, oldest first. */
  commands: CommandRequest[];
  /** The repository's ledger, oldest first. */
  entries: TypedEntry[];
  /** How far the effects of this subject got, by key. */
  outcomes: ReadonlyMap<string, EffectOutcome>;
  /** Our one comment on it, as it stands. */
  sticky: string | null;
};

/** A body to be stored with the entries that refer to it. */
export type Body = { sha256: string; text: string; mediaType: string };

/**
 * What is decided of a subject: entries to append, effects to perform, other subjects to decide, when to decide
 * again.
 */
export type Decision = {
  drafts: Draft[];
  bodies: Body[];
  effects: Effect[];
  enqueue: Subject[];
  /** Seconds until the subject is decided again although nothing may happen; null when an event will come. */
  requeueAfter: number | null;
  /** Gates that crashed while they judged, for the host's log. */
  crashes: Crash[];
};

/** What one rule adds to a decision; a rule that has nothing to do adds nothing. */
export type Step = Partial<Decision>;

/** Seconds after which a subject is decided again without an event. */
export const requeue = {
  /** Something is not known or not settled yet, or more waits than one decision takes. */
  undecided: 15,
  /** The policy could not be read, so that nothing can be decided. */
  policy: 30,
  /** GitHub may change what it shows of the subject without an event that names it. */
  unannounced: 60,
} as const;

/** The decision that steps come to, in their order. The soonest time that one of them asks for counts. */
export function decisionOf(...steps: readonly Step[]): Decision {
  const times = steps.flatMap(({ requeueAfter }) => requeueAfter ?? []);
  return {
    drafts: steps.flatMap(({ drafts }) => drafts ?? []),
    bodies: steps.flatMap(({ bodies }) => bodies ?? []),
    effects: steps.flatMap(({ effects }) => effects ?? []),
    enqueue: steps.flatMap(({ enqueue }) => enqueue ?? []),
    requeueAfter: times.length === 0 ? null : Math.min(...times),
    crashes: steps.flatMap(({ crashes }) => crashes ?? []),
  };
}

/** A decision that changes nothing. */
export function emptyDecision(): Decision {
  return decisionOf();
}

/** Decides nothing without a usable policy; one that could not be read is read again. */
export function awaitPolicy(policy: Known<PolicyReading>): Decision {
  return decisionOf(policy.known ? {} : { requeueAfter: requeue.policy });
}

/** Why an effect is not tried again. */
export type EffectFailure = { code: string; message: string };

/** What follows from an effect that is asked for once: from its not being asked for yet, its result, or its failure. */
type Outcomes = {
  ask: () => Step;
  done: (result: EffectResult) => Step;
  failed: (failure: EffectFailure) => Step;
};

/** The next step about an effect, by how far it got; while it is waiting there is none. */
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

/** An issue or a pull request: GitHub numbers both together. */
export type IssueRef = { repository: { id: number }; number: number };

/** Shows a text in our one comment there, unless `shown` is that text already. */
export function ensureSticky({ repository, number }: IssueRef, body: string, shown: string | null): Step {
  if (body.trimEnd() === shown?.trimEnd()) return {};
  const key = effectKey.sticky(repository.id, number);
  return { effects: [{ type: "ensure-sticky", key, issue: number, body }] };
}

/** Shows a state as the one label of ours there, unless `labels` show it already. */
export function ensureState(
  { repository, number }: IssueRef,
  labels: readonly string[],
  state: string,
): Step {
  const ours = labels.filter((label) => label.startsWith("sallyport:"));
  if (ours.length === 1 && ours[0] === `sallyport:${state}`) return {};
  const key = effectKey.state(repository.id, number);
  return { effects: [{ type: "ensure-state", key, issue: number, state }] };
}
