/** The rules of branch protection: for a push, and for a pull request before its merge. */

import { branchTip, git, isAncestor } from "../git/git.ts";
import type {
  Account,
  CheckRun,
  CommitStatus,
  Protection,
  Pull,
  Repository,
  RequiredCheck,
  Review,
} from "../state/model.ts";
import { includesRole, roleOf } from "../state/state.ts";
import { satisfies } from "./access.ts";
import { actorOf, type Caller } from "./caller.ts";

/** Conclusions that satisfy a required check. */
const GOOD = new Set(["success", "neutral", "skipped"]);

/** The folder of Actions' workflows. */
const WORKFLOWS = ".github/workflows";

export function protectionOf(repository: Repository, branch: string): Protection | undefined {
  return repository.protection.find((rule) => rule.branch === branch);
}

/** Whether this caller may bypass the rule: only administrators, unless it is enforced for them too. */
export function isExempt(repository: Repository, rule: Protection, actor: Account): boolean {
  return !rule.enforceAdmins && roleOf(repository, actor) === "admin";
}

/** Branches that this caller cannot push to at all, and those that accept only fast-forwards. */
export function closedBranches(repository: Repository, caller: Caller): { closed: string[]; guarded: string[] } {
  const actor = actorOf(caller);
  const binding = repository.protection.filter((rule) => actor === null || !isExempt(repository, rule, actor));
  const branches = (rules: Protection[]) => rules.map(({ branch }) => branch);
  return {
    closed: branches(binding.filter((rule) => !rule.allowPush)),
    guarded: branches(binding.filter((rule) => rule.allowPush)),
  };
}

/** Why this move of a branch is refused, in GitHub's words; `after` is null for a deletion. */
export async function refusePush(
  repository: Repository,
  caller: Caller,
  change: { branch: string; before: string | null; after: string | null },
): Promise<string | undefined> {
  const { closed, guarded } = closedBranches(repository, caller);
  if (closed.includes(change.branch)) return "Changes must be made through a pull request.";
  if (!guarded.includes(change.branch)) return undefined;
  if (change.after === null) return "Cannot delete this protected branch";
  if (change.before === null || (await isAncestor(repository.dir, change.before, change.after))) {
    return undefined;
  }
  return "Cannot force-push to this protected branch";
}

/**
 * A GitHub App needs a separate permission to write workflows, because they run with the repository's secrets. Returns
 * GitHub's refusal; `before` is null for a new branch, which is compared with the default one.
 */
export async function refuseWorkflows(
  repository: Repository,
  caller: Caller,
  before: string | null,
  after: string,
): Promise<string | undefined> {
  if (!lacksWorkflows(caller)) return undefined;
  const known = before ?? (await branchTip(repository.dir, repository.defaultBranch));
  if (known === undefined) return undefined;
  // A new branch that lacks the default branch's workflows, such as an orphan, deletes none of them.
  const filter = before === null ? ["--diff-filter=AMT"] : [];
  const options = ["--name-only", "-z", "--no-renames", ...filter];
  const { stdout } = await git(repository.dir, ["diff", ...options, known, after, "--", WORKFLOWS]);
  const [path = ""] = stdout.toString("utf8").split("\0");
  if (path === "") return undefined;
  return `refusing to allow a GitHub App to create or update workflow '${path}' without 'workflows' permission`;
}

export function lacksWorkflows(caller: Caller): boolean {
  return caller.kind === "installation" && !satisfies(caller.token.permissions, "workflows=write");
}

/** The rules that still block a pull request's merge, in GitHub's words; empty when none does. */
export function unmetRules(pull: Pull): string[] {
  const { repository } = pull.issue;
  const rule = protectionOf(repository, pull.base.ref);
  if (rule === undefined) return [];
  const checks = (rule.checks ?? []).flatMap((check) => {
    const result = checkState(repository, pull.head.sha, check);
    return result === "met" ? [] : [`Required status check "${check.context}" is ${result}.`];
  });
  return [...checks, ...unmetReviews(pull, rule)];
}

/** The state of a required check on a commit. If it is bound to an app, only that app's reports count. */
export function checkState(
  repository: Repository,
  sha: string,
  check: RequiredCheck,
): "met" | "expected" | "in progress" | "failing" {
  const runs = latestRuns(repository, sha).filter(
    (run) => run.name === check.context && (check.appId === null || run.suite.app.id === check.appId),
  );
  const status = latestStatuses(repository, sha).find(
    ({ context, app }) => context === check.context && (check.appId === null || app?.id === check.appId),
  );
  if (runs.length === 0 && status === undefined) return "expected";
  if (runs.some(({ conclusion }) => conclusion !== null && !GOOD.has(conclusion))) return "failing";
  if (status?.state === "failure" || status?.state === "error") return "failing";
  if (runs.some((run) => run.status !== "completed") || status?.state === "pending") return "in progress";
  return "met";
}

/** The newest run of each name by each app. */
function latestRuns(repository: Repository, sha: string): CheckRun[] {
  const latest = new Map<string, CheckRun>();
  for (const run of repository.runs) {
    if (run.suite.headSha === sha) latest.set(`${run.suite.app.id} ${run.name}`, run);
  }
  return [...latest.values()];
}

/** The newest status of each context. */
function latestStatuses(repository: Repository, sha: string): CommitStatus[] {
  const latest = new Map<string, CommitStatus>();
  for (const status of repository.statuses) if (status.sha === sha) latest.set(status.context, status);
  return [...latest.values()];
}

/** Whether every check and status on a commit is good, required or not. */
export function allGood(repository: Repository, sha: string): boolean {
  return (
    latestRuns(repository, sha).every(({ conclusion }) => conclusion !== null && GOOD.has(conclusion)) &&
    latestStatuses(repository, sha).every((status) => status.state === "success")
  );
}

function unmetReviews(pull: Pull, rule: Protection): string[] {
  if (rule.reviews === null) return [];
  const counted = decisiveReviews(pull).filter(({ user }) =>
    includesRole(roleOf(pull.issue.repository, user), "write"),
  );
  if (counted.some((review) => review.state === "CHANGES_REQUESTED")) {
    return ["Changes have been requested by a reviewer with write access."];
  }
  const approvals = counted.filter((review) => review.state === "APPROVED").length;
  if (approvals >= rule.reviews) return [];
  const reviews = rule.reviews === 1 ? "review is" : "reviews are";
  return [`At least ${rule.reviews} approving ${reviews} required by reviewers with write access.`];
}

/** Each reviewer's last decision; a mere comment does not withdraw an approval. */
function decisiveReviews(pull: Pull): Review[] {
  const last = new Map<Account, Review>();
  for (const review of pull.reviews) {
    if (review.state !== "COMMENTED" && review.state !== "PENDING") last.set(review.user, review);
  }
  return [...last.values()];
}
