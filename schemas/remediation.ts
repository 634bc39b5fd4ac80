import * as z from "zod";
import { IssueNumber, RunId } from "./entry-parts.ts";
import { maxReasonLength, maxReasons } from "./limits.ts";
import { Attempt } from "./step.ts";
import { Sha, Sha256 } from "./text.ts";

const remediation = {
  remediation: z
    .string()
    .regex(/^run-[0-9]+-[0-9]+\/[0-9]+$/)
    .describe("run-<story>-<count>/<prompt>: a run has one for each of its prompts that failed."),
  run: RunId,
  story: IssueNumber,
  prompt: IssueNumber,
};

/**
 * The body of `remediation.opened`: something failed while a run worked on a prompt, and needs a fix. Our host set the
 * codes; a message can contain an agent's words.
 */
export const RemediationOpened = z.strictObject({
  ...remediation,
  after: Attempt.nullable().describe("The run's attempt that failed; null: it failed before the first."),
  origin: z
    .enum(["start", "attempt", "write", "pull"])
    .describe("What failed: starting an attempt, the attempt itself, writing its change, or opening the pull request."),
  signature: z
    .strictObject({ codes: z.array(z.string()).min(1).max(maxReasons), sha256: Sha256 })
    .describe("The codes of the reasons, sorted and each once, and the SHA-256 of their canonical JSON."),
  reasons: z
    .array(
      z.strictObject({
        source: z.string(),
        code: z.string(),
        message: z.string().max(maxReasonLength),
        path: z.string().optional(),
      }),
    )
    .min(1)
    .max(maxReasons),
});

/** The body of `remediation.closed`: the outcome of a failure. It does not say that a cause was found. */
export const RemediationClosed = z.strictObject({
  ...remediation,
  status: z
    .enum(["fixed", "open", "abandoned"])
    .describe(
      "`fixed`: a change for the prompt was merged on a success. `open`: it was merged without one. `abandoned`: it was given up.",
    ),
  by: z.discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("merge"),
      pull: IssueNumber,
      head: Sha,
      merged: Sha,
      made: z
        .strictObject({ run: RunId, attempt: Attempt })
        .nullable()
        .describe("The attempt that became the head; null: none did, a person answers for it."),
    }),
    z.strictObject({ type: z.literal("run"), reason: z.string() }).describe("Its run was cancelled."),
    z.strictObject({ type: z.literal("plan"), digest: Sha256 }).describe("A newer contract replaced the prompt."),
  ]),
});
