import type { State } from "../state/memory.ts";
import type { Comment, Issue, IssueEvent } from "../state/model.ts";
import { presentAccount, presentApp } from "./accounts.ts";
import { presentComment, presentIssue } from "./issues.ts";
import { presentMinimalRepository, repositoryUrl } from "./repositories.ts";

/** The field of an event that holds the other issue of a relation. */
const RELATIONS: Record<string, string> = {
  sub_issue: "sub_issue",
  parent_issue: "parent_issue",
  blocked_by: "blocked_by",
  blocking: "blocking",
};

/** GitHub's issue event; in the listing of a whole repository it carries its issue. */
export function presentEvent(state: State, event: IssueEvent, withIssue = false) {
  const { issue, label, assignee } = event;
  return {
    id: event.id,
    node_id: event.nodeId,
    url: `${repositoryUrl(state, issue.repository)}/issues/events/${event.id}`,
    actor: presentAccount(state, event.actor),
    event: event.event,
    commit_id: event.commitId ?? null,
    commit_url: null,
    created_at: event.createdAt,
    performed_via_github_app: event.app === null ? null : presentApp(state, event.app),
    ...(label === undefined ? {} : { label: { name: label.name, color: label.color } }),
    ...(assignee === undefined
      ? {}
      : { assignee: presentAccount(state, assignee), assigner: presentAccount(state, event.actor) }),
    ...(event.rename === undefined ? {} : { rename: event.rename }),
    ...(event.event === "locked" ? { lock_reason: issue.lockReason } : {}),
    ...(event.event === "closed" ? { state_reason: issue.stateReason } : {}),
    ...presentRelation(state, event),
    ...presentReviewParts(state, event),
    ...(withIssue ? { issue: presentIssue(state, issue) } : {}),
  };
}

/** A comment in the timeline. */
export function presentTimelineComment(state: State, comment: Comment) {
  const actor = presentAccount(state, comment.user);
  return { event: "commented", actor, ...presentComment(state, comment) };
}

function presentRelation(state: State, event: IssueEvent) {
  const name = RELATIONS[event.event.replace(/_(added|removed)$/, "")];
  return name === undefined || event.other === undefined ? {} : { [name]: presentReference(state, event.other) };
}

function presentReviewParts(state: State, { actor, requestedReviewer, review, event }: IssueEvent) {
  if (requestedReviewer !== undefined) {
    return {
      review_requester: presentAccount(state, actor),
      requested_reviewer: presentAccount(state, requestedReviewer),
    };
  }
  if (event !== "review_dismissed" || review === undefined) return {};
  return { dismissed_review: { state: "dismissed", review_id: review.id, dismissal_message: review.body } };
}

function presentReference(state: State, issue: Issue) {
  return {
    number: issue.number,
    title: issue.title,
    state: issue.state,
    state_reason: issue.stateReason,
    repository: presentMinimalRepository(state, issue.repository),
    issue_type: null,
  };
}
