/** Pull requests and their reviews as GraphQL shows them. */

import { GraphQLError } from "graphql";
import { isVisibleTo } from "../endpoints/reviews.ts";
import { mergeBase, readChanges } from "../git/commits.ts";
import { gitText, objectType } from "../git/git.ts";
import { presentPullSimple } from "../present/pulls.ts";
import { actorOf } from "../request/caller.ts";
import type { IssueEvent, Pull, Review, ReviewComment } from "../state/model.ts";
import { isFromFork } from "../state/state.ts";
import { type Asker, actorNode, demand, repositoryFields } from "./asker.ts";
import { connection, type Window } from "./connection.ts";
import { commentNode, labelNode } from "./issues.ts";
import { commitNode, refNode } from "./objects.ts";

type TimelineWindow = Window & { itemTypes?: string[] | null };

/** The sandbox never changes a base automatically, so there are no events of the second kind. */
const told = new Set(["BASE_REF_CHANGED_EVENT", "AUTOMATIC_BASE_CHANGE_SUCCEEDED_EVENT"]);

export function pullNode(asker: Asker, pull: Pull) {
  demand(asker, "pull_requests=read");
  const { issue } = pull;
  const { dir } = asker.repository;
  return {
    __typename: "PullRequest",
    id: pull.nodeId,
    fullDatabaseId: String(pull.id),
    number: issue.number,
    title: issue.title,
    body: issue.body ?? "",
    state: pull.mergedAt === null ? issue.state.toUpperCase() : "MERGED",
    isDraft: pull.draft,
    merged: pull.mergedAt !== null,
    mergedAt: pull.mergedAt,
    mergedBy: pull.mergedBy === null ? null : actorNode(pull.mergedBy),
    mergeCommit: () => (pull.mergeCommitSha === null ? null : commitNode(asker, pull.mergeCommitSha)),
    author: actorNode(issue.user),
    createdAt: issue.createdAt,
    lastEditedAt: issue.editedAt,
    updatedAt: issue.updatedAt,
    url: presentPullSimple(pull).html_url,
    headRefName: pull.head.ref,
    headRefOid: pull.head.sha,
    baseRefName: pull.base.ref,
    baseRefOid: pull.base.sha,
    baseRef: () => refNode(asker, pull.base.ref),
    headRef: () => refNode({ ...asker, repository: pull.head.repository }, pull.head.ref),
    isCrossRepository: isFromFork(pull),
    headRepository: repositoryFields(pull.head.repository),
    headRepositoryOwner: actorNode(pull.head.repository.owner),
    maintainerCanModify: pull.maintainerCanModify,
    changedFiles: async () => {
      const start = (await mergeBase(dir, pull.base.sha, pull.head.sha)) ?? pull.base.sha;
      return (await readChanges(dir, start, pull.head.sha)).length;
    },
    labels: (window: Window) => connection("labels", issue.labels, window, labelNode),
    commits: async (window: Window) => {
      const range = `${pull.base.sha}..${pull.head.sha}`;
      const shas = await gitText(dir, ["rev-list", "--reverse", "--topo-order", range]);
      return connection("commits", shas.split("\n").filter(Boolean), window, (sha) => ({
        __typename: "PullRequestCommit",
        commit: () => commitNode(asker, sha),
      }));
    },
    timelineItems: (window: Window) => timelineItems(pull, window),
    comments: (window: Window) => connection("comments", issue.comments, window, commentNode),
    reviewThreads: (window: Window) => {
      const first = pull.reviewComments.filter(({ inReplyTo }) => inReplyTo === null);
      return connection("reviewThreads", first, window, (comment) => threadNode(pull, comment));
    },
    reviews: (window: Window) => {
      const visible = pull.reviews.filter(isVisibleTo(actorOf(asker.caller)));
      return connection("reviews", visible, window, (review) => reviewNode(asker, review));
    },
  };
}

function reviewNode(asker: Asker, review: Review) {
  const { dir } = asker.repository;
  return {
    __typename: "PullRequestReview",
    id: review.nodeId,
    fullDatabaseId: String(review.id),
    author: actorNode(review.user),
    body: review.body,
    state: review.state,
    submittedAt: review.submittedAt,
    lastEditedAt: null,
    commit: async () =>
      (await objectType(dir, review.commitId)) === "commit" ? commitNode(asker, review.commitId) : null,
  };
}

function threadNode(pull: Pull, first: ReviewComment) {
  const comments = pull.reviewComments.filter(({ id, inReplyTo }) => id === first.id || inReplyTo === first.id);
  return {
    __typename: "PullRequestReviewThread",
    id: `PRRT_${first.nodeId}`,
    isResolved: first.isResolved,
    path: first.path,
    line: first.line,
    comments: (window: Window) => connection("comments", comments, window, reviewCommentNode),
  };
}

function reviewCommentNode(comment: ReviewComment) {
  return {
    __typename: "PullRequestReviewComment",
    id: comment.nodeId,
    fullDatabaseId: String(comment.id),
    author: actorNode(comment.user),
    body: comment.body,
    createdAt: comment.createdAt,
    lastEditedAt: comment.updatedAt === comment.createdAt ? null : comment.updatedAt,
  };
}

/** A pull request's timeline: only the events of a changed base branch. */
function timelineItems(pull: Pull, { itemTypes, ...window }: TimelineWindow) {
  const asked = itemTypes ?? ["every type"];
  const untold = asked.find((one) => !told.has(one));
  if (untold !== undefined) throw new GraphQLError(`the sandbox does not list timeline items of ${untold}`);
  const changes = asked.includes("BASE_REF_CHANGED_EVENT")
    ? pull.issue.events.filter(({ event }) => event === "base_ref_changed")
    : [];
  return connection("timelineItems", changes, window, baseChange);
}

function baseChange({ id, nodeId, actor, createdAt, base }: IssueEvent) {
  return {
    __typename: "BaseRefChangedEvent",
    id: nodeId,
    databaseId: id,
    actor: actorNode(actor),
    createdAt,
    previousRefName: base?.from,
    currentRefName: base?.to,
  };
}
