import type { Advice, AdvicePack } from "../../schemas/advice.ts";
import type { ContractPrompt } from "../../schemas/entry-parts.ts";
import type { Policy } from "../../schemas/policy.ts";
import type { ReworkReport } from "../../schemas/rework.ts";
import type { Instruction, Pack, StepResult } from "../../schemas/step.ts";
import type { GivenFacts } from "../../schemas/verdict.ts";
import { type EntryOf, entriesOf, type TypedEntry } from "../entries.ts";
import type { FileSide, PullFacts } from "../facts.ts";
import type { Known } from "../known.ts";
import { isOfAttempt } from "../record/provenance.ts";

/** A large body as it was published. `value` is null if the text is not a valid body in canonical form. */
export type PublishedBody<T> = { text: string; value: T | null };

/**
 * A commit in git, compared with the parent that the ledger names. Anyone who can write to the clone made its objects.
 */
export type WrittenCommit = {
  tree: string;
  parents: string[];
  message: string;
  /** The changes from that parent. */
  changes: { path: string; before: FileSide | null; after: FileSide | null }[];
  /** SHA-256 of the content at each path of the answer and of the casefiles; null: no file. */
  files: ReadonlyMap<string, string | null>;
  /** The texts at the casefiles' paths in that parent, if there are casefiles; null: no file. */
  before?: ReadonlyMap<string, string | null>;
};

/** The data of a run in a clone's git directory; an unknown part is missing there. */
export type ReplayGit = {
  /** The file at the policy's path in the approval's base commit; null: none. */
  policyAtBase: Known<FileSide | null>;
  /** The policy of the approval, read by its blob id. */
  policy: Known<Policy>;
  /** The files that this policy names as instructions, as they stand in the approval's base. */
  instructions: Known<Instruction[]>;
  /** The file that it names as the template of master contracts, as it stands there; null: it names none, or no text. */
  template: Known<Instruction | null>;
  /** The recorded commits by their ids. */
  commits: ReadonlyMap<string, Known<WrittenCommit>>;
  /** The facts of the run's verdicts, by their entries' sequence numbers; those without published facts are absent. */
  judged: ReadonlyMap<number, Known<PullFacts>>;
};

/** The inputs of a replay besides the entries of a verified ledger. */
export type ReplaySources = {
  /** The repository's name at each entry, by its sequence number: it may be renamed in between. */
  names: ReadonlyMap<number, string>;
  /** The published bodies by the digest that names them. */
  packs: ReadonlyMap<string, PublishedBody<Pack>>;
  results: ReadonlyMap<string, PublishedBody<StepResult>>;
  reports: ReadonlyMap<string, PublishedBody<ReworkReport>>;
  advicePacks: ReadonlyMap<string, PublishedBody<AdvicePack>>;
  advices: ReadonlyMap<string, PublishedBody<Advice>>;
  given: ReadonlyMap<string, PublishedBody<GivenFacts>>;
  /** Null: the ledger was read from a folder or an archive, which has no git. */
  git: ReplayGit | null;
};

/** The entries that a run is based on, each the last one before the entry that uses it. */
export type RunBasis = {
  run: EntryOf<"run.submitted">;
  contract: EntryOf<"contract.frozen">;
  approval: EntryOf<"approval.granted">;
  plan: EntryOf<"plan.proposed">;
};

/** The input of a replay's steps. */
export type ReplayContext = {
  /** All entries of a verified ledger, oldest first. */
  entries: readonly TypedEntry[];
  basis: RunBasis;
  /** The prompts derived from the approved plan, by the issue that was opened for each. */
  prompts: ReadonlyMap<number, ContractPrompt>;
  /** Violations of the attempt protocol, by the entry's sequence number. */
  broken: ReadonlyMap<number, string>;
  /** The purged bodies, each with the sequence number of the entry that records it. */
  purged: ReadonlyMap<string, number>;
  sources: ReplaySources;
};

/** The entry that begins an attempt. */
export type PromptEntry = EntryOf<"prompt.recorded">;

/** The kinds of entry that an attempt has at most once. */
type AttemptKind =
  | "response.recorded"
  | "verification.recorded"
  | "attempt.closed"
  | "evidence.captured"
  | "change.committed"
  | "advice.asked"
  | "advice.given";

/** The entries of one attempt; undefined: it did not get that far. */
export type AttemptEntries = {
  promptEntry: PromptEntry;
  response: EntryOf<"response.recorded"> | undefined;
  verification: EntryOf<"verification.recorded"> | undefined;
  closed: EntryOf<"attempt.closed"> | undefined;
  evidence: EntryOf<"evidence.captured"> | undefined;
  commit: EntryOf<"change.committed"> | undefined;
  adviceAsked: EntryOf<"advice.asked"> | undefined;
  advice: EntryOf<"advice.given"> | undefined;
};

/** Collects the entries of the attempt that a recorded prompt began. */
export function attemptEntries(entries: readonly TypedEntry[], promptEntry: PromptEntry): AttemptEntries {
  const first = <K extends AttemptKind>(kind: K): EntryOf<K> | undefined =>
    entriesOf(entries, kind).find((entry) => isOfAttempt(entry, promptEntry.body));
  return {
    promptEntry,
    response: first("response.recorded"),
    verification: first("verification.recorded"),
    closed: first("attempt.closed"),
    evidence: first("evidence.captured"),
    commit: first("change.committed"),
    adviceAsked: first("advice.asked"),
    advice: first("advice.given"),
  };
}
