import * as z from "zod";
import { Attempt } from "./step.ts";
import { Account, Sha } from "./text.ts";

/** The number of an issue or pull request. */
export const IssueNumber = z.int().positive();

/** The name of a run. */
export const RunId = z
  .string()
  .regex(/^run-[0-9]+-[0-9]+$/)
  .describe("run-<story>-<count>");

/** What a person did to make us act: a comment (by its id) or a label (by its event's id). */
export const Source = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("comment"), id: z.int().positive() }),
  z.strictObject({ type: z.literal("label"), id: z.int().positive(), label: z.string() }),
]);
export type Source = z.infer<typeof Source>;

/** The branch that a person's act or a verdict was given for. */
export const BaseRef = z
  .string()
  .optional()
  .describe("The branch it was given for; older entries do not tell.");

/** What the checks of others say about a commit, all together. */
export const Ci = z.enum(["pass", "fail", "none"]);

/** The checks of others on a commit, one by one. */
export const Checks = z.array(z.strictObject({ name: z.string(), app: z.string(), conclusion: z.string() }));

/** What every act of a person on a pull request tells. */
export const act = { pull: IssueNumber, baseRef: BaseRef, comment: z.int().positive() };

/** What every entry of one attempt tells: whose it is. */
export const step = { run: RunId, story: IssueNumber, prompt: IssueNumber, attempt: Attempt };

/**
 * What a commit's message or a pull request's description says of how the change was made: a tool, a model, a session, a
 * prompt. Whoever pushed or wrote it chose every word, nobody checked it, and no gate reads it. Secrets are cut out.
 */
export const Claim = z.strictObject({
  source: z
    .string()
    .regex(/^(?:description|commit (?:[0-9a-f]{40}|[0-9a-f]{64}))$/)
    .describe("`description`, or `commit` and its full id."),
  name: z.string().min(1).max(60).describe("In lower case, joined by `-`, such as `co-authored-by`."),
  value: z.string().min(1).max(1_000),
});
export type Claim = z.infer<typeof Claim>;

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
