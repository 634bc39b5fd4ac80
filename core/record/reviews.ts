import type { EvidenceBundle } from "../../schemas/evidence.ts";
import type { Account } from "../../schemas/text.ts";
import { type EntryOf, entriesOf, type TypedEntry } from "../entries.ts";
import type { SeenReview } from "../facts.ts";

/** A review that approves, rejects or is dismissed, for one commit. */
export type Counted = SeenReview & { state: "approved" | "changes_requested" | "dismissed"; sha: string };

/** The recorded reviews of one commit of a pull request, oldest first; a dismissal is an entry of its own. */
export function reviewsOf(entries: readonly TypedEntry[], pull: number, sha: string): EntryOf<"review.observed">[] {
  return entriesOf(entries, "review.observed").filter(({ body }) => body.pull === pull && body.sha === sha);
}

/** The reviews of one commit in the form of an evidence bundle. */
export function bundledReviews(reviews: readonly EntryOf<"review.observed">[]): EvidenceBundle["reviews"] {
  return reviews.map(({ hash, body: { by, state, at, baseRef } }) => ({
    by,
    state,
    at,
    baseRef,
    entry: hash,
  }));
}

/** A recorded review on one line for people. */
export function reviewText({ by, state, at }: { by: Account; state: Counted["state"]; at: string }): string {
  const who = `@${by.login} (id ${by.id})`;
  if (state === "dismissed") return `the review by ${who} of ${at} was dismissed`;
  return `${state === "approved" ? "approved" : "changes requested"} by ${who} at ${at}, as GitHub tells it`;
}
