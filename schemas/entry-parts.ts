import * as z from "zod";
import { maxPurged } from "./limits.ts";
import { Attempt, Instruction, Size } from "./step.ts";
import { Account, Sha, Sha256 } from "./text.ts";

/** The number of an issue or pull request. */
export const IssueNumber = z.int().positive();

/** The name of a run. */
export const RunId = z
  .string()
  .regex(/^run-[0-9]+-[0-9]+$/)
  .describe("run-<story>-<count>");

/** A person's act that triggered ours: a comment (by its id), or a label or our bot's assignment (by its event's id). */
export const Source = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("comment"), id: z.int().positive() }),
  z.strictObject({ type: z.literal("label"), id: z.int().positive(), label: z.string() }),
  z.strictObject({ type: z.literal("assignment"), id: z.int().positive() }),
]);
export type Source = z.infer<typeof Source>;

/** A person's comment that is part of a ticket: they had this right when the plan was asked for. */
export const TicketComment = z.strictObject({
  id: z.int().positive(),
  by: Account,
  right: z.enum(["planner", "writer"]),
  sha256: Sha256.describe("Of its text."),
});
export type TicketComment = z.infer<typeof TicketComment>;

/** A file of the default branch that went to a planner or an agent, by its digest. */
export const FileRef = z.strictObject({ path: z.string(), sha256: Sha256.describe("Of its text.") });
export type FileRef = z.infer<typeof FileRef>;

/** Files of the policy's `agents.instructions` that were handed over. */
export const Instructions = z.array(FileRef).min(1).optional().describe("The instructions that it got; absent: none.");

/** The name of a route of the policy, for the planner, for a run's diff prompts or for its reviewer. */
export const Route = z
  .string()
  .optional()
  .describe("The policy's route that the person who commanded, or the story's label, chose; absent: none.");

/** A diff prompt that a person wrote as a sub-issue of a story, as a plan took it. */
export const WrittenPrompt = z.strictObject({
  issue: IssueNumber,
  by: Account,
  sha256: Sha256.describe("Of its title, a line break and its body."),
});
export type WrittenPrompt = z.infer<typeof WrittenPrompt>;

/** The base branch that a person's act or a verdict was given for. */
export const BaseRef = z.string().optional().describe("The branch it was given for; older entries do not tell.");

/** The combined result of third-party checks on a commit. */
export const Ci = z.enum(["pass", "fail", "none"]);

/** The third-party checks on a commit. */
export const Checks = z.array(z.strictObject({ name: z.string(), app: z.string(), conclusion: z.string() }));

/** The fields of every act of a person on a pull request. */
export const act = { pull: IssueNumber, baseRef: BaseRef, comment: z.int().positive() };

/** The fields that identify the attempt of an entry. */
export const step = { run: RunId, story: IssueNumber, prompt: IssueNumber, attempt: Attempt };

/**
 * A claim in a commit's message or a pull request's description about how the change was made: a tool, a model, a
 * session, a prompt. Whoever pushed or wrote it chose every word, nobody checked it, and no gate reads it. Secrets are
 * redacted.
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

/** The state of a person's review of one commit; reviews that only comment are not recorded. */
export const ReviewState = z.enum(["approved", "changes_requested", "dismissed"]);

/**
 * The body of `review.observed`: a person's review as GitHub reported it to the App. It proves that the App saw it
 * there; the person signed nothing, and no gate reads it.
 */
export const ReviewObserved = z.strictObject({
  pull: IssueNumber,
  sha: Sha.describe("The commit that was reviewed."),
  baseRef: z
    .string()
    .describe("The branch that the pull request entered when the review was seen; a review names none itself."),
  review: z.int().positive().describe("The review's id at GitHub: a dismissal has that of what it dismisses."),
  by: Account.describe("Who reviewed, also where somebody else dismissed it."),
  state: ReviewState,
  at: z.iso.datetime().describe("When it was submitted, as GitHub tells it."),
});

/** Purged bodies: from this entry on the ledger has only their digests. */
export const PayloadPurged = z.strictObject({
  digests: z
    .array(z.strictObject({ sha256: Sha256, bytes: z.int().min(0) }))
    .min(1)
    .max(maxPurged),
  reason: z.literal("retention"),
  days: z.int().positive().describe("How long the policy keeps bodies after the last entry that names them."),
  policy: Sha.describe("The blob of the policy file."),
});

/** A reference, by digest, to a large body kept outside the entry: the policy may publish the digest only. */
export const BodyRef = z.strictObject({ sha256: Sha256, bytes: z.int().min(0), mediaType: z.string() });
export type BodyRef = z.infer<typeof BodyRef>;

/** The parts that an approval is bound to. Its digest is the hash of all of them: a change of any part voids it. */
export const DigestParts = z.strictObject({
  plan: Sha256,
  issue: Sha256.describe("The ticket as it stood: title and body, and what else was part of it."),
  base: Sha.describe("The default branch's commit."),
  paths: z.array(z.string()).describe("Every declared path, sorted."),
  policy: Sha.describe("The blob of the policy file."),
  answers: Sha256.optional().describe(
    "People's answers to the plan's questions, which its prompts hold; absent in older entries, whose packs have them.",
  ),
  contract: Sha256.optional().describe("The text of the master contract; absent: the risk takes none."),
});
export type DigestParts = z.infer<typeof DigestParts>;

/** One prompt of a contract: the text an agent will see, frozen at the moment of approval. */
export const ContractPrompt = z.strictObject({
  index: z.int().positive().describe("Place in the plan, from 1."),
  title: z.string(),
  text: z.string(),
  role: z.string(),
  paths: z.array(z.string()).min(1),
  acceptance: z.array(z.string()).min(1),
  evidence: z.array(z.string()),
  dependsOn: z.array(z.int().positive()),
  size: Size.optional().describe("The most that the change may have; absent: the policy's limits alone."),
});
export type ContractPrompt = z.infer<typeof ContractPrompt>;

const FilledHeadings = z
  .array(z.strictObject({ heading: z.string(), filled: z.boolean() }))
  .describe("Of the template, and whether the contract has something below each.");

/**
 * The master contract of a story of the contract-first tier, frozen with its approval. Whoever may push to the default
 * branch wrote the template; a model or people wrote the plan that fills it.
 */
export const MasterContract = z.strictObject({
  version: z.literal(1),
  template: Instruction.describe("As it stood in the approval's base."),
  forbidden: z.array(z.string()).describe("The patterns of what the policy keeps from every agent."),
  headings: FilledHeadings,
  text: z.string().describe("The template, filled. The approval's parts name its SHA-256, and so does each pack."),
});
export type MasterContract = z.infer<typeof MasterContract>;

/** One merged diff prompt of a contract-first story, as the ledger tells of it. */
const DeliveredPrompt = z.strictObject({
  prompt: IssueNumber,
  pull: IssueNumber,
  merged: Sha,
  evidence: Sha256.nullable().describe("The hash of the entry that sealed it; null: nothing was sealed."),
  held: z
    .boolean()
    .describe(
      "The last verdict before the merge was success, and let no forbidden or undeclared path pass by a waiver.",
    ),
  ci: Ci.nullable().describe("What the sealed evidence says of the checks; null: nothing was sealed."),
});

/** What became of a master contract, from the ledger alone; no model is asked. */
export const Conformance = z.strictObject({
  version: z.literal(1),
  contract: Sha256.describe("Of the master contract's text."),
  through: z.int().positive().describe("The number of the last entry that it rests on."),
  headings: FilledHeadings,
  criteria: z.array(
    z.strictObject({
      criterion: z.string(),
      prompts: z.array(IssueNumber).describe("The prompts that name it word for word; empty: none does."),
    }),
  ),
  prompts: z.array(DeliveredPrompt),
  invariants: z.array(z.string()),
  testers: z.array(Account).describe("Whose passing sign-off stands on a merged head; a machine sees no invariant."),
  commands: z.array(
    z.strictObject({
      command: z.string(),
      seen: z.boolean().describe("Our host ran it on what became a merged head, or a check of its name passed there."),
    }),
  ),
});
export type Conformance = z.infer<typeof Conformance>;
