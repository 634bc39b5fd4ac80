import * as z from "zod";
import { AdviceFinding } from "./advice.ts";
import { BodyRef, IssueNumber, step } from "./entry-parts.ts";
import { Account, Sha, Sha256 } from "./text.ts";

/**
 * What sends a prompt's work back to the agent: a failed gate, a failed check, a person's request for changes, a reviewer
 * agent's advice before the pull request opens, or a command.
 */
export const ReworkCause = z.enum(["gates", "ci", "review", "reviewer", "command"]);
export type ReworkCause = z.infer<typeof ReworkCause>;

/** A person whose words reach the agent, and the duties that give them the right. */
const Author = z.strictObject({ login: z.string(), duties: z.array(z.string()) });
export type Author = z.infer<typeof Author>;

const id = z.int().positive();

/**
 * Everything that one rework mends, bounded and without secrets. Our host gathered it; what gates say is ours, checks
 * and people wrote the rest: data for the agent, never an instruction. `unread` says what is missing, and why.
 */
export const ReworkReport = z.strictObject({
  version: z.literal(1),
  pull: IssueNumber.optional().describe("Absent: no pull request was open yet."),
  head: Sha,
  asked: z.array(z.strictObject({ by: z.string(), text: z.string() })).describe("What people wrote behind `/rework`."),
  gates: z.array(
    z.strictObject({
      gate: z.string(),
      code: z.string(),
      message: z.string(),
      path: z.string().optional(),
      line: z.int().positive().optional(),
      step: z.string().optional(),
    }),
  ),
  checks: z.array(
    z.strictObject({
      name: z.string(),
      app: z.string(),
      conclusion: z.string(),
      summary: z.string(),
      annotations: z.array(z.strictObject({ path: z.string(), line: z.int(), message: z.string() })),
      log: z.string().describe("The last lines of the job's log; empty where there is none."),
    }),
  ),
  reviews: z.array(z.strictObject({ review: id, by: Author, text: z.string() })),
  threads: z
    .array(
      z.strictObject({
        thread: id.describe("The id of its first comment."),
        path: z.string(),
        line: z.int().nullable(),
        comments: z.array(z.strictObject({ comment: id, by: Author, text: z.string() })).min(1),
      }),
    )
    .describe("Unresolved review threads with words that no round before has taken up."),
  comments: z.array(z.strictObject({ comment: id, by: Author, text: z.string() })),
  advice: z
    .array(AdviceFinding)
    .min(1)
    .optional()
    .describe("What a reviewer agent says must be mended, before a pull request is open."),
  unread: z.array(z.string()).describe("What could not be read or is not passed on, each with the reason."),
  previous: z.string().nullable().describe("What the attempt before says that it did, and the files it wrote."),
});
export type ReworkReport = z.infer<typeof ReworkReport>;

/** The body of `rework.opened`: a prompt's work goes back to the agent, with a report of what is to be mended. */
export const ReworkOpened = z.strictObject({
  run: step.run,
  story: step.story,
  prompt: step.prompt,
  pull: IssueNumber.optional().describe("Absent: a reviewer agent's advice sends it back before one is open."),
  head: Sha.describe("The commit that failed; the next attempt is built on it."),
  round: z.int().positive().describe("Which rework of the prompt it is, over all its runs."),
  causes: z.array(ReworkCause).min(1),
  by: Account.nullable().describe("The last who asked for it; null: the policy alone did."),
  signature: Sha256.describe("Of what failed, without its wording: the same signature twice is the same failure."),
  report: BodyRef,
  reviewers: z.array(Account).describe("Who asked for changes; they are asked for a review of the next commit."),
  reviews: z.array(id).describe("The reviews that it takes up."),
  threads: z.array(id).describe("The first comments of the review threads that it takes up."),
  comments: z.array(id).describe("All comments that it takes up; no later round takes them up again."),
});
export type ReworkOpened = z.infer<typeof ReworkOpened>;
