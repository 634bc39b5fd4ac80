import type { ContractPrompt } from "../../schemas/entries.ts";
import type { Policy } from "../../schemas/policy.ts";
import type { Pack, StepResult } from "../../schemas/step.ts";
import { type EntryOf, entriesOf, type TypedEntry } from "../entries.ts";
import type { FileSide } from "../facts.ts";
import type { Known } from "../known.ts";
import { isOfAttempt } from "../record/provenance.ts";

/** A large body as it was published. `value` is null if the text is not the canonical form of such a thing. */
export type PublishedBody<T> = { text: string; value: T | null };

/** A commit as git has it, beside the parent that the ledger names. Whoever can write to the clone made its objects. */
export type WrittenCommit = {
  tree: string;
  parents: string[];
  message: string;
  /** What differs from that parent. */
  changes: { path: string; before: FileSide | null; after: FileSide | null }[];
  /** SHA-256 of the content that stands at each path of the answer and of the casefiles; null: no file stands there. */
  files: ReadonlyMap<string, string | null>;
  /** The texts that stood at the casefiles' paths in that parent, where there are casefiles; null: no file stood there. */
  before?: ReadonlyMap<string, string | null>;
};

/** What the git directory of a clone holds of a run; an unknown part is not there. */
export type ReplayGit = {
  /** What stands at the policy's path in the approval's base commit; null: nothing. */
  policyAtBase: Known<FileSide | null>;
  /** The policy of the approval, read by the blob's id. */
  policy: Known<Policy>;
  /** The recorded commits by their ids. */
  commits: ReadonlyMap<string, Known<WrittenCommit>>;
};

/** All that a replay reads besides the entries of a verified ledger. */
export type ReplaySources = {
  /** The repository's name as each entry has it, by the entry's number: it may be renamed in between. */
  names: ReadonlyMap<number, string>;
  /** The published bodies by the digest that names them. */
  packs: ReadonlyMap<string, PublishedBody<Pack>>;
  results: ReadonlyMap<string, PublishedBody<StepResult>>;
  /** Null: the ledger was read from a folder or an archive, which has no git. */
  git: ReplayGit | null;
};

/** The entries that a run rests on, each the last one before the entry that uses it. */
export type RunBasis = {
  run: EntryOf<"run.submitted">;
  contract: EntryOf<"contract.frozen">;
  approval: EntryOf<"approval.granted">;
  plan: EntryOf<"plan.proposed">;
};

/** What the steps of a run are tried again with. */
export type ReplayContext = {
  /** All entries of a verified ledger, oldest first. */
  entries: readonly TypedEntry[];
  basis: RunBasis;
  /** The prompts of the contract that follow from the approved plan, by the issue that was opened for each. */
  prompts: ReadonlyMap<number, ContractPrompt>;
  /** What breaks the attempt protocol, by the number of the entry that does. */
  broken: ReadonlyMap<number, string>;
  /** The bodies that the ledger gave up, each with the number of the entry that says so. */
  purged: ReadonlyMap<string, number>;
  sources: ReplaySources;
};

/** The entry that begins an attempt. */
export type PromptEntry = EntryOf<"prompt.recorded">;

/** The kinds of entry of which an attempt has at most one. */
type AttemptKind = "response.recorded" | "attempt.closed" | "evidence.captured" | "change.committed";

/** The entries that tell of one attempt; undefined: it did not get that far. */
export type AttemptEntries = {
  promptEntry: PromptEntry;
  response: EntryOf<"response.recorded"> | undefined;
  closed: EntryOf<"attempt.closed"> | undefined;
  evidence: EntryOf<"evidence.captured"> | undefined;
  commit: EntryOf<"change.committed"> | undefined;
};

/** Gathers the entries of the attempt that one recorded prompt began. */
export function attemptEntries(entries: readonly TypedEntry[], promptEntry: PromptEntry): AttemptEntries {
  const first = <K extends AttemptKind>(kind: K): EntryOf<K> | undefined =>
    entriesOf(entries, kind).find((entry) => isOfAttempt(entry, promptEntry.body));
  return {
    promptEntry,
    response: first("response.recorded"),
    closed: first("attempt.closed"),
    evidence: first("evidence.captured"),
    commit: first("change.committed"),
  };
}
