import { countCommits, mergeBase, readChanges } from "../git/commits.ts";
import { branchTip, isAncestor } from "../git/git.ts";
import { mergeTrees } from "../git/merging.ts";
import { allGood, protectionOf, unmetRules } from "../request/rules.ts";
import type { Pull, Repository } from "../state/model.ts";
import { associationOf, presentAccount } from "./accounts.ts";
import { issuePage, issueUrl, presentLabel } from "./issues.ts";
import { presentRepository, repositoryUrl } from "./repositories.ts";

export function pullUrl(pull: Pull): string {
  return `${repositoryUrl(pull.issue.repository)}/pulls/${pull.issue.number}`;
}

/** GitHub's pull-request-simple, as listings show it. */
export function presentPullSimple(pull: Pull) {
  const { issue } = pull;
  const { repository } = issue;
  const url = pullUrl(pull);
  const page = issuePage(issue);
  const addresses = {
    commits: `${url}/commits`,
    review_comments: `${url}/comments`,
    review_comment: `${repositoryUrl(repository)}/pulls/comments{/number}`,
    comments: `${issueUrl(issue)}/comments`,
    statuses: `${repositoryUrl(repository)}/statuses/${pull.head.sha}`,
  };
  const links = { self: url, html: page, issue: issueUrl(issue), ...addresses };
  const [assignee] = issue.assignees;
  return {
    url,
    id: pull.id,
    node_id: pull.nodeId,
    html_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    issue_url: issueUrl(issue),
    number: issue.number,
    state: issue.state,
    locked: issue.locked,
    title: issue.title,
    user: presentAccount(issue.user),
    body: issue.body,
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    closed_at: issue.closedAt,
    merged_at: pull.mergedAt,
    merge_commit_sha: pull.mergeCommitSha,
    assignee: assignee === undefined ? null : presentAccount(assignee),
    assignees: issue.assignees.map(presentAccount),
    requested_reviewers: pull.requestedReviewers.map(presentAccount),
    requested_teams: [],
    labels: issue.labels.map(presentLabel),
    milestone: null,
    draft: pull.draft,
    commits_url: addresses.commits,
    review_comments_url: addresses.review_comments,
    review_comment_url: addresses.review_comment,
    comments_url: addresses.comments,
    statuses_url: addresses.statuses,
    head: presentEnd(pull.head.repository, pull.head),
    base: presentEnd(repository, pull.base),
    _links: Object.fromEntries(Object.entries(links).map(([name, href]) => [name, { href }])),
    author_association: associationOf(repository, issue.user),
    auto_merge: null,
    active_lock_reason: issue.lockReason,
  };
}

/** GitHub's pull-request, with the fields that need git. */
export async function presentPull(pull: Pull) {
  const [size, merge] = await Promise.all([sizeOf(pull), mergeability(pull)]);
  // Read together after git has answered, so that a closed pull request never lacks its merge.
  const { mergedBy, mergedAt } = pull;
  return {
    ...presentPullSimple(pull),
    merged: mergedAt !== null,
    mergeable: merge.mergeable,
    rebaseable: merge.mergeable,
    mergeable_state: merge.state,
    merged_by: mergedBy === null ? null : presentAccount(mergedBy),
    comments: pull.issue.comments.length,
    review_comments: pull.reviewComments.length,
    maintainer_can_modify: pull.maintainerCanModify,
    ...size,
  };
}

/** The short form that check runs and suites carry. */
export function presentPullMinimal(pull: Pull) {
  const repo = (repository: Repository) => ({
    id: repository.id,
    url: repositoryUrl(repository),
    name: repository.name,
  });
  const { head, base, issue } = pull;
  return {
    url: pullUrl(pull),
    id: pull.id,
    number: issue.number,
    head: { ref: head.ref, sha: head.sha, repo: repo(head.repository) },
    base: { ...base, repo: repo(issue.repository) },
  };
}

function presentEnd(repository: Repository, { ref, sha }: { ref: string; sha: string }) {
  const { owner } = repository;
  return { label: `${owner.login}:${ref}`, ref, sha, user: presentAccount(owner), repo: presentRepository(repository) };
}

async function sizeOf(pull: Pull) {
  const { dir } = pull.issue.repository;
  const start = (await mergeBase(dir, pull.base.sha, pull.head.sha)) ?? pull.base.sha;
  const [commits, changes] = await Promise.all([
    countCommits(dir, pull.base.sha, pull.head.sha),
    readChanges(dir, start, pull.head.sha),
  ]);
  return {
    commits,
    additions: changes.reduce((sum, change) => sum + change.additions, 0),
    deletions: changes.reduce((sum, change) => sum + change.deletions, 0),
    changed_files: changes.length,
  };
}

type Mergeability = { mergeable: boolean | null; state: string };

async function mergeability(pull: Pull): Promise<Mergeability> {
  const { repository } = pull.issue;
  const base = await branchTip(repository.dir, pull.base.ref);
  if (pull.issue.state === "closed" || base === undefined) return { mergeable: null, state: "unknown" };
  const tree = await mergeTrees(repository.dir, base, pull.head.sha);
  if (tree === undefined) return { mergeable: false, state: "dirty" };
  if (pull.draft) return { mergeable: true, state: "draft" };
  if (unmetRules(pull).length > 0) return { mergeable: true, state: "blocked" };
  const strict = protectionOf(repository, pull.base.ref)?.strict ?? false;
  if (strict && !(await isAncestor(repository.dir, base, pull.head.sha))) {
    return { mergeable: true, state: "behind" };
  }
  return { mergeable: true, state: allGood(repository, pull.head.sha) ? "clean" : "unstable" };
}
