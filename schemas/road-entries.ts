import * as z from "zod";
import { AdviceAsked, AdviceGiven } from "./advice.ts";
import { BodyRef, IssueNumber, ReviewObserved, RunId, Source, step } from "./entry-parts.ts";
import { maxConcernLength, maxUndone } from "./limits.ts";
import { RemediationClosed, RemediationOpened } from "./remediation.ts";
import { ReworkOpened } from "./rework.ts";
import { Attempt, CommandRun } from "./step.ts";
import { Account, Sha, Sha256 } from "./text.ts";

/** The stages that a story goes through, in their order. */
export const stages = ["frame", "spec", "execute", "validate", "package", "cleanup"] as const;
/** A stage of a story. */
export const Stage = z.enum(stages);
export type Stage = z.infer<typeof Stage>;

/** The stage and holder of the work on one side of a hand-off. */
const Holding = z.strictObject({
  stage: Stage,
  holder: z
    .string()
    .regex(/^(?:app|people:[a-z]+|agent:.+)$/)
    .max(500)
    .describe("`app`, `people:<duty>` or `agent:<backend>/<model>`."),
});

const concernName = z
  .string()
  .min(1)
  .max(100)
  .describe("Its stable name: the comment that raised it, or the checkpoint of the attempt that did.");
const checkpointName = z
  .string()
  .regex(/^run-[0-9]+-[0-9]+\/[0-9]+\/R[0-9]+S[0-9]+$/)
  .describe("run-<story>-<count>/<prompt>/R<r>S<s>");

const rollback = {
  checkpoint: checkpointName,
  ...step,
  branch: z.string().describe("The branch that is moved: a run's own."),
  to: Sha.nullable().describe("Where it stands afterwards; null: it is deleted, its pull request closed."),
  undone: z
    .array(Sha)
    .min(1)
    .max(maxUndone)
    .describe("The recorded commits that are taken off it, oldest first; from then on they are no evidence."),
  comment: z.int().positive(),
};

/**
 * The bodies of the entries about verification commands, concerns, checkpoints, rollbacks, hand-offs, reviews, advice,
 * remediation and rework.
 */
export const roadBodies = {
  "review.observed": ReviewObserved,
  "remediation.opened": RemediationOpened,
  "remediation.closed": RemediationClosed,
  "rework.opened": ReworkOpened,
  "advice.asked": AdviceAsked,
  "advice.given": AdviceGiven,
  "verification.recorded": z.strictObject({
    ...step,
    result: Sha256.describe("The answer whose tree they ran on."),
    install: CommandRun.optional().describe("How its dependencies were installed; absent: it has none to install."),
    commands: z.array(CommandRun).describe("Empty: the installation failed."),
    evidence: z
      .array(z.strictObject({ path: z.string(), sha256: Sha256.nullable() }))
      .describe("The declared evidence files as the commands left them; null: none wrote it."),
    written: BodyRef.optional().describe("Those files with their content; absent: there are none."),
  }),
  "concern.raised": z.strictObject({
    concern: concernName,
    story: IssueNumber.nullable(),
    pull: IssueNumber.nullable().describe("The pull request it was raised on; null: on the story."),
    prompt: IssueNumber.nullable(),
    code: z.string(),
    message: z.string().max(maxConcernLength),
    raisedBy: z.enum(["agent", "person", "app"]),
    about: z.discriminatedUnion("type", [
      ...Source.options,
      z.strictObject({ type: z.literal("answer"), run: RunId, attempt: Attempt, sha256: Sha256 }),
      z.strictObject({ type: z.literal("merge"), pull: IssueNumber, merged: Sha, by: Account.nullable() }),
      z.strictObject({ type: z.literal("rework"), pull: IssueNumber, head: Sha }),
    ]),
  }),
  "concern.answered": z.strictObject({
    concern: concernName,
    story: IssueNumber.nullable(),
    pull: IssueNumber.nullable(),
    source: Source.describe("The act of the person who answered."),
    text: z.string().max(maxConcernLength).describe("The answer; empty where the act itself is the answer."),
  }),
  "checkpoint.recorded": z.strictObject({
    checkpoint: checkpointName,
    ...step,
    branch: z.string(),
    base: Sha.describe("The commit the attempt starts from."),
    head: Sha.nullable().describe("Where the branch stands before the attempt; null: there is none."),
  }),
  "rollback.decided": z.strictObject(rollback),
  "rollback.done": z.strictObject({
    ...rollback,
    closed: z.array(IssueNumber).describe("The pull requests of the branch that are closed by it."),
  }),
  "rollback.failed": z.strictObject({ ...rollback, code: z.string(), message: z.string() }),
  "handoff.made": z.strictObject({
    story: IssueNumber,
    prompt: IssueNumber,
    from: Holding,
    to: Holding,
    carries: z
      .union([Sha, Sha256])
      .describe("What is handed on: the digest of the contract, or the commit of the change."),
  }),
} as const;
