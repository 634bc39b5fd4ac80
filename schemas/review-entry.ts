import * as z from "zod";
import { IssueNumber } from "./entry-parts.ts";
import { Account, Sha } from "./text.ts";

/** What a person said about one commit by a review; who only commented said neither yes nor no. */
export const ReviewState = z.enum(["approved", "changes_requested", "dismissed"]);

/**
 * The body of `review.observed`: a person's review as GitHub told it to the App. It proves that the App saw it there; the
 * person signed nothing, and no gate reads it.
 */
export const ReviewObserved = z.strictObject({
  pull: IssueNumber,
  sha: Sha.describe("The commit that was reviewed."),
  baseRef: z
    .string()
    .describe(
      "The branch that the pull request entered when the review was seen; a review names none itself.",
    ),
  review: z
    .int()
    .positive()
    .describe("The review's id at GitHub: a dismissal has that of what it dismisses."),
  by: Account.describe("Who reviewed, also where somebody else dismissed it."),
  state: ReviewState,
  at: z.iso.datetime().describe("When it was submitted, as GitHub tells it."),
});
