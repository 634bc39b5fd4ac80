import type { Account, Risk } from "../schemas/text.ts";

/** The ledger's record of the run that made a pull request; `null` when no run made it. */
export type PullRun = {
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
  /** A person's approval of the run's contract; null: none. `light`: their request itself, within that tier's limits. */
  approval: { digest: string; by: Account; seq: number; light?: { files: number; lines: number } } | null;
  /** Prompts that this one builds on, and whether each is merged. */
  dependsOn: { prompt: number | null; title: string; merged: boolean }[];
  /** Paths that unmerged prompts declare: a file that a rule requires may come with one of them. */
  laterPaths: string[];
  /** The decision files that the story names. */
  decisions: string[];
  /** What other prompts of the story added before: pull requests merged, or open and opened earlier. null: not counted. */
  added?: { pull: number; size: { files: number; lines: number } | null }[];
  /** Who asked for the plan, submitted a run or answered an agent: under `separation: strict` they sign off nothing. */
  requesters: Account[];
  /** The casefiles in our last commit on the run's branch; absent: none. */
  casefiles?: { path: string; blob: string }[];
};

/** A person's act on a pull request: its time, and the base branch it is for. */
export type GivenAct = {
  /** The base branch at that time, by its short name; null where it was not recorded. */
  baseRef: string | null;
  /** RFC 3339: when it was recorded, or written where there is no ledger. */
  at: string;
};

/** A person's recorded test result on one exact commit. */
export type SignOff = GivenAct & {
  sha: string;
  test: string;
  result: "pass" | "fail";
  by: Account;
  seq: number;
};

/** A comment that was meant as a sign-off and does not count. Anyone who can comment wrote it; `mayWrite`: a writer. */
export type UnheardSignOff = { by: Account; comment: number; why: string; mayWrite: boolean };

/** One recorded agent answer and the commit that we wrote from it. */
export type EvidenceRecord = { commit: string; tree: string; attempt: string; bundle: string };

/** A person's exception to one gate on one commit, in force until the end of a day (UTC, `2026-12-31`). */
export type Waiver = GivenAct & {
  gate: string;
  sha: string;
  until: string;
  reason: string;
  by: Account;
  seq: number;
};

/** Commits that no run made, and the person who adopted them. It does not show who wrote them, or how. */
export type Adoption = GivenAct & { commits: string[]; reason: string; by: Account; seq: number };

/**
 * The approved plan that a change was adopted for, as the adopting person stated. It only adds requirements: nothing
 * shows that the author saw the plan.
 */
export type AdoptedPlan = {
  story: number;
  /** The digest of the approved contract. */
  digest: string;
  /** The paths that all prompts of the plan declare. */
  paths: string[];
  risk: Risk;
  needsManualTest: boolean;
  approval: { by: Account; seq: number };
  /** Who asked for the plan. */
  requesters: Account[];
};

/** An open question, block or risk: work stops until a person answers it. */
export type Stop = { code: string; message: string; issue: number | null; by: string; seq: number };

/** A commit that holds a run's work, itself or as a copy; `pull` is the run's own pull request, null: there is none. */
export type HeldCommit = { commit: string; run: string; prompt: number; pull: number | null };

/** The ledger's record of one pull request. Only the App's key could have signed it. */
export type PullRecord = {
  /** The run that made the change; also in a pull request of others that holds the run's work. */
  run: PullRun | null;
  /** Where a pull request of others holds the run's work; absent in the run's own. */
  held?: HeldCommit;
  /** The work of other prompts than the run's; absent: none. */
  others?: HeldCommit[];
  evidence: EvidenceRecord[];
  signOffs: SignOff[];
  /** Only where sign-offs are read from comments; absent: none. The newest first. */
  unheard?: UnheardSignOff[];
  waivers: Waiver[];
  adoptions: Adoption[];
  /** Only for a change that no run made; absent where no adoption named a story. */
  adoptedFor?: AdoptedPlan;
  stops: Stop[];
  /** The policy pins keys and the repository has no ledger: only the App could record a sign-off, and it has not begun. */
  lacksApp?: true;
};
