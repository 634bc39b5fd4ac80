import { requeue, type Step } from "../decision.ts";
import type { Effect } from "../effects.ts";
import { appActor, entriesOf, pullSubject, type TypedEntry, userActor } from "../entries.ts";
import type { SeenReview } from "../facts.ts";
import { effectKey } from "../identifiers.ts";
import { type Known, known } from "../known.ts";
import { usablePolicy } from "../policy/problem.ts";
import type { Counted } from "../record/reviews.ts";
import type { NewReviews, PullContext } from "./facts.ts";

/** The maximum number of reviews that one observation records; the others wait for the next. */
export const maxReviews = 50;

/** Chooses the reviews to record now, so that nobody can fill the ledger at once. */
export function newReviews(
  reviews: Known<SeenReview[]>,
  entries: readonly TypedEntry[],
  pull: number,
): Known<NewReviews> {
  if (!reviews.known) return reviews;
  const all = unrecorded(reviews.value, entries, pull);
  const commands = reviews.value.filter(({ by, isCommand }) => by.type === "User" && isCommand === true);
  return known({ reviews: all.slice(0, maxReviews), more: all.length > maxReviews, commands });
}

/**
 * Tells reviewers whose review begins as a command that it does not count there, each person once a day: anybody may
 * review, and what a reviewer may do is not read.
 */
export function answerReviews({ facts }: PullContext): Step {
  if (!facts.reviews.known || usablePolicy(facts.policy) === null) return {};
  const { repository, number: issue, outcomes } = facts;
  const unanswered = facts.reviews.value.commands
    .map(({ id, by }) => ({ by, key: effectKey.reviewCommand(repository.id, id) }))
    .filter(({ key }) => !outcomes.has(key));
  const effects = unanswered.flatMap(({ by, key }): Effect[] => {
    const told = effectKey.refusal(repository.id, issue, by.id, facts.now.slice(0, 10));
    const line = `@${by.login}, a command in a review does not count, because GitHub does not tell whether an app wrote it. Write it as a new comment here, from the first character.`;
    return [
      { type: "turn-away", key: told, issue, told: { comment: null, line } },
      { type: "turn-away", key, issue, told: null },
    ];
  });
  return { effects };
}

/**
 * Records the observed reviews. The gates do not wait for these entries: they judge by GitHub's current state. An entry
 * proves that the App saw the review at GitHub; the person signed nothing, and their permission was not read. The
 * listing names neither who dismissed a review, so the App is the actor of a dismissal, nor whether an app reviewed in
 * a person's name.
 */
export function recordReviews({ facts, entries }: PullContext): Step {
  if (!facts.reviews.known) return { requeueAfter: requeue.undecided };
  const { ref: baseRef } = facts.judged.base;
  const { reviews, more } = facts.reviews.value;
  const pull = facts.number;
  return {
    drafts: unrecorded(reviews, entries, pull).map(({ id, by, state, sha, at }) => ({
      kind: "review.observed",
      actor: state === "dismissed" ? appActor(facts) : userActor(by),
      subject: [pullSubject(pull, sha)],
      body: { pull, sha, baseRef, review: id, by, state, at },
    })),
    requeueAfter: more ? requeue.undecided : null,
  };
}

function unrecorded(reviews: readonly SeenReview[], entries: readonly TypedEntry[], pull: number): Counted[] {
  const last = new Map<number, { state: string; sha: string }>();
  for (const { body } of entriesOf(entries, "review.observed")) if (body.pull === pull) last.set(body.review, body);
  return reviews.flatMap((review) => {
    const { id, by, state, at } = review;
    const before = last.get(id);
    // GitHub drops the commit of a review once no ref leads to it.
    const sha = review.sha ?? before?.sha;
    if (by.type !== "User" || state === "commented" || at === "" || sha === undefined) return [];
    return before?.state === state ? [] : [{ ...review, state, sha }];
  });
}
