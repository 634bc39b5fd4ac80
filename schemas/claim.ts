import * as z from "zod";

/**
 * What a commit's message or a pull request's description says of how the change was made: a tool, a model, a session, a
 * prompt. Whoever pushed or wrote it chose every word, nobody checked it, and no gate reads it. Secrets are cut out.
 */
export const Claim = z.strictObject({
  source: z
    .string()
    .regex(/^(?:description|commit (?:[0-9a-f]{40}|[0-9a-f]{64}))$/)
    .describe("`description`, or `commit` and its full id."),
  name: z.string().min(1).max(60).describe("In lower case, joined by `-`, such as `co-authored-by`."),
  value: z.string().min(1).max(1_000),
});
export type Claim = z.infer<typeof Claim>;
