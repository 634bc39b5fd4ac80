/** The sandbox's data model. Objects refer to each other directly; `present/` turns them into GitHub's JSON. */
import type { KeyObject } from "node:crypto";
import type { Annotation, RunFields, SimulatedCheck } from "./check-fields.ts";

/** From least to most; each includes those before it. */
export const roles = ["read", "triage", "write", "maintain", "admin"] as const;
export type Role = (typeof roles)[number];

export type Level = "read" | "write" | "admin";
export type Permissions = Record<string, Level>;

/** `id` is GitHub's numeric id and `nodeId` its opaque text id; both are unique over the whole server. */
export type Identified = { id: number; nodeId: string };

export type Account = Identified & {
  /** The URL of the GitHub that it is on, `http://host:port`. */
  site: string;
  login: string;
  type: "User" | "Bot" | "Organization";
  name: string | null;
  email: string | null;
  createdAt: string;
};

export type Team = Identified & {
  organization: Organization;
  slug: string;
  name: string;
  description: string | null;
  members: Account[];
};

export type Organization = { account: Account; owners: Account[]; members: Account[]; teams: Team[] };

export type Webhook = { url: string; secret: string };

export type App = Identified & {
  slug: string;
  name: string;
  owner: Account;
  /** Acts for the app's installations, as `slug[bot]`. */
  bot: Account;
  publicKey: KeyObject | null;
  webhook: Webhook | null;
  permissions: Permissions;
  events: string[];
  createdAt: string;
};

export type Installation = { id: number; app: App; account: Account; repositories: Repository[]; createdAt: string };

export type UserToken = { kind: "user"; token: string; user: Account; app?: App };

export type InstallationToken = {
  kind: "installation";
  token: string;
  installation: Installation;
  permissions: Permissions;
  /** Null: all repositories of the installation. */
  repositories: Repository[] | null;
  expiresAt: number;
};

export type Label = Identified & { repository: Repository; name: string; color: string; description: string | null };

export type Reaction = Identified & { user: Account; content: string; createdAt: string };

export type Comment = Identified & {
  issue: Issue;
  user: Account;
  body: string;
  /** The app whose token wrote it, if one did. */
  app: App | null;
  reactions: Reaction[];
  createdAt: string;
  updatedAt: string;
  /** Null: never. REST does not show it. */
  editedAt: string | null;
};

/** One thing that happened to an issue or pull request; `event` is GitHub's name for it. */
export type IssueEvent = Identified & {
  event: string;
  issue: Issue;
  actor: Account;
  app: App | null;
  createdAt: string;
  label?: Label;
  assignee?: Account;
  rename?: { from: string; to: string };
  /** Names of base branches; REST does not show them. */
  base?: { from: string; to: string };
  /** The other issue of a sub-issue or dependency relation. */
  other?: Issue;
  review?: Review;
  comment?: Comment;
  requestedReviewer?: Account;
  commitId?: string;
};

/** Also part of every pull request: they share one number space. */
export type Issue = Identified & {
  repository: Repository;
  number: number;
  title: string;
  body: string | null;
  user: Account;
  app: App | null;
  state: "open" | "closed";
  stateReason: "completed" | "not_planned" | "duplicate" | "reopened" | null;
  labels: Label[];
  assignees: Account[];
  locked: boolean;
  lockReason: string | null;
  editedAt: string | null;
  /** Who edited the text last. REST does not show it. */
  editor: Account | null;
  comments: Comment[];
  events: IssueEvent[];
  reactions: Reaction[];
  parent: Issue | null;
  subIssues: Issue[];
  blockedBy: Issue[];
  pull: Pull | null;
  createdAt: string;
  updatedAt: string;
  closedAt: string | null;
  closedBy: Account | null;
};

export type Pull = Identified & {
  issue: Issue;
  /** Branch names without `refs/heads/`. The base is in the issue's repository, the head there or in a fork. */
  head: { repository: Repository; ref: string; sha: string };
  base: { ref: string; sha: string };
  /** Whether those who may write to the base may write to the head, which is a fork's branch. */
  maintainerCanModify: boolean;
  draft: boolean;
  mergedAt: string | null;
  mergedBy: Account | null;
  mergeCommitSha: string | null;
  requestedReviewers: Account[];
  reviews: Review[];
  reviewComments: ReviewComment[];
};

export type ReviewState = "APPROVED" | "CHANGES_REQUESTED" | "COMMENTED" | "DISMISSED" | "PENDING";

export type Review = Identified & {
  pull: Pull;
  user: Account;
  body: string;
  state: ReviewState;
  commitId: string;
  submittedAt: string | null;
};

export type ReviewComment = Identified & {
  pull: Pull;
  review: Review;
  user: Account;
  body: string;
  path: string;
  line: number | null;
  side: "LEFT" | "RIGHT";
  diffHunk: string;
  commitId: string;
  inReplyTo: number | null;
  /** Of the thread that it begins. */
  isResolved: boolean;
  reactions: Reaction[];
  createdAt: string;
  updatedAt: string;
};

/** One per app and commit. */
export type CheckSuite = Identified & {
  repository: Repository;
  app: App;
  headSha: string;
  headBranch: string | null;
  createdAt: string;
  updatedAt: string;
};

/** A file that a run of a workflow uploaded: the run's id, the path of its workflow, and the archive in base64. */
export type Artifact = Identified &
  Record<"name" | "digest" | "workflow" | "headSha" | "createdAt" | "zip", string> & {
    expired: boolean;
    run: number;
  };

export type CheckRun = Identified & {
  suite: CheckSuite;
  name: string;
  status: NonNullable<RunFields["status"]>;
  conclusion: string | null;
  started_at: string | null;
  completed_at: string | null;
  external_id: string;
  details_url: string | null;
  /** Of the job, if it is one of Actions. */
  log: string;
  output: { title: string | null; summary: string | null; text: string | null; annotations: Annotation[] };
};

export type CommitStatus = Identified & {
  sha: string;
  context: string;
  state: "error" | "failure" | "pending" | "success";
  description: string | null;
  targetUrl: string | null;
  creator: Account;
  /** The app whose token set it, if one did: required checks may be bound to an app. */
  app: App | null;
  createdAt: string;
  updatedAt: string;
};

export type RequiredCheck = { context: string; appId: number | null };

/** How a merge queue merges a pull request. */
export type QueueMethod = "merge" | "squash";

/** Pull requests that the queue merges together, each at the head that it had when it was added. */
export type MergeGroup = {
  /** The full ref of the branch that GitHub creates for it. */
  ref: string;
  branch: string;
  base: string;
  head: string;
  members: { pull: Pull; head: string }[];
};

/** The rules of one branch, shown by both the protection and the ruleset endpoints. */
export type Protection = {
  id: number;
  branch: string;
  /** Null: no check is required. */
  checks: RequiredCheck[] | null;
  strict: boolean;
  /** Approvals needed; null: no review is required. */
  reviews: number | null;
  dismissStale: boolean;
  codeOwners: boolean;
  enforceAdmins: boolean;
  /** Whether writers may push to the branch without a pull request. */
  allowPush: boolean;
  allowForcePushes: boolean;
  allowDeletions: boolean;
  /** Null: there is no queue, and pull requests are merged directly. */
  mergeQueue: QueueMethod | null;
};

export type RepositoryHook = {
  id: number;
  repository: Repository;
  webhook: Webhook;
  events: string[];
  active: boolean;
};

export type Repository = Identified & {
  owner: Account;
  /** The organization that owns it; null for a person's repository. */
  organization: Organization | null;
  name: string;
  /** The repository that it was forked from. */
  parent: Repository | null;
  forks: Repository[];
  description: string | null;
  private: boolean;
  defaultBranch: string;
  /** The bare repository on disk. */
  dir: string;
  collaborators: Map<Account, Role>;
  teams: Map<Team, Role>;
  labels: Label[];
  issues: Issue[];
  suites: CheckSuite[];
  runs: CheckRun[];
  artifacts: Artifact[];
  statuses: CommitStatus[];
  protection: Protection[];
  hooks: RepositoryHook[];
  ci: SimulatedCheck[];
  /** Those still open. */
  mergeGroups: MergeGroup[];
  createdAt: string;
  updatedAt: string;
  pushedAt: string;
};
