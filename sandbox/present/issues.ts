import type { Comment, Issue, Label, Reaction } from "../state/model.ts";
import { associationOf, presentAccount, presentApp } from "./accounts.ts";
import { repositoryPage, repositoryUrl } from "./repositories.ts";

const REACTIONS = ["+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes"];

export function presentLabel(label: Label) {
  return {
    id: label.id,
    node_id: label.nodeId,
    url: `${repositoryUrl(label.repository)}/labels/${encodeURIComponent(label.name)}`,
    name: label.name,
    color: label.color,
    default: false,
    description: label.description,
  };
}

export function issueUrl(issue: Issue): string {
  return `${repositoryUrl(issue.repository)}/issues/${issue.number}`;
}

export function issuePage(issue: Issue): string {
  const kind = issue.pull === null ? "issues" : "pull";
  return `${repositoryPage(issue.repository)}/${kind}/${issue.number}`;
}

/** GitHub's issue; a pull request is also shown as an issue, with a `pull_request` field. */
export function presentIssue(issue: Issue) {
  const url = issueUrl(issue);
  const done = issue.subIssues.filter((child) => child.state === "closed").length;
  const blockers = issue.blockedBy;
  const blocking = issue.repository.issues.filter((other) => other.blockedBy.includes(issue));
  return {
    id: issue.id,
    node_id: issue.nodeId,
    url,
    repository_url: repositoryUrl(issue.repository),
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: issuePage(issue),
    number: issue.number,
    title: issue.title,
    user: presentAccount(issue.user),
    labels: issue.labels.map(presentLabel),
    state: issue.state,
    state_reason: issue.stateReason,
    locked: issue.locked,
    active_lock_reason: issue.lockReason,
    assignee: issue.assignees[0] === undefined ? null : presentAccount(issue.assignees[0]),
    assignees: issue.assignees.map(presentAccount),
    milestone: null,
    comments: issue.comments.length,
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    closed_at: issue.closedAt,
    closed_by: issue.closedBy === null ? null : presentAccount(issue.closedBy),
    author_association: associationOf(issue.repository, issue.user),
    type: null,
    body: issue.body,
    reactions: presentRollup(url, issue.reactions),
    timeline_url: `${url}/timeline`,
    performed_via_github_app: issue.app === null ? null : presentApp(issue.app),
    sub_issues_summary: {
      total: issue.subIssues.length,
      completed: done,
      percent_completed: issue.subIssues.length === 0 ? 0 : Math.floor((done * 100) / issue.subIssues.length),
    },
    issue_dependencies_summary: {
      blocked_by: blockers.filter((blocker) => blocker.state === "open").length,
      total_blocked_by: blockers.length,
      blocking: blocking.filter((blocked) => blocked.state === "open").length,
      total_blocking: blocking.length,
    },
    ...(issue.parent === null ? {} : { parent_issue_url: issueUrl(issue.parent) }),
    ...(issue.pull === null ? {} : { draft: issue.pull.draft, pull_request: presentPullLinks(issue) }),
  };
}

export function presentComment(comment: Comment) {
  const { issue } = comment;
  const url = `${repositoryUrl(issue.repository)}/issues/comments/${comment.id}`;
  return {
    url,
    html_url: `${issuePage(issue)}#issuecomment-${comment.id}`,
    issue_url: issueUrl(issue),
    id: comment.id,
    node_id: comment.nodeId,
    user: presentAccount(comment.user),
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    body: comment.body,
    author_association: associationOf(issue.repository, comment.user),
    reactions: presentRollup(url, comment.reactions),
    performed_via_github_app: comment.app === null ? null : presentApp(comment.app),
  };
}

export function presentReaction(reaction: Reaction) {
  return {
    id: reaction.id,
    node_id: reaction.nodeId,
    user: presentAccount(reaction.user),
    content: reaction.content,
    created_at: reaction.createdAt,
  };
}

/** GitHub's reaction-rollup: how often each reaction was given. `url` is the URL of the issue or comment. */
export function presentRollup(url: string, reactions: Reaction[]) {
  const count = (content: string) => reactions.filter((reaction) => reaction.content === content).length;
  return {
    url: `${url}/reactions`,
    total_count: reactions.length,
    "+1": count("+1"),
    "-1": count("-1"),
    ...Object.fromEntries(REACTIONS.slice(2).map((content) => [content, count(content)])),
  };
}

function presentPullLinks(issue: Issue) {
  const page = issuePage(issue);
  return {
    url: `${repositoryUrl(issue.repository)}/pulls/${issue.number}`,
    html_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    merged_at: issue.pull?.mergedAt ?? null,
  };
}
