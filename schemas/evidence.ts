import * as z from "zod";
import { Attempt, Usage } from "./step.ts";
import { Account, Lines, Moment, Sha, Sha256 } from "./text.ts";

const Hash = Sha256.describe("The hash of a ledger entry.");

/** Whether what was merged is what was judged, and how that is known. */
export const MergedChange = z
  .enum(["same-tree", "same-patch", "another", "not-compared"])
  .describe(
    "same-tree: the merged commit has the judged head's very tree. same-patch: its change has the same patch-id. another: neither. not-compared: the trees differ, and there was no clone to compare the changes in.",
  );
export type MergedChange = z.infer<typeof MergedChange>;

/**
 * An evidence bundle (features A5): what our host saw of the attempt that became a pull request's head, assembled from the
 * ledger's entries. What only sealing tells is null while it is merely captured.
 */
export const EvidenceBundle = z.strictObject({
  bundle: Hash.describe("The hash of the entry that sealed it; of the one that captured it while none has."),
  state: z.enum(["captured", "sealed"]),
  story: z.int().positive(),
  prompt: z.int().positive(),
  run: z.string(),
  attempt: Attempt,
  role: z.string(),
  base: Sha.describe("The commit that the attempt started from."),
  promptSha256: Sha256,
  rawPrompt: z.string().nullable().describe("null where only digests are exported."),
  responseSha256: Sha256,
  rawResponse: z.string().nullable().describe("The agent's words, and data everywhere they are shown."),
  files: z.array(z.strictObject({ path: z.string(), sha256: Sha256.nullable() })),
  usage: Usage.describe("The model that answered, and what it used."),
  seconds: z.number().min(0),
  pull: z.int().positive(),
  pullUrl: z.url(),
  commit: Sha,
  tree: Sha,
  ci: z.enum(["pass", "fail", "none"]).nullable(),
  checks: z.array(z.strictObject({ name: z.string(), app: z.string(), conclusion: z.string() })).nullable(),
  validator: z.enum(["pass", "fail"]).nullable(),
  verdictSha256: Sha256.nullable().describe("The verdict it was sealed under."),
  at: Moment.describe("When it was captured or, once it is, sealed."),
  merge: z
    .strictObject({
      commit: Sha,
      tree: Sha,
      judged: z.boolean().describe("The last verdict on the judged head was success."),
      by: Account.nullable(),
      at: Moment.describe("When the merge was observed."),
      change: MergedChange,
      patchIds: z
        .strictObject({ judged: Sha, merged: Sha })
        .nullable()
        .describe("As `git patch-id --verbatim` gives them; null where they were not compared."),
    })
    .nullable()
    .describe("null until a merge was observed."),
  entries: z
    .array(z.strictObject({ seq: z.int().positive(), kind: z.string(), sha256: Hash }))
    .min(1)
    .describe("The ledger's entries that it was assembled from, oldest first."),
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
