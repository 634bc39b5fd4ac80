import * as z from "zod";
import { Attempt, Usage } from "./step.ts";
import { Lines, Moment, Sha, Sha256 } from "./text.ts";

/** An evidence bundle (features A5): what our host saw of one attempt, assembled from the ledger's entries. */
export const EvidenceBundle = z.strictObject({
  bundle: Sha256.describe("The hash of the entry that sealed it."),
  prompt: z.int().positive(),
  run: z.string(),
  attempt: Attempt,
  role: z.string(),
  promptSha256: Sha256,
  rawPrompt: z.string().nullable().describe("null where only digests are exported."),
  responseSha256: Sha256,
  rawResponse: z.string().nullable(),
  files: z.array(z.strictObject({ path: z.string(), sha256: Sha256.nullable() })),
  usage: Usage,
  seconds: z.number().min(0),
  pullUrl: z.url(),
  commit: Sha,
  tree: Sha,
  ci: z.enum(["pass", "fail", "none"]),
  validator: z.enum(["pass", "fail"]),
  at: Moment,
});
export type EvidenceBundle = z.infer<typeof EvidenceBundle>;

/** A manual test record (features A6): a person's result on one exact commit. */
export const ManualTest = z.strictObject({
  test: z.string(),
  story: z.int().positive(),
  commit: Sha,
  environment: z.string(),
  tester: z.string(),
  steps: Lines,
  result: z.enum(["pass", "fail"]),
  notes: z.string(),
  signedAt: Moment,
  entry: Sha256.describe("The hash of the signed entry that records it."),
});
export type ManualTest = z.infer<typeof ManualTest>;
