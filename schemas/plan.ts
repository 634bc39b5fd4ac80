import * as z from "zod";
import {
  ContractPrompt,
  DigestParts,
  FileRef,
  Instructions,
  IssueNumber,
  MasterContract,
  Route,
  Source,
  TicketComment,
  WrittenPrompt,
} from "./entry-parts.ts";
import { maxPaths } from "./limits.ts";
import { Cost, Redaction, Size, Usage } from "./step.ts";
import { Account, Lines, Risk, Sha256 } from "./text.ts";

/** A path pattern proposed by a model; it is checked again, and can only narrow what the role may touch. */
const DeclaredPath = z.string().min(1).max(500);

/** One reviewable change as the planner proposes it, before a person approved it. */
export const PlannedPrompt = z.strictObject({
  title: z.string().trim().min(3).max(120).describe("Names the change in a few words."),
  objective: z
    .string()
    .trim()
    .min(10)
    .max(1_000)
    .describe("One sentence: what is true afterwards that is not true now."),
  role: z.string().min(1).max(40).describe("The policy role that does the work."),
  paths: z
    .array(DeclaredPath)
    .min(1)
    .max(maxPaths)
    .describe("Every path the change may touch, as patterns; nothing else can be written."),
  inputs: Lines.describe("Contracts, decisions and files to read first."),
  nonGoals: Lines.min(1).describe("What this change must leave alone."),
  acceptance: Lines.min(1).describe("Criteria a reviewer can check one by one."),
  output: Lines.min(1).describe("What is handed over: files, tests, documents."),
  evidence: z.array(DeclaredPath).max(20).default([]).describe("JSON evidence files that this change will write."),
  dependsOn: z
    .array(z.int().positive())
    .max(20)
    .default([])
    .describe("Numbers (from 1) of earlier prompts of this plan."),
});
export type PlannedPrompt = z.infer<typeof PlannedPrompt>;

/** The planner's answer for a story. A model wrote it: data to be shown and approved, never authority. */
export const Plan = z
  .strictObject({
    approach: z.string().trim().min(10).max(5_000),
    risks: Lines,
    unknowns: Lines.describe("Open questions; a person answers them before the work starts."),
    failureModes: Lines.optional().describe("What can go wrong with it, and how that would show."),
    invariants: Lines.optional().describe("What must stay true and is touched: rules, contracts, control planes."),
    verification: Lines.optional().describe(
      "Commands whose success shows after each prompt that it works: one program with its arguments each.",
    ),
    risk: Risk,
    acceptance: Lines.min(1).describe("Acceptance criteria of the whole story."),
    manualTest: z
      .strictObject({ environment: z.string().trim().min(1).max(500), steps: Lines.min(1) })
      .nullable()
      .describe("How a person tries the result by hand; null when there is nothing to try."),
    prompts: z
      .array(PlannedPrompt)
      .min(1)
      .max(20)
      .describe("The diff prompts, in the order in which they are to be done."),
  })
  .superRefine((plan, context) => {
    plan.prompts.forEach((prompt, index) => {
      for (const earlier of prompt.dependsOn) {
        if (earlier > index) {
          context.addIssue({
            code: "custom",
            message: `prompt ${index + 1} depends on prompt ${earlier}, which does not come before it`,
            path: ["prompts", index, "dependsOn"],
          });
        }
      }
    });
  });
export type Plan = z.infer<typeof Plan>;

/**
 * The bodies of the entries from a request for a plan to the frozen contract. A model or people wrote the plan; an
 * approval is a person's fresh act.
 */
export const planBodies = {
  "plan.proposed": z.strictObject({
    story: IssueNumber,
    revision: z.int().positive(),
    requestedBy: Account,
    request: Source,
    plan: Plan,
    planSha256: Sha256,
    issueSha256: Sha256.describe("The story's title, body and `comments` as the planner saw them."),
    comments: z
      .array(TicketComment)
      .min(1)
      .optional()
      .describe("The comments that are part of the ticket; absent: none."),
    task: FileRef.optional().describe("The task file that the story names, part of the ticket; absent: none."),
    instructions: Instructions,
    route: Route,
    usage: Usage,
    cost: Cost.optional().describe("Absent: the policy had no price for the model."),
    redacted: z.array(Redaction).min(1).optional().describe("What was cut out of the plan."),
    compiled: z
      .enum(["light", "people"])
      .optional()
      .describe("Our host made it from people's text; no model was asked."),
    prompts: z
      .array(WrittenPrompt)
      .min(1)
      .optional()
      .describe("The sub-issues that it was compiled from, in its order."),
  }),
  "plan.failed": z.strictObject({
    story: IssueNumber,
    request: Source,
    ...{ code: z.string(), message: z.string() },
    usage: Usage.optional().describe("Absent: no model was asked, or its work was stopped; older entries lack it."),
    cost: Cost.optional(),
  }),
  "approval.granted": z.strictObject({
    story: IssueNumber,
    revision: z.int().positive(),
    digest: Sha256,
    parts: DigestParts,
    comment: z.int().positive().optional().describe("The comment that approved; absent under a tier."),
    tier: z
      .strictObject({ name: z.literal("light"), request: Source, size: Size })
      .optional()
      .describe("The tier of the policy under which the request itself approves; somebody else passes the change."),
    solo: z.boolean().describe("The approver had asked for the plan; the policy says `separation: solo`."),
  }),
  "contract.frozen": z.strictObject({
    story: IssueNumber,
    revision: z.int().positive(),
    digest: Sha256.describe("The approval this was compiled from; it is used up by this entry."),
    risk: Risk,
    manualTest: z.strictObject({ environment: z.string(), steps: z.array(z.string()) }).nullable(),
    asked: z
      .strictObject({ risk: Risk.nullable(), manualTest: z.boolean() })
      .optional()
      .describe("What the story and its epic say, beside the plan: the highest risk, and a `yes` to a manual test."),
    decisions: z.array(z.string()).optional().describe("Files of decisions that the story names."),
    prompts: z.array(ContractPrompt).min(1),
    master: MasterContract.optional().describe("Only under the contract-first tier."),
  }),
} as const;
