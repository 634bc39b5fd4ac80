import * as z from "zod";
import { BodyRef, step } from "./entry-parts.ts";
import { AnswerRedaction, Cost, Redaction, StepPack, Usage } from "./step.ts";
import { Sha } from "./text.ts";

/**
 * A reviewer agent's input: the contract of one diff prompt, and all that its run wrote so far, from `base` to `head`.
 * Our host wrote it; a person approved the contract. The change itself is read from git.
 */
export const AdvicePack = z.strictObject({
  ...StepPack.pick({ version: true, run: true, story: true, prompt: true, attempt: true, repository: true }).shape,
  ...StepPack.pick({ contract: true, acceptance: true, limits: true }).shape,
  kind: z.literal("advice"),
  base: Sha,
  head: Sha,
  files: z.array(z.string()).describe("The paths that the agent wrote, sorted; what our host added is not among them."),
});
export type AdvicePack = z.infer<typeof AdvicePack>;

/** The place and the weight of one finding. A model chose all of it. */
const FindingPlace = z.strictObject({
  severity: z
    .enum(["must", "should"])
    .describe("must: a criterion is not met, or the change is wrong. should: a person had better look at it."),
  path: z.string().max(4_096).nullable().describe("A changed file; null: the change as a whole."),
  line: z.int().positive().nullable().describe("A line of the file as it is now."),
  criterion: z.int().positive().nullable().describe("The number of the acceptance criterion; null: none of them."),
});

/** One finding of a reviewer agent. A model wrote its text, and somebody may have steered the model. */
export const AdviceFinding = z.strictObject({
  ...FindingPlace.shape,
  text: z.string().trim().min(1).max(1_000).describe("What is wrong, how it shows, and what would mend it."),
});
export type AdviceFinding = z.infer<typeof AdviceFinding>;

/** What a reviewer agent hands back. It is advice: no gate reads it, and it counts as nobody's review. */
export const AdviceAnswer = z.strictObject({
  summary: z.string().trim().min(1).max(2_000),
  findings: z.array(AdviceFinding).max(30),
});
export type AdviceAnswer = z.infer<typeof AdviceAnswer>;

/** The advice about one commit as it is stored; `failed`: there is none, for the reason in `code` and `summary`. */
export const Advice = z.strictObject({
  version: z.literal(1),
  outcome: z.enum(["given", "failed"]),
  code: z.string(),
  ...AdviceAnswer.shape,
  redacted: z.array(AnswerRedaction).min(1).optional().describe("What our host cut out of the answer."),
});
export type Advice = z.infer<typeof Advice>;

/** The body of `advice.asked`: a written commit is handed to a reviewer agent, before its pull request opens. */
export const AdviceAsked = z.strictObject({ ...step, base: Sha, head: Sha, pack: BodyRef });

/** The body of `advice.given`: what became of it. The words of the findings are in the stored advice. */
export const AdviceGiven = z.strictObject({
  ...step,
  head: Sha,
  advice: BodyRef,
  outcome: Advice.shape.outcome,
  code: z.string(),
  findings: z.array(FindingPlace),
  usage: Usage.optional().describe("Absent: the reviewer's work ended without an answer that tells."),
  cost: Cost.optional().describe("Absent: the policy had no price for the model."),
  seconds: z.number().min(0).optional(),
  redacted: z.array(Redaction).min(1).optional().describe("What was cut out of the answer."),
});
