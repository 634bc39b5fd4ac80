import * as z from "zod";
import { duties } from "./policy-values.ts";
import { Account, Sha } from "./text.ts";

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
  deferred: z.array(z.string()).describe("Gates that need more than the commits, and are judged on the pull request."),
  draft: z.literal(true).optional().describe("The pull request is a draft: nobody asks for it to be merged yet."),
});
export type Verdict = z.infer<typeof Verdict>;

/** A fact that was read, or why it was not. */
function known<T extends z.ZodType>(value: T) {
  return z.discriminatedUnion("known", [
    z.strictObject({ known: z.literal(true), value }),
    z.strictObject({ known: z.literal(false), why: z.string(), step: z.exactOptional(z.string()) }),
  ]);
}

const Permission = known(
  z.strictObject({
    role: z.enum(["none", "read", "triage", "write", "maintain", "admin"]),
    duties: z.array(z.enum(duties)),
  }),
);

/**
 * The part of a verdict's facts that only GitHub told: git has the content and the ledger the rest, so these three give
 * the verdict again. Our App read it and its entry names its digest; people wrote title, text, reviews and uploads,
 * workflows the checks and artifacts.
 */
export const GivenFacts = z.strictObject({
  version: z.literal(1),
  engine: Verdict.shape.engine,
  repository: z.strictObject({ id: z.int(), name: z.string() }),
  pull: z.strictObject({
    number: z.int().positive(),
    author: Account,
    title: z.string(),
    body: z.string(),
    labels: z.array(z.string()),
    draft: z.exactOptional(z.literal(true)),
  }),
  baseRef: z.string(),
  retargetedAt: known(z.string().nullable()),
  defaultBranch: z.string(),
  authorPermission: Permission,
  day: z.iso.date(),
  reviews: known(
    z.array(
      z.strictObject({
        id: z.int(),
        by: Account,
        state: z.enum(["approved", "changes_requested", "commented", "dismissed"]),
        sha: z.string().nullable(),
        at: z.string(),
        permission: Permission,
      }),
    ),
  ),
  checks: known(
    z.array(
      z.strictObject({
        id: z.int(),
        suite: z.int(),
        name: z.string(),
        app: z.string(),
        status: z.string(),
        conclusion: z.string().nullable(),
      }),
    ),
  ),
  attachments: known(
    z.strictObject({
      headAt: z.string().nullable(),
      textAt: z.string(),
      artifacts: z.array(
        z.strictObject({
          name: z.string(),
          digest: z.string().nullable(),
          expired: z.boolean(),
          workflow: z.string(),
          reports: z.exactOptional(z.record(z.string(), known(z.string()))),
        }),
      ),
      comments: z.array(
        z.strictObject({
          by: Account,
          files: z.int(),
          at: z.string(),
          edited: z.boolean(),
          viaApp: z.boolean(),
          permission: Permission,
        }),
      ),
      schemaProblems: z.array(z.strictObject({ path: z.string(), schema: z.string(), problem: z.string() })),
    }),
  ),
});
export type GivenFacts = z.infer<typeof GivenFacts>;
