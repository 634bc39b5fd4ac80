import * as z from "zod";
import { Sha } from "./text.ts";

/**
 * The result of one gate. Only `pass` and `not-applicable` let a change through; `unknown` means a fact could not be
 * read.
 */
export const GateStatus = z.enum(["pass", "fail", "pending", "unknown", "not-applicable"]);
export type GateStatus = z.infer<typeof GateStatus>;

/** Why a gate gave its result: the fact, its location, the policy line it comes from, and the one next step. */
export const Reason = z.strictObject({
  code: z.string().regex(/^[a-z][a-z0-9-]*$/),
  message: z.string(),
  path: z.string().optional().describe("The file concerned, as git stores its name."),
  line: z.int().positive().optional(),
  policyLine: z.int().positive().optional().describe("The line of the policy file that this comes from."),
  next: z
    .strictObject({ step: z.string(), who: z.string() })
    .optional()
    .describe("The one next step and who may take it; on every reason that blocks."),
});
export type Reason = z.infer<typeof Reason>;

/** The result of one gate, with its reasons. */
export const GateResult = z.strictObject({ gate: z.string(), status: GateStatus, reasons: z.array(Reason) });
export type GateResult = z.infer<typeof GateResult>;

/**
 * A verdict, as `sallyport check --json` prints it and App and Action report it: the same facts give the same bytes in
 * all three.
 */
export const Verdict = z.strictObject({
  conclusion: z.enum(["success", "failure", "pending"]),
  base: Sha.describe("The tip of the branch that the change would enter."),
  head: Sha.describe("The exact commit that was judged."),
  policy: z
    .strictObject({
      ref: Sha.describe("The commit of the default branch the policy was read at."),
      blob: Sha,
    })
    .nullable()
    .describe("null when no policy could be read; the conclusion is then never success."),
  engine: z.string().describe("The version of the rules themselves."),
  gates: z.array(GateResult),
  deferred: z.array(z.string()).describe("Gates that this host could not settle and left to the App."),
  draft: z.literal(true).optional().describe("The pull request is a draft: nobody asks for it to be merged yet."),
});
export type Verdict = z.infer<typeof Verdict>;
