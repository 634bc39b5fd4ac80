import type { Duty } from "../schemas/policy-values.ts";
import type { Account } from "../schemas/text.ts";
import { writers } from "./authority.ts";
import type { ReviewFact } from "./facts.ts";
import { type Known, known } from "./known.ts";

/**
 * The review of each person that stands: their latest. A comment leaves an earlier review standing, and a dismissed
 * review does not revive the one before it. Apps and bots have none. `id` grows with time, as GitHub hands it out.
 */
export function standingReviews(reviews: readonly ReviewFact[]): ReviewFact[] {
  const latest = new Map<number, ReviewFact>();
  for (const review of reviews) {
    if (review.by.type !== "User" || review.state === "commented") continue;
    const earlier = latest.get(review.by.id);
    if (earlier === undefined || earlier.id < review.id) latest.set(review.by.id, review);
  }
  return [...latest.values()].sort((one, other) => one.id - other.id);
}

/** Whether a reviewer's word counts: they may write to the repository and hold one of the duties. */
export function hasSay({ standing }: ReviewFact, duties: readonly Duty[]): Known<boolean> {
  if (!standing.known) return standing;
  const { role, duties: held } = standing.value;
  return known(writers.has(role) && duties.some((duty) => held.includes(duty)));
}

/** What makes an approval count: the exact commit, one of the duties, and that it is no approval of one's own change. */
export type Wanted = { head: string; duties: readonly Duty[]; own: ReadonlySet<number> };

/**
 * Whose approvals of a commit count, whose may count once what they may do here can be read, and why the others do not,
 * in sentences for people.
 */
export type Approvals = { counting: Account[]; unread: string[]; notCounted: string[] };

/** Sorts the standing approvals of a change. Anyone who can see a repository can approve, so most of them may not count. */
export function approvals(reviews: readonly ReviewFact[], { head, duties, own }: Wanted): Approvals {
  const sorted: Approvals = { counting: [], unread: [], notCounted: [] };
  for (const review of standingReviews(reviews)) {
    const { by, sha, state } = review;
    if (state !== "approved") continue;
    const say = hasSay(review, duties);
    if (own.has(by.id)) {
      sorted.notCounted.push(`@${by.login} asked for this change, so their approval does not count.`);
    } else if (sha !== head) {
      sorted.notCounted.push(`@${by.login} approved ${sha ?? "a commit that is gone"}; the head is ${head}.`);
    } else if (!say.known) {
      sorted.unread.push(`What @${by.login} may do here could not be read: ${say.why}`);
    } else if (!say.value) {
      const needed = `write access and the duty ${duties.join(" or ")}`;
      sorted.notCounted.push(`@${by.login} approved and does not count: that takes ${needed}.`);
    } else {
      sorted.counting.push(by);
    }
  }
  return sorted;
}
