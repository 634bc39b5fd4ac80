import * as z from "zod";
import { Attempt } from "./step.ts";

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

/** What every act of a person on a pull request tells. */
export const act = { pull: IssueNumber, baseRef: BaseRef, comment: z.int().positive() };

/** What every entry of one attempt tells: whose it is. */
export const step = { run: RunId, story: IssueNumber, prompt: IssueNumber, attempt: Attempt };
