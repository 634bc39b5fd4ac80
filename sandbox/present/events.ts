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
export function presentEvent(event: IssueEvent, withIssue = false) {
  const { issue, label, assignee } = event;
  return {
    id: event.id,
    node_id: event.nodeId,
    url: `${repositoryUrl(issue.repository)}/issues/events/${event.id}`,
    actor: presentAccount(event.actor),
    event: event.event,
    commit_id: event.commitId ?? null,
    commit_url: null,
    created_at: event.createdAt,
    performed_via_github_app: event.app === null ? null : presentApp(event.app),
    ...(label === undefined ? {} : { label: { name: label.name, color: label.color } }),
    ...(assignee === undefined ? {} : { assignee: presentAccount(assignee), assigner: presentAccount(event.actor) }),
    ...(event.rename === undefined ? {} : { rename: event.rename }),
    ...(event.event === "locked" ? { lock_reason: issue.lockReason } : {}),
    ...(event.event === "closed" ? { state_reason: issue.stateReason } : {}),
    ...presentRelation(event),
    ...presentReviewParts(event),
    ...(withIssue ? { issue: presentIssue(issue) } : {}),
  };
}

/** A comment in the timeline. */
export function presentTimelineComment(comment: Comment) {
  const actor = presentAccount(comment.user);
  return { event: "commented", actor, ...presentComment(comment) };
}

function presentRelation(event: IssueEvent) {
  const name = RELATIONS[event.event.replace(/_(added|removed)$/, "")];
  return name === undefined || event.other === undefined ? {} : { [name]: presentReference(event.other) };
}

function presentReviewParts({ actor, requestedReviewer, review, event }: IssueEvent) {
  if (requestedReviewer !== undefined) {
    return { review_requester: presentAccount(actor), requested_reviewer: presentAccount(requestedReviewer) };
  }
  if (event !== "review_dismissed" || review === undefined) return {};
  return { dismissed_review: { state: "dismissed", review_id: review.id, dismissal_message: review.body } };
}

function presentReference(issue: Issue) {
  return {
    number: issue.number,
    title: issue.title,
    state: issue.state,
    state_reason: issue.stateReason,
    repository: presentMinimalRepository(issue.repository),
    issue_type: null,
  };
}
