import type { EvidenceBundle } from "../schemas/evidence.ts";
import type { Account } from "../schemas/text.ts";
import { requeue, type Step } from "./decision.ts";
import { appActor, type EntryOf, entriesOf, type TypedEntry, userActor } from "./entries.ts";
import type { ReviewFact } from "./facts.ts";
import { type Known, known } from "./known.ts";
import type { PullContext } from "./pull-facts.ts";

/** The most reviews that one look records; the others wait for the next look. */
export const mostReviews = 50;

/** A review as GitHub tells it, before it is known what the reviewer may do here. */
export type SeenReview = Omit<ReviewFact, "standing">;

/** The reviews of people that the ledger does not have as they are now, oldest first; `more`: others wait. */
export type NewReviews = { reviews: SeenReview[]; more: boolean };

/** Chooses what a look will record of a pull request's reviews, so that nobody can fill the ledger at one go. */
export function newReviews(
  reviews: Known<SeenReview[]>,
  entries: readonly TypedEntry[],
  pull: number,
): Known<NewReviews> {
  if (!reviews.known) return reviews;
  const all = unrecorded(reviews.value, entries, pull);
  return known({ reviews: all.slice(0, mostReviews), more: all.length > mostReviews });
}

/**
 * Records the reviews that were seen. The gates never wait for these entries: they judge by what GitHub says now. Such an
 * entry proves that the App saw the review at GitHub; the person signed nothing, and their rights were not asked for. The
 * listing does not say who dismissed a review, so a dismissal is told by the App, nor whether an app gave one in a person's name.
 */
export function recordReviews({ facts, entries }: PullContext): Step {
  if (!facts.reviews.known) return { requeueAfter: requeue.unread };
  const { ref: baseRef } = facts.judged.base;
  const { reviews, more } = facts.reviews.value;
  const pull = facts.number;
  return {
    drafts: unrecorded(reviews, entries, pull).map(({ id, by, state, sha, at }) => ({
      kind: "review.observed",
      actor: state === "dismissed" ? appActor(facts) : userActor(by),
      subject: [{ name: `pull request #${pull}`, digest: { gitCommit: sha } }],
      body: { pull, sha, baseRef, review: id, by, state, at },
    })),
    requeueAfter: more ? requeue.unread : null,
  };
}

/** A review that says yes or no about one commit. */
type Counted = SeenReview & { state: "approved" | "changes_requested" | "dismissed"; sha: string };

function unrecorded(reviews: readonly SeenReview[], entries: readonly TypedEntry[], pull: number): Counted[] {
  const last = new Map<number, { state: string; sha: string }>();
  for (const { body } of entriesOf(entries, "review.observed"))
    if (body.pull === pull) last.set(body.review, body);
  return reviews.flatMap((review) => {
    const { id, by, state, at } = review;
    const before = last.get(id);
    // GitHub forgets the commit of a review once nothing leads to it any more.
    const sha = review.sha ?? before?.sha;
    if (by.type !== "User" || state === "commented" || at === "" || sha === undefined) return [];
    return before?.state === state ? [] : [{ ...review, state, sha }];
  });
}

/** What the ledger tells of the reviews of one commit of a pull request, oldest first; a dismissal is an entry of its own. */
export function reviewsOf(
  entries: readonly TypedEntry[],
  pull: number,
  sha: string,
): EntryOf<"review.observed">[] {
  return entriesOf(entries, "review.observed").filter(({ body }) => body.pull === pull && body.sha === sha);
}

/** The reviews of one commit as an evidence bundle tells them. */
export function bundledReviews(reviews: readonly EntryOf<"review.observed">[]): EvidenceBundle["reviews"] {
  return reviews.map(({ hash, body: { by, state, at, baseRef } }) => ({
    by,
    state,
    at,
    baseRef,
    entry: hash,
  }));
}

/** A recorded review on one line, for people. */
export function reviewText({ by, state, at }: { by: Account; state: Counted["state"]; at: string }): string {
  const who = `@${by.login} (id ${by.id})`;
  if (state === "dismissed") return `the review by ${who} of ${at} was dismissed`;
  return `${state === "approved" ? "approved" : "changes requested"} by ${who} at ${at}, as GitHub tells it`;
}
