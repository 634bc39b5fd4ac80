import type { Source } from "../schemas/entry-parts.ts";
import type { Policy } from "../schemas/policy.ts";
import type { Duty } from "../schemas/policy-values.ts";
import type { Account, Risk } from "../schemas/text.ts";
import type { Artifact, SchemaProblem } from "./attachments.ts";
import type { BadCommand, Command } from "./commands.ts";
import type { Known, Unread } from "./known.ts";
import type { PolicyProblems, YamlReading } from "./yaml.ts";

/** One side of a changed file, as in git's tree: `100644`, `100755`, `120000` (symlink) or `160000` (submodule). */
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
  /** An entry of the head that some systems take for this new file, or for a new folder that it is in; absent: none. */
  twin?: string;
  /** Why its content was not read: the counts are then the least that they can be, and `binary` says nothing. */
  uncounted?: Unread;
};

/**
 * A policy that was read: the default branch's commit, the blob, and the line of every key by its dotted path.
 * `isRepair`: it is the last valid one of that branch, which judges a change that brings a valid one again.
 */
export type LoadedPolicy = {
  ref: string;
  blob: string;
  policy: Policy;
  lines: Record<string, number>;
  isRepair?: true;
};

/**
 * What the default branch has at the policy's path. A policy that could not be read is an unknown fact. `removedBy` is
 * the commit that took it away; null if there never was one.
 */
export type PolicyReading =
  | ({ state: "loaded" } & LoadedPolicy)
  | { state: "absent"; ref: string; removedBy: string | null }
  | {
      state: "malformed";
      ref: string;
      blob: string;
      problems: PolicyProblems;
    };

/**
 * The content of a path in one commit. Links are not followed: `target` is what one says. Only text is read.
 * `yaml` is present for a file whose name ends in `.yml` or `.yaml`: the text as other tools read it.
 */
export type Content =
  | { state: "absent" }
  | { state: "text"; text: string; yaml?: YamlReading }
  | { state: "opaque"; why: "binary" | "too-large" | "link" | "submodule"; target?: string };

/**
 * A file that a gate asked to read, at the merge base and at the head. The author of the change wrote the head's
 * content.
 */
export type FileText = { path: string; before: Content; after: Content };

/** A commit between base and head. Anyone who can push wrote the message and chose every name in it. */
export type CommitFact = { sha: string; parents: string[]; tree: string; message: string };

/** A secret that was found, without quoting it. `path` and `line` are null where it was found outside a file. */
export type SecretFinding = {
  rule: string;
  where: "file" | "file-name" | "commit-message" | "title" | "description";
  commit: string | null;
  path: string | null;
  line: number | null;
};

/** A person's review, with the commit they looked at and what they may do here. */
export type ReviewFact = {
  id: number;
  by: Account;
  state: "approved" | "changes_requested" | "commented" | "dismissed";
  sha: string | null;
  /** RFC 3339. */
  at: string;
  permission: Known<Permission>;
};

/** A review as GitHub lists it, before the reviewer's permission was read. */
export type SeenReview = Omit<ReviewFact, "permission">;

/**
 * A check on the head; `app` is the slug of the App that made it, from GitHub. Each run of a workflow has a check suite
 * of its own, and within one a higher `id` is a later attempt.
 */
export type CheckFact = {
  id: number;
  suite: number;
  name: string;
  app: string;
  status: string;
  conclusion: string | null;
};

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

/** What people wrote of a pull request. `draft`: nobody asks for it to be merged yet. */
export type PullText = { number: number; author: Account; title: string; body: string; labels: string[]; draft?: true };

/** The facts read for every pull request, and those read only where `people` of the policy needs them. */
export type PullBasics = {
  repository: { id: number; name: string };
  /** null when only a git directory is judged. */
  pull: PullText | null;
  base: { ref: string; sha: string };
  /** RFC 3339, from GitHub: when the pull request's base branch last changed; null: never. */
  retargetedAt: Known<string | null>;
  head: { sha: string };
  defaultBranch: string;
  policy: Known<PolicyReading>;
  /** The author's permission; read only where their own duty can count (`separation: solo`). */
  authorPermission: Known<Permission>;
  /** The day of the judgement (UTC, `2026-11-21`): the only time that a verdict depends on. */
  day: string;
};

/** The types of the facts that gates read, once they are known. */
export type FactValues = {
  mergeBase: string;
  changes: Change[];
  /** The files that the gates asked for (`reads`), whether the change touches them or not. */
  texts: FileText[];
  /** From the merge base (exclusive) to the head, in any order. */
  commits: CommitFact[];
  secrets: SecretFinding[];
  /** The policy at the head, which the author of the change wrote; null if the change leaves it alone. */
  proposed: PolicyReading | null;
  reviews: ReviewFact[];
  checks: CheckFact[];
  record: PullRecord;
  attachments: Attachments;
};

/** Everything a verdict depends on. A fact that could not be read is `{ known: false, why }`, never a missing field. */
export type PullFacts = PullBasics & { [F in keyof FactValues]: Known<FactValues[F]> };

/** A person's permission: their role on the repository and the duties that the policy gives them. */
export type Permission = {
  /** From the collaborator permission endpoint; `author_association` is never used: it is not a permission. */
  role: "none" | "read" | "triage" | "write" | "maintain" | "admin";
  duties: Duty[];
};

/** A comment of the pull request that holds so many uploaded files. Anyone who can comment wrote it. */
export type AttachingComment = Omit<CommandRequest, "source" | "command" | "atOpening"> & { files: number };

/**
 * What was attached to a pull request outside of its commits, read only where `evidence.require` asks. `headAt`: when
 * GitHub first saw the head, null if it does not tell; `textAt`: when the text was last written; both RFC 3339.
 */
export type Attachments = {
  headAt: string | null;
  textAt: string;
  artifacts: Artifact[];
  comments: AttachingComment[];
  schemaProblems: SchemaProblem[];
};

/**
 * A person's command, with all that decides whether it counts. Anyone who can comment wrote the text; the account,
 * times and `viaApp` come from GitHub; `viaUs`: the app was our own, by a button of its pages.
 */
export type CommandRequest = {
  source: Source;
  command: Command | BadCommand;
  by: Account;
  /** RFC 3339. */
  at: string;
  edited: boolean;
  viaApp: boolean;
  viaUs?: true;
  /** The label or assignment was there when the issue was opened: a form may have added it for an outsider. */
  atOpening: boolean;
  permission: Known<Permission>;
};
