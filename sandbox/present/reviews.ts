import type { Pull, Review, ReviewComment } from "../state/model.ts";
import { associationOf, presentAccount } from "./accounts.ts";
import { issuePage, presentRollup } from "./issues.ts";
import { pullUrl } from "./pulls.ts";
import { repositoryUrl } from "./repositories.ts";

/** GitHub's pull-request-review. In webhooks the state is written in small letters. */
export function presentReview(review: Review) {
  const { pull } = review;
  const page = `${issuePage(pull.issue)}#pullrequestreview-${review.id}`;
  return {
    id: review.id,
    node_id: review.nodeId,
    user: presentAccount(review.user),
    body: review.body,
    state: review.state,
    html_url: page,
    pull_request_url: pullUrl(pull),
    author_association: associationOf(pull.issue.repository, review.user),
    _links: { html: { href: page }, pull_request: { href: pullUrl(pull) } },
    ...(review.submittedAt === null ? {} : { submitted_at: review.submittedAt }),
    commit_id: review.commitId,
  };
}

export function presentSentReview(review: Review) {
  return { ...presentReview(review), state: review.state.toLowerCase() };
}

/** GitHub's pull-request-review-comment. */
export function presentReviewComment(comment: ReviewComment) {
  const { pull, review } = comment;
  const { repository } = pull.issue;
  const url = `${repositoryUrl(repository)}/pulls/comments/${comment.id}`;
  const page = `${issuePage(pull.issue)}#discussion_r${comment.id}`;
  return {
    url,
    pull_request_review_id: review.id,
    id: comment.id,
    node_id: comment.nodeId,
    diff_hunk: comment.diffHunk,
    path: comment.path,
    commit_id: pull.head.sha,
    original_commit_id: comment.commitId,
    user: presentAccount(comment.user),
    body: comment.body,
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    html_url: page,
    pull_request_url: pullUrl(pull),
    author_association: associationOf(repository, comment.user),
    _links: { self: { href: url }, html: { href: page }, pull_request: { href: pullUrl(pull) } },
    reactions: presentRollup(url, comment.reactions),
    start_line: null,
    original_start_line: null,
    start_side: null,
    line: comment.line,
    original_line: comment.line,
    side: comment.side,
    position: comment.line ?? 1,
    original_position: comment.line ?? 1,
    subject_type: comment.line === null ? "file" : "line",
    ...(comment.inReplyTo === null ? {} : { in_reply_to_id: comment.inReplyTo }),
  };
}

/** GitHub's pull-request-review-request. */
export function presentReviewRequests(pull: Pull) {
  return { users: pull.requestedReviewers.map(presentAccount), teams: [] };
}
