import * as z from "zod";
import { Lines, Risk } from "./text.ts";

/** One line or a list of them, as people write either. */
const lines = z.union([Lines, z.string().transform((text) => [text])]).default([]);

/** A mission: what is wanted, within which bounds, and how it is known to be done. */
const Mission = z.looseObject({ intent: z.string(), constraints: lines, success_criteria: lines });

/**
 * A governed repository's own record of a task, `tasks/<id>/meta.yml`: what Sallyport reads of it. Other keys are other
 * tools' and stay unread. Whoever may push to the default branch wrote it.
 */
export const Task = z.looseObject({
  phase: z.string().optional(),
  owner_role: z.string().optional(),
  risk: Risk.optional(),
  touches: lines,
  invariants: lines,
  decisions: lines,
  acceptance: lines,
  verification: lines,
  status: z.string().optional(),
  mission: Mission.optional(),
});
export type Task = z.infer<typeof Task>;
