import type { Source } from "../schemas/entry-parts.ts";
import type { Policy } from "../schemas/policy.ts";
import type { Duty } from "../schemas/policy-values.ts";
import type { Account } from "../schemas/text.ts";
import type { Artifact, SchemaProblem } from "./attachments.ts";
import type { BadCommand, Command } from "./commands.ts";
import type { Known, Unread } from "./known.ts";
import type { PullRecord } from "./pull-record.ts";
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

/**
 * A review as GitHub lists it, before the reviewer's permission was read. `isCommand`: its text begins as a command,
 * which does not count there.
 */
export type SeenReview = Omit<ReviewFact, "permission"> & { isCommand?: true };

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
  /** The branch that the policy is read from; absent: the default branch. */
  policyBranch?: string;
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
