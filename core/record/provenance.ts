import type { Attempt } from "../../schemas/step.ts";
import { type EntryOf, lastEntry, type TypedEntry } from "../entries.ts";
import { undoneCommits } from "./checkpoints.ts";

/**
 * A contract and the entries it is based on. The App signed each entry; each field says who could have written its
 * content.
 */
export type ContractOrigin = {
  /** The App compiled it from the plan, at the moment of the approval. */
  contract?: EntryOf<"contract.frozen"> | undefined;
  /** The App recorded a comment. It is a person's act only if `actor` is a user: readers must check. */
  approval?: EntryOf<"approval.granted"> | undefined;
  /** A model wrote the plan; a person with the right to plan had asked for it. */
  plan?: EntryOf<"plan.proposed"> | undefined;
};

/** A run at one of its prompts, and the entries it is based on. */
export type RunOrigin = ContractOrigin & {
  /** A person with the right to execute submitted it. */
  submitted?: EntryOf<"run.submitted"> | undefined;
  /** The App opened the prompt's issue; anyone with write access can edit the issue, and nothing is read from it. */
  opened?: EntryOf<"prompt.opened"> | undefined;
};

/** The origin of a commit: all entries that led to it, back to the plan. A link is absent where the ledger lacks it. */
export type Provenance = RunOrigin & {
  /** The App wrote the commit to the branch, from the answer. */
  written?: EntryOf<"change.committed"> | undefined;
  /** The App bundled the evidence when it accepted the answer. */
  captured?: EntryOf<"evidence.captured"> | undefined;
  /** The App ran the verification commands on the answer; absent too where none was to be run. */
  verified?: EntryOf<"verification.recorded"> | undefined;
  /** A model gave the answer and chose its outcome, code and paths. */
  answer?: EntryOf<"response.recorded"> | undefined;
  /** The App made the prompt, from the contract and the policy. */
  asked?: EntryOf<"prompt.recorded"> | undefined;
};

/**
 * Follows a commit back to its sources. Each link was recorded before the one that names it; the walk ends at the first
 * missing link. A commit that a rollback removed has no origin: on a branch again, it is a foreign commit. Pass the
 * entries of our own store, or of a verified chain.
 */
export function provenanceOf(entries: readonly TypedEntry[], commit: string): Provenance {
  const written = lastEntry(entries, "change.committed", ({ body }) => body.commit === commit);
  if (written === undefined || undoneCommits(entries).has(commit)) return {};
  const isSame = (entry: TypedEntry) => isOfAttempt(entry, written.body);
  const captured = lastEntry(entries, "evidence.captured", isSame, written.seq);
  if (captured === undefined) return { written };
  const { promptSha256, responseSha256 } = captured.body;
  const isAnswer = (entry: EntryOf<"response.recorded">) =>
    isSame(entry) && entry.body.result.sha256 === responseSha256;
  const answer = lastEntry(entries, "response.recorded", isAnswer, captured.seq);
  if (answer === undefined) return { written, captured };
  const isPrompt = (entry: EntryOf<"prompt.recorded">) => isSame(entry) && entry.body.pack.sha256 === promptSha256;
  const asked = lastEntry(entries, "prompt.recorded", isPrompt, answer.seq);
  if (asked === undefined) return { written, captured, answer };
  const verified = lastEntry(
    entries,
    "verification.recorded",
    (entry) => isSame(entry) && entry.body.result === responseSha256,
    captured.seq,
  );
  return { written, captured, verified, answer, asked, ...runOrigin(entries, written.body, asked.seq) };
}

/** The origin of a run at one of its prompts; with `before`, only entries before that sequence number. */
export function runOrigin(
  entries: readonly TypedEntry[],
  { run, prompt }: { run: string; prompt: number },
  before?: number,
): RunOrigin {
  const isRun = ({ body }: EntryOf<"run.submitted">) => body.run === run && body.prompts.includes(prompt);
  const submitted = lastEntry(entries, "run.submitted", isRun, before);
  if (submitted === undefined) return {};
  const origin = contractOrigin(entries, submitted.body, submitted.seq);
  const { story, revision } = origin.contract?.body ?? {};
  const isIssue = ({ body }: EntryOf<"prompt.opened">) =>
    body.story === story && body.revision === revision && body.issue === prompt;
  const opened = lastEntry(entries, "prompt.opened", isIssue, submitted.seq);
  return { submitted, opened, ...origin };
}

/**
 * A story's contract with a digest, and the entries it is based on. Both must match: two stories with the same text
 * have contracts with the same digest, and a story has a contract for each approved plan.
 */
export function contractOrigin(
  entries: readonly TypedEntry[],
  { story, digest }: { story: number; digest: string },
  before?: number,
): ContractOrigin {
  const isNamed = ({ body }: { body: { story: number; digest: string } }) =>
    body.story === story && body.digest === digest;
  const contract = lastEntry(entries, "contract.frozen", isNamed, before);
  if (contract === undefined) return {};
  const approval = lastEntry(entries, "approval.granted", isNamed, contract.seq);
  const isPlan = ({ body }: EntryOf<"plan.proposed">) =>
    body.story === story && body.revision === contract.body.revision;
  const plan = lastEntry(entries, "plan.proposed", isPlan, contract.seq);
  return { contract, approval, plan };
}

/**
 * The story, or issue of the light tier, other than this one that an issue was opened for as a prompt; undefined: none.
 * Attempts and commits are named by their prompt's number, so no issue is in the contracts of two.
 */
export function otherStoryOf(entries: readonly TypedEntry[], issue: number, story: number): number | undefined {
  return lastEntry(entries, "prompt.opened", ({ body }) => body.issue === issue && body.story !== story)?.body.story;
}

/** Whether an entry belongs to this attempt. */
export function isOfAttempt(
  { body }: TypedEntry,
  { run, prompt, attempt }: { run: string; prompt: number; attempt: Attempt },
): boolean {
  if (!("attempt" in body)) return false;
  const { r, s } = body.attempt;
  return body.run === run && body.prompt === prompt && r === attempt.r && s === attempt.s;
}

/**
 * The head at which a pull request was merged, else last judged; undefined: the ledger has neither. Anyone who can push
 * to its branch chose the commit.
 */
export function knownHead(entries: readonly TypedEntry[], pull: number): string | undefined {
  const ofPull = ({ body }: { body: { pull: number } }) => body.pull === pull;
  const last = lastEntry(entries, "merge.observed", ofPull) ?? lastEntry(entries, "verdict.given", ofPull);
  return last?.body.head;
}
