import * as z from "zod";
import { Price } from "./policy-agents.ts";
import { Lines, Sha, Sha256 } from "./text.ts";

/** Attempt numbers: R counts revisions of the prompt, S counts tries at one revision. The first attempt is R0/S0. */
export const Attempt = z.strictObject({ r: z.int().min(0), s: z.int().min(0) });
export type Attempt = z.infer<typeof Attempt>;

const pathInTree = z.string().min(1).max(4_096);

/**
 * A file of a story that Sallyport writes itself, in each commit of a run: the approved plan, or the log of its
 * attempts.
 */
export const Casefile = z.strictObject({ name: z.enum(["plan", "log"]), path: pathInTree });
export type Casefile = z.infer<typeof Casefile>;

/** A casefile in one of our commits. */
export const WrittenCasefile = z.strictObject({
  ...Casefile.shape,
  sha256: Sha256.describe("Of the whole file."),
  blob: Sha.describe("The id that git gives it, by which it is known again on a head."),
});
export type WrittenCasefile = z.infer<typeof WrittenCasefile>;

/** The most files and changed lines that the light tier lets one change have. */
export const Size = z.strictObject({ files: z.int().positive(), lines: z.int().positive() });
export type Size = z.infer<typeof Size>;

/**
 * A file of the default branch that the policy names as instructions, with its text: maintainers wrote both, and no
 * change that is under way can steer it.
 */
export const Instruction = z.strictObject({ path: pathInTree, sha256: Sha256, text: z.string() });
export type Instruction = z.infer<typeof Instruction>;

/** What a role's or a phase's card says beside paths. */
const cardText = {
  card: z.string().optional(),
  do: z.array(z.string()).optional(),
  doNot: z.array(z.string()).optional(),
};

/** The phase of the work, as the policy says: what is open and closed in it, and its card. */
export const PhaseCard = z.strictObject({
  name: z.string(),
  allow: z.array(z.string()).optional().describe("All that may change in it; everything when absent."),
  deny: z.array(z.string()),
  ...cardText,
});
export type PhaseCard = z.infer<typeof PhaseCard>;

/** A diff prompt of the story that was merged before: its sub-issue, the commit, and the paths that the run wrote. */
export const EarlierChange = z.strictObject({
  prompt: z.int().positive(),
  title: z.string(),
  merged: Sha,
  files: z.array(pathInTree).describe("Sorted; the first of `of`, if those are too many."),
  of: z.int().min(0),
});
export type EarlierChange = z.infer<typeof EarlierChange>;

const StepBase = {
  version: z.literal(1),
  run: z.string().regex(/^run-[0-9]+-[0-9]+$/),
  story: z.int().positive(),
  prompt: z.int().positive().describe("The issue number of the diff prompt."),
  attempt: Attempt,
  repository: z.string(),
  base: Sha.describe("The commit that the workspace shows and the change is built on."),
  contract: z.string().describe("The approved text, frozen at approval. The agent sees this and nothing newer."),
  role: z.strictObject({
    name: z.string(),
    allow: z.array(z.string()),
    deny: z.array(z.string()),
    ...cardText,
  }),
  phase: PhaseCard.optional().describe("Absent: the policy has no phases."),
  instructions: z.array(Instruction).min(1).optional(),
  paths: z.array(z.string()).min(1).describe("The declared paths; writes outside them are refused."),
  acceptance: Lines.min(1),
  evidence: z.array(z.string()),
  size: Size.optional().describe("The most that the change may have; absent: the policy's limits alone."),
  master: Sha256.optional().describe("Of the master contract's text that the approval names; absent: there is none."),
  casefiles: z
    .array(Casefile)
    .min(1)
    .optional()
    .describe("Files that our host adds to the change; the agent may write none of them."),
  trailers: z.array(z.string()).min(1).optional().describe("The policy's templates for the commit's message."),
  tests: z
    .strictObject({
      patterns: z.array(z.string()).describe("What the policy takes for tests beside what names and folders tell."),
      criteria: Lines.describe("The acceptance criteria of the whole story."),
      earlier: z.array(EarlierChange),
    })
    .optional()
    .describe("The agent writes tests and nothing else, of what the story has changed so far. Absent: it may do both."),
  execution: z
    .strictObject({
      level: z.literal("tests"),
      commands: Lines.describe("The approved plan's verification commands, which our host runs on the answer."),
    })
    .optional()
    .describe("Absent: nothing of the work is run before CI does."),
  limits: z.strictObject({
    runtime: z.int().positive().describe("Seconds."),
    silence: z.int().positive().describe("Seconds."),
    turns: z.int().positive(),
    tokens: z.int().positive(),
  }),
};

/** An agent's input for a first try. Our host wrote it; a person approved the contract text in it. */
export const StepPack = z.strictObject({ ...StepBase, kind: z.literal("step") });
export type StepPack = z.infer<typeof StepPack>;

/** One reason why an attempt was refused: its source, its code, and the file it is about, if any. */
export const Failure = z.strictObject({
  source: z.string(),
  code: z.string(),
  message: z.string(),
  path: z.string().optional(),
});

/** An agent's input for rework: the same step, with what failed. */
export const ReworkPack = z.strictObject({
  ...StepBase,
  kind: z.literal("rework"),
  failures: z.array(Failure).min(1),
  previous: z
    .string()
    .nullable()
    .describe("What the attempt before did, by its own words; null where no commit came of it."),
});
export type ReworkPack = z.infer<typeof ReworkPack>;

/** Either input of an agent. */
export const Pack = z.discriminatedUnion("kind", [StepPack, ReworkPack]);
export type Pack = z.infer<typeof Pack>;

/** A whole file in an agent's answer. `content` is text; `null` deletes the file. */
export const FileWrite = z.strictObject({
  path: pathInTree,
  content: z.string().max(2_000_000).nullable(),
});
export type FileWrite = z.infer<typeof FileWrite>;

/** The model's usage in one attempt, as the service reported it. */
export const Usage = z.strictObject({
  model: z.string(),
  calls: z.int().min(0),
  inputTokens: z.int().min(0),
  outputTokens: z.int().min(0),
  cachedTokens: z.int().positive().optional().describe("How many of `inputTokens` the service had in its cache."),
  cacheWriteTokens: z.int().positive().optional().describe("How many of them it put there."),
  unknownTokens: z
    .int()
    .positive()
    .optional()
    .describe("Written tokens that nobody counted: as many as an answer may have, for calls that broke off."),
});
export type Usage = z.infer<typeof Usage>;

/** What a model's usage cost, by the price that the policy had then. */
export const Cost = z.strictObject({
  micros: z.int().min(0).describe("Millionths of the currency."),
  currency: z.string(),
  price: Price,
});
export type Cost = z.infer<typeof Cost>;

/** An agent's program, with the version that it named itself by before it worked; null: the policy asks for none. */
export const Tool = z.strictObject({ name: z.string(), version: z.string().nullable() });
export type Tool = z.infer<typeof Tool>;

/** A command that our host ran in its sandbox, on the tree that an answer makes, and what came of it. */
export const CommandRun = z.strictObject({
  argv: z.array(z.string()).min(1),
  exit: z.int().nullable().describe("Null: it did not end by itself."),
  stopped: z.string().optional().describe("The limit at which our host ended it."),
  seconds: z.number().min(0),
  output: Sha256.describe("Of all that it printed, in the order in which that came."),
  excerpt: z.string().max(2_000).describe("The end of that, without secrets. The agent's work may have written it."),
});
export type CommandRun = z.infer<typeof CommandRun>;

/** The most characters of a command's output that are kept. */
export const excerptLength = 2_000;
/** The run of a workflow in which a program worked: its id, the workflow's content as git names it, and what its jobs took. */
export const ActionsRun = z.strictObject({
  run: z.int().positive(),
  workflow: Sha,
  seconds: z.number().min(0).describe("Of all its jobs together."),
  minutes: z.int().min(0).optional().describe("As GitHub bills them: each job's begun ones. Older entries lack it."),
});
export type ActionsRun = z.infer<typeof ActionsRun>;

/** What was redacted from a text before it was stored, because it was a secret or looked like one; never the value. */
export const Redaction = z.strictObject({
  rule: z.string().describe("What found it."),
  where: z.string().describe("The part of the answer: `summary`, `questions`, `claims`, `file`, `plan`, `text`."),
  count: z.int().positive(),
});
export type Redaction = z.infer<typeof Redaction>;

/** One redaction in an answer; with the path and line (from 1) if it was in a file. */
export const AnswerRedaction = z.strictObject({
  ...Redaction.shape,
  path: z.string().optional(),
  line: z.int().positive().optional(),
});
export type AnswerRedaction = z.infer<typeof AnswerRedaction>;

/**
 * An agent's answer. Everything in it is the agent's claim: the writer checks the files again, and no gate trusts
 * `claims`.
 */
export const StepResult = z.strictObject({
  version: z.literal(1),
  outcome: z
    .enum(["finished", "stopped", "asked", "failed"])
    .describe(
      "finished: the work is done. stopped: the agent says it must not go on. asked: it needs an answer. failed: no usable answer.",
    ),
  code: z
    .enum([
      "finished",
      "agent-stopped",
      "agent-asked",
      "turns-exceeded",
      "tokens-exceeded",
      "money-exceeded",
      "time-exceeded",
      "silence",
      "cut-off",
      "refused",
      "bad-answer",
      "secret-in-answer",
      "service",
      "cancelled",
      "memory-exceeded",
      "output-exceeded",
      "processes-exceeded",
      "not-accepted",
    ])
    .describe("Why it ended."),
  summary: z.string().max(10_000),
  questions: Lines,
  files: z.array(FileWrite).max(500),
  claims: z
    .array(z.strictObject({ criterion: z.string(), how: z.string() }))
    .max(100)
    .describe("For each acceptance criterion, how the agent says it is met."),
  redacted: z
    .array(AnswerRedaction)
    .min(1)
    .optional()
    .describe("Written by our host and never by the agent: what it cut out of the answer."),
});
export type StepResult = z.infer<typeof StepResult>;

/** A path that a sealed result changes; `blob`: where its content is in the artifact; null: it is deleted. */
const SealedFile = z.strictObject({
  path: pathInTree,
  blob: z.strictObject({ sha256: Sha256, bytes: z.int().min(0) }).nullable(),
});

/**
 * What a run of the workflow says of itself and its program's work, beside the files. Whoever controls the runner wrote
 * it: it counts only as far as it agrees with what was recorded before the run.
 */
export const SealedResult = z.strictObject({
  version: z.literal(1),
  nonce: z.string(),
  pack: Sha256,
  base: Sha,
  run: z.int().positive(),
  result: StepResult.omit({ files: true, redacted: true }),
  files: z.array(SealedFile).max(500),
});
export type SealedResult = z.infer<typeof SealedResult>;
