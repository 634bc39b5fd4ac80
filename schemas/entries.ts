import * as z from "zod";
import { adoptionBodies } from "./adoption.ts";
import {
  act,
  BaseRef,
  BodyRef,
  Checks,
  Ci,
  Conformance,
  Instructions,
  IssueNumber,
  PayloadPurged,
  Route,
  RunId,
  Source,
  step,
} from "./entry-parts.ts";
import { planBodies } from "./plan.ts";
import { roadBodies } from "./road-entries.ts";
import { ActionsRun, Attempt, Cost, Failure, Redaction, Tool, Usage, WrittenCasefile } from "./step.ts";
import { Account, Sha, Sha256 } from "./text.ts";
import { GateStatus, Verdict } from "./verdict.ts";
import { VerificationSummary } from "./vsa.ts";

/**
 * The body of every kind of ledger entry. Only our own code writes them, from facts it read itself or from a person's
 * fresh act; an agent's `claims` appear only in bodies that say so.
 */
export const entryBodies = {
  command: z.strictObject({
    issue: IssueNumber,
    source: Source,
    command: z.string(),
    accepted: z.boolean(),
    code: z.string(),
    message: z.string(),
    text: z.string().max(4_000).describe("What the person added: a refinement, a block's reason."),
    route: Route,
  }),
  ...planBodies,
  "prompt.opened": z.strictObject({
    story: IssueNumber,
    revision: z.int().positive(),
    index: z.int().positive(),
    issue: IssueNumber,
  }),
  "run.submitted": z.strictObject({
    run: RunId,
    story: IssueNumber,
    mode: z
      .enum(["stop_on_failure", "independent"])
      .describe("Whether a prompt that fails ends the run, or the prompts that do not depend on it go on."),
    prompts: z.array(IssueNumber).min(1),
    by: Account,
    digest: Sha256.describe("The contract's digest."),
    route: Route,
    reviewer: Route,
  }),
  "prompt.recorded": z.strictObject({
    ...step,
    base: Sha.describe("The commit the attempt starts from: the checkpoint to go back to."),
    branch: z.string(),
    pack: BodyRef,
    phase: z.string().optional().describe("The phase whose card the pack holds; absent: none, or an older entry."),
    instructions: Instructions,
  }),
  "response.recorded": z.strictObject({
    ...step,
    result: BodyRef,
    outcome: z.enum(["finished", "stopped", "asked", "failed"]),
    code: z.string(),
    files: z.array(z.strictObject({ path: z.string(), sha256: Sha256.nullable() })),
    usage: Usage,
    cost: Cost.optional().describe("Absent: the policy had no price for the model."),
    seconds: z.number().min(0),
    redacted: z.array(Redaction).min(1).optional().describe("What was cut out of the answer."),
    tool: Tool.optional().describe("The program that worked with the model; absent: Sallyport's own agent."),
    actions: ActionsRun.optional().describe("The workflow's run in which it worked; absent: the service's machine."),
  }),
  "attempt.closed": z.strictObject({
    ...step,
    accepted: z.boolean(),
    reasons: z.array(Failure),
  }),
  "evidence.captured": z.strictObject({
    ...step,
    base: Sha,
    promptSha256: Sha256,
    responseSha256: Sha256,
    files: z.array(z.strictObject({ path: z.string(), sha256: Sha256.nullable() })),
    role: z.string(),
    usage: Usage,
    seconds: z.number().min(0),
  }),
  "change.committed": z.strictObject({
    ...step,
    branch: z.string(),
    commit: Sha,
    tree: Sha,
    parent: Sha,
    files: z
      .array(z.strictObject({ path: z.string(), blob: Sha.nullable() }))
      .optional()
      .describe("What it wrote of the answer, as git names the content; null where it deleted. Older entries lack it."),
    casefiles: z
      .array(WrittenCasefile)
      .min(1)
      .optional()
      .describe("What our host added to the answer's files, made from the entries up to the evidence."),
  }),
  "pull.opened": z.strictObject({
    run: RunId,
    story: IssueNumber,
    prompt: IssueNumber,
    pull: IssueNumber,
    branch: z.string(),
    head: Sha,
  }),
  "verdict.given": z.strictObject({
    pull: IssueNumber,
    head: Sha,
    base: Sha,
    baseRef: BaseRef,
    conclusion: Verdict.shape.conclusion,
    gates: z.record(z.string(), GateStatus),
    shared: Verdict.shape.conclusion
      .optional()
      .describe("Without its own title and description; absent: the same. Others with this head share it."),
    size: z
      .strictObject({ files: z.int().min(0), lines: z.int().min(0) })
      .optional()
      .describe("What a run's change adds to its story, without what the policy ignores; only where it sets a budget."),
    policy: Verdict.shape.policy
      .optional()
      .describe("The policy it was judged by; entries of older versions do not tell."),
    verdictSha256: Sha256.describe("Of the verdict's JSON, byte for byte as `sallyport check --json` prints it."),
    facts: BodyRef.optional().describe(
      "What GitHub alone told of a run's change, for a replay; absent where not all was read or a secret was found.",
    ),
  }),
  "group.judged": z.strictObject({
    headRef: z.string().describe("The full ref of the merge group's branch."),
    head: Sha,
    base: Sha.describe("The commit the group stands on."),
    members: z.array(
      z.strictObject({
        pull: IssueNumber,
        head: Sha.nullable().describe("The head that was judged for it."),
      }),
    ),
    conclusion: Verdict.shape.conclusion,
    verdictSha256: Sha256.describe("Of the group's verdict, byte for byte as the Action prints it."),
  }),
  "sign-off.given": z.strictObject({
    ...act,
    sha: Sha,
    test: z.string(),
    result: z.enum(["pass", "fail"]),
    environment: z.string(),
    notes: z.string(),
    solo: z.boolean(),
  }),
  "waiver.given": z.strictObject({
    ...act,
    sha: Sha.describe("The one commit it holds for."),
    gate: z.string(),
    until: z.iso.date().describe("The last day it holds (UTC)."),
    reason: z.string().min(1),
  }),
  ...adoptionBodies,
  "evidence.sealed": z.strictObject({
    run: RunId,
    story: IssueNumber,
    prompt: IssueNumber,
    attempt: Attempt,
    pull: IssueNumber,
    commit: Sha,
    tree: Sha,
    ci: Ci,
    checks: Checks,
    validator: z
      .enum(["pass", "fail"])
      .describe("We write `pass`; an entry that holds the other one verifies all the same."),
    verdictSha256: Sha256,
    captured: Sha256.describe("The hash of the evidence.captured entry this completes."),
  }),
  "merge.observed": z.strictObject({
    pull: IssueNumber,
    head: Sha.describe("The head of the pull request when it was merged: the judged commit if `judged`."),
    merged: Sha.describe("The commit on the base branch."),
    tree: Sha,
    judged: z.boolean().describe("The last verdict on this head was success, for the branch it entered."),
    by: Account.nullable(),
  }),
  "source.verified": z.strictObject({
    pull: IssueNumber,
    head: Sha.describe("The head of the pull request when it was merged."),
    merged: Sha.describe("The revision that the summary is about."),
    ref: z
      .string()
      .regex(/^refs\/heads\/./)
      .describe("The full ref of the branch it entered."),
    summary: VerificationSummary,
  }),
  "pull.closed": z.strictObject({ pull: IssueNumber, head: Sha }),
  "prompt.completed": z.strictObject({
    story: IssueNumber,
    prompt: IssueNumber,
    pull: IssueNumber,
    merged: Sha,
  }),
  "run.closed": z.strictObject({
    run: RunId,
    story: IssueNumber,
    status: z.enum(["succeeded", "failed", "cancelled"]),
    reason: z.string(),
  }),
  "story.completed": z.strictObject({
    story: IssueNumber,
    prompts: z.array(IssueNumber),
    pulls: z.array(IssueNumber),
    conformance: Conformance.optional().describe("Of its master contract; absent: it has none."),
  }),
  "epic.completed": z.strictObject({ epic: IssueNumber, stories: z.array(IssueNumber) }),
  ...roadBodies,
  "payload.purged": PayloadPurged,
  "incident.raised": z.strictObject({ code: z.string(), message: z.string(), issue: IssueNumber.nullable() }),
} as const;

/** A kind of ledger entry. */
export type EntryKind = keyof typeof entryBodies;
/** The body of a kind of entry. */
export type EntryBody<K extends EntryKind> = z.infer<(typeof entryBodies)[K]>;
