import type { Source } from "../schemas/entry-parts.ts";
import type { Policy } from "../schemas/policy.ts";
import type { Duty } from "../schemas/policy-values.ts";
import type { Account, Risk } from "../schemas/text.ts";
import type { BadCommand, Command } from "./commands.ts";
import type { Known } from "./known.ts";
import type { YamlProblem, YamlReading } from "./yaml.ts";

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

/** All that is wrong with a policy, in the order of the text and at most a hundred, each in one line. */
export type PolicyProblems = readonly [YamlProblem, ...YamlProblem[]];

/** What was found at the policy's path on the default branch; that it could not be read at all is an unknown fact. */
export type PolicyReading =
  | ({ state: "loaded" } & LoadedPolicy)
  | { state: "absent"; ref: string }
  | {
      state: "malformed";
      ref: string;
      blob: string;
      problems: PolicyProblems;
    };

/**
 * What stands at a path in one commit. A link is not followed, and what is no text is not read. `yaml` is there for a file
 * whose name ends in `.yml` or `.yaml`: the text as tools other than ours read it.
 */
export type Content =
  | { state: "absent" }
  | { state: "text"; text: string; yaml?: YamlReading }
  | { state: "opaque"; why: "binary" | "too-large" | "link" | "submodule" };

/** A file that a gate asked to read, at the merge base and at the head. The author of the change wrote the latter. */
export type FileText = { path: string; before: Content; after: Content };

/** A commit between base and head. Whoever pushed it wrote the message and chose every name in it. */
export type CommitFact = { sha: string; parents: string[]; tree: string; message: string };

/** A secret that was found, told without quoting it. `path` and `line` are null where it stood in a text that is no file. */
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

/** A review as GitHub tells it, before it is known what the reviewer may do here. */
export type SeenReview = Omit<ReviewFact, "permission">;

/**
 * A check on the head; `app` is the slug of the App that made it, told by GitHub. Each run of a workflow has a check suite of
 * its own, and within one a higher `id` is a later attempt.
 */
export type CheckFact = {
  id: number;
  suite: number;
  name: string;
  app: string;
  status: string;
  conclusion: string | null;
};

/** What the ledger says about the run behind a pull request; `null` for a pull request that no run made. */
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
  /** The person's approval that the run's contract was compiled from; null when the ledger has none of that digest. */
  approval: { digest: string; by: Account; seq: number } | null;
  /** Prompts that this one builds on, and whether each is merged. */
  dependsOn: { prompt: number | null; title: string; merged: boolean }[];
  /** Paths that prompts still to be merged declare: a file that a rule asks for may come with one of them. */
  laterPaths: string[];
  /** Files of decisions that the story names. */
  decisions: string[];
  /** Who asked for the plan and who submitted the run: they may not sign off their own work under `separation: strict`. */
  requesters: Account[];
  /** What our writer added to the last commit that it put on the run's branch; absent: nothing. */
  casefiles?: { path: string; blob: string }[];
};

/** When a person acted on a pull request, and for which branch. */
export type GivenAct = {
  /** The branch that the pull request entered then, by its short name; null where that was not recorded. */
  baseRef: string | null;
  /** RFC 3339: when it was recorded or, where there is no ledger, written. */
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

/** One recorded agent answer and the commit that our writer made of it. */
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

/** Commits that no run made, and the person who stands for them since: who wrote them, or how, is not known by it. */
export type Adoption = GivenAct & { commits: string[]; reason: string; by: Account; seq: number };

/**
 * The approved plan that a change is for, in the word of the person who adopted it. It only adds to what is asked of the
 * change: nothing shows that whoever made it saw the plan.
 */
export type AdoptedPlan = {
  story: number;
  /** Of the approved contract. */
  digest: string;
  /** What all prompts of the plan declare. */
  paths: string[];
  risk: Risk;
  needsManualTest: boolean;
  approval: { by: Account; seq: number };
  /** Who asked for the plan. */
  requesters: Account[];
};

/** An open question, block or risk: nothing goes on until somebody has answered it. */
export type Stop = { code: string; message: string; issue: number | null; by: string; seq: number };

/** What the ledger says about one pull request. Only the App's key could have signed it. */
export type PullRecord = {
  run: PullRun | null;
  evidence: EvidenceRecord[];
  signOffs: SignOff[];
  waivers: Waiver[];
  adoptions: Adoption[];
  /** Of a change that no run made; absent where nobody named a story. */
  adoptedFor?: AdoptedPlan;
  stops: Stop[];
};

/** What is told of every pull request, and what is asked for where the policy's people decide. */
export type PullBasics = {
  repository: { id: number; name: string };
  /** null when a git directory alone is judged. */
  pull: { number: number; author: Account; title: string; body: string; labels: string[] } | null;
  base: { ref: string; sha: string };
  /** RFC 3339, told by GitHub: when the pull request was last pointed at another base branch; null: never. */
  retargetedAt: Known<string | null>;
  head: { sha: string };
  defaultBranch: string;
  policy: Known<PolicyReading>;
  /** What the pull request's author may do here; asked only where their own duty can count (`separation: solo`). */
  authorPermission: Known<Permission>;
  /** The day of the judgement (UTC, `2026-11-21`): the only thing about time that a verdict depends on. */
  day: string;
};

/** The facts that gates need, each as it is once it was read. */
export type FactValues = {
  mergeBase: string;
  changes: Change[];
  /** The files that the gates asked for (`reads`), whether the change touches them or not. */
  texts: FileText[];
  /** From the merge base, which is not among them, to the head, in any order. */
  commits: CommitFact[];
  secrets: SecretFinding[];
  reviews: ReviewFact[];
  checks: CheckFact[];
  record: PullRecord;
};

/** Everything a verdict depends on. A fact that could not be read is `{ known: false, why }`, never a missing field. */
export type PullFacts = PullBasics & { [F in keyof FactValues]: Known<FactValues[F]> };

/** What a person may do here: their role on the repository and the duties the policy gives them. */
export type Permission = {
  /** From the collaborator permission endpoint; `author_association` is never used, it is not a right. */
  role: "none" | "read" | "triage" | "write" | "maintain" | "admin";
  duties: Duty[];
};

/**
 * A person's command, with all that decides whether it counts. The text came from whoever could write the comment;
 * account, times and `viaApp` came from GitHub.
 */
export type CommandRequest = {
  source: Source;
  command: Command | BadCommand;
  by: Account;
  /** RFC 3339. */
  at: string;
  edited: boolean;
  viaApp: boolean;
  /** A command label that was on the issue from its opening: a form may have put it there for an outsider. */
  atOpening: boolean;
  permission: Known<Permission>;
};
