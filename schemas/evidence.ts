import * as z from "zod";
import { Checks, Ci, Claim, ReviewState } from "./entry-parts.ts";
import { ActionsRun, Attempt, CommandRun, Cost, Tool, Usage, WrittenCasefile } from "./step.ts";
import { Account, Moment, Sha, Sha256 } from "./text.ts";

const Hash = Sha256.describe("The hash of a ledger entry.");

/** Whether the merged change is the judged one, and how that is known. */
export const MergedChange = z
  .enum(["same-tree", "same-patch", "another", "not-compared"])
  .describe(
    "same-tree: the merged commit has the judged head's very tree. same-patch: its change has the same patch-id. another: neither. not-compared: the trees differ, and there was no clone to compare the changes in.",
  );
export type MergedChange = z.infer<typeof MergedChange>;

const Merge = z.strictObject({
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
});

const reviews = z
  .array(
    z.strictObject({
      by: Account,
      state: ReviewState,
      at: z.iso.datetime(),
      baseRef: z.string(),
      entry: Hash,
    }),
  )
  .describe(
    "What people said about this commit by reviews, oldest first, as GitHub told it; none of them signed it. A dismissed review is there twice.",
  );

/** The last fields of both kinds of bundle. */
const afterwards = {
  reviews,
  merge: Merge.nullable().describe("null until a merge was observed."),
  entries: z
    .array(z.strictObject({ seq: z.int().positive(), kind: z.string(), sha256: Hash }))
    .min(1)
    .describe("The ledger's entries that it was assembled from, oldest first."),
};

/**
 * An evidence bundle: our host's records of the attempt that became a pull request's head, assembled from
 * the ledger's entries. Fields that only sealing sets are null until it is sealed.
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
  casefiles: z
    .array(WrittenCasefile)
    .min(1)
    .optional()
    .describe("What our host added to the agent's files in the commit."),
  usage: Usage.describe("The model that answered, and what it used."),
  cost: Cost.optional().describe("What that cost; absent: the policy had no price for the model."),
  seconds: z.number().min(0),
  tool: Tool.optional().describe("The program that worked with the model; absent: Sallyport's own agent."),
  actions: ActionsRun.optional().describe("The workflow's run in which it worked; absent: the service's machine."),
  verification: z
    .array(CommandRun)
    .min(1)
    .optional()
    .describe("The verification commands that our host ran on the answer, after the installation; absent: none was."),
  pull: z.int().positive(),
  pullUrl: z.url(),
  commit: Sha,
  tree: Sha,
  ci: Ci.nullable(),
  checks: Checks.nullable(),
  validator: z.enum(["pass", "fail"]).nullable(),
  verdictSha256: Sha256.nullable().describe("The verdict it was sealed under."),
  at: Moment.describe("When it was captured or, once it is, sealed."),
  ...afterwards,
});
export type EvidenceBundle = z.infer<typeof EvidenceBundle>;

/**
 * The bundle of an adopted head: our host's records of a change that it did not see being made. It has no prompt and no
 * answer; only `claims` say how the change was made, and nobody checked them.
 */
export const AdoptionBundle = z.strictObject({
  bundle: Hash.describe("The hash of the entry that sealed it; of the adoption while none has."),
  state: z.literal("adopted"),
  prompt: z.null().describe("No prompt was recorded for these commits, and so no answer and no model either."),
  run: z
    .string()
    .nullable()
    .describe("The run to whose branch others pushed them; null where no run made the pull request."),
  story: z
    .int()
    .positive()
    .nullable()
    .describe("The story that the person named for it, whose approved plan it had to stay inside."),
  digest: Sha256.nullable().describe("Of that story's approved contract."),
  pull: z.int().positive(),
  pullUrl: z.url(),
  author: Account.nullable().describe("Who opened the pull request, as GitHub told it."),
  commit: Sha,
  tree: Sha.nullable().describe("null where the entry is of an older version."),
  adoptions: z
    .array(
      z.strictObject({
        by: Account,
        commits: z.array(Sha).min(1),
        reason: z.string(),
        comment: z.int().positive(),
        at: Moment,
      }),
    )
    .min(1)
    .describe("All of this pull request up to that of its head; earlier ones may tell of commits that are gone."),
  claims: z.array(Claim).describe("What the adopted commits and the description say of themselves: never evidence."),
  ci: Ci.nullable(),
  checks: Checks.nullable(),
  verdictSha256: Sha256.nullable().describe("The success it was sealed under; null until it is."),
  at: Moment.describe("When it was adopted or, once it is, sealed."),
  ...afterwards,
});
export type AdoptionBundle = z.infer<typeof AdoptionBundle>;

/** Either kind of bundle, as `ledger bundle` prints it; `state` tells which. */
export const Bundle = z.discriminatedUnion("state", [EvidenceBundle, AdoptionBundle]);
export type Bundle = z.infer<typeof Bundle>;
