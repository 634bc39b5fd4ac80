import type { Policy } from "../schemas/policy.ts";
import type { Account, Risk } from "../schemas/text.ts";
import type { Known } from "./known.ts";

/** One side of a changed file, as git's tree holds it: `100644`, `100755`, `120000` (symlink) or `160000` (submodule). */
export type FileSide = { mode: string; sha: string };

/**
 * One path that differs between the merge base and the head. Rename detection is off, so a renamed file is
 * two changes: its old path with `after: null` and its new path with `before: null`.
 * Anyone who can push a branch chose the path and the content.
 */
export type Change = {
  path: string;
  before: FileSide | null;
  after: FileSide | null;
  /** Counted from the blobs, never from a patch; 0 for binary files. */
  added: number;
  deleted: number;
  /** Bytes of the added lines, or of the whole new file when it is binary. */
  bytes: number;
  binary: boolean;
};

/** A policy as it was read: the default branch's commit, the blob, and the line of every key by its dotted path. */
export type LoadedPolicy = { ref: string; blob: string; policy: Policy; lines: Record<string, number> };

/** What was found at the policy's path on the default branch; that it could not be read at all is an unknown fact. */
export type PolicyReading =
  | ({ state: "loaded" } & LoadedPolicy)
  | { state: "absent"; ref: string }
  | {
      state: "malformed";
      ref: string;
      blob: string;
      problem: { message: string; line: number; column: number };
    };

/** A JSON evidence file on the head. The author of the change wrote it: a claim, not a fact. */
export type EvidenceFile = { path: string; text: string };

/** What the ledger says about the run behind a pull request; `null` for a pull request that no run made. */
export type RunRecord = {
  run: string;
  story: number;
  prompt: number;
  role: string;
  /** The paths declared in the approved plan. */
  paths: string[];
  risk: Risk;
  needsManualTest: boolean;
  /** Evidence files that the prompt declared it would produce. */
  evidenceFiles: string[];
  /** Who asked for the plan and who submitted the run: they may not sign off their own work under `separation: strict`. */
  requesters: Account[];
};

/** A person's recorded test result on one exact commit. */
export type SignOff = { sha: string; test: string; result: "pass" | "fail"; by: Account; seq: number };

/** One recorded agent answer and the commit that our writer made of it. */
export type EvidenceRecord = { commit: string; tree: string; attempt: string; bundle: string };

/** What the ledger says about one pull request. Only the App's key could have signed it. */
export type PullRecord = { run: RunRecord | null; evidence: EvidenceRecord[]; signOffs: SignOff[] };

/** Everything a verdict depends on. A fact that could not be read is `{ known: false, why }`, never a missing field. */
export type PullFacts = {
  repository: { id: number; name: string };
  /** null when a git directory alone is judged. */
  pull: { number: number; author: Account } | null;
  base: { ref: string; sha: string };
  head: { sha: string };
  defaultBranch: string;
  policy: Known<PolicyReading>;
  mergeBase: Known<string>;
  changes: Known<Change[]>;
  evidenceFiles: Known<EvidenceFile[]>;
  record: Known<PullRecord>;
};
