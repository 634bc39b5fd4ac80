import * as z from "zod";
import { Risk } from "./risk.ts";
import { Lines, Moment } from "./text.ts";

const IssueNumber = z.int().positive();

/** An epic (features A1): why. An issue with the label `epic`; its stories are its sub-issues. */
export const Epic = z.strictObject({
  epic: IssueNumber,
  title: z.string(),
  description: z.string(),
  owner: z.string().describe("The login of its author or assignee."),
  createdAt: Moment,
  status: z.enum(["draft", "active", "complete", "archived"]),
  decisions: z.array(z.string()).describe("Paths of linked decision records."),
  stories: z.array(IssueNumber),
  risk: Risk,
});
export type Epic = z.infer<typeof Epic>;

/** A story (features A2): what. An issue with the label `story`; its diff prompts are its sub-issues. */
export const Story = z.strictObject({
  story: IssueNumber,
  epic: IssueNumber,
  title: z.string(),
  description: z.string(),
  acceptance: Lines.min(1),
  owner: z.string(),
  status: z.enum(["draft", "ready", "executing", "blocked", "manual_test", "complete"]),
  decisions: z.array(z.string()).min(1),
  prompts: z.array(IssueNumber),
  needsManualTest: z.boolean(),
  risk: Risk,
});
export type Story = z.infer<typeof Story>;

/** A diff prompt (features A3): how. One reviewable change, one branch, one pull request. */
export const DiffPrompt = z.strictObject({
  prompt: IssueNumber,
  story: IssueNumber,
  objective: z.string().describe("One sentence."),
  inputs: Lines,
  nonGoals: Lines.min(1),
  acceptance: Lines.min(1),
  output: Lines.min(1),
  dependencies: z.array(IssueNumber),
  status: z.enum(["draft", "queued", "submitted", "succeeded", "failed"]),
  run: z.string().nullable(),
  evidence: z.string().nullable().describe("The hash of the entry that sealed its evidence."),
});
export type DiffPrompt = z.infer<typeof DiffPrompt>;

/** A run (features A4): one submission of ordered diff prompts. */
export const Run = z.strictObject({
  run: z.string().regex(/^run-[0-9]+-[0-9]+$/),
  submittedBy: z.string(),
  submittedAt: Moment,
  mode: z.enum(["stop_on_failure", "independent"]),
  prompts: z.array(IssueNumber).min(1),
  status: z.enum(["running", "failed", "succeeded", "cancelled"]),
});
export type Run = z.infer<typeof Run>;
