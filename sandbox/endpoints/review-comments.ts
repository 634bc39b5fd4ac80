/** Comments on lines of a pull request's diff. */
import { z } from "zod";
import { emit } from "../changes/webhooks.ts";
import { type FileChange, mergeBase, readChanges } from "../git/commits.ts";
import { presentPullSimple } from "../present/pulls.ts";
import { presentReviewComment } from "../present/reviews.ts";
import { type Answer, created, notFound, refused } from "../request/answer.ts";
import { type AuthoredPullCall, authoredPullRoute, pullRoute } from "../request/issue-route.ts";
import { listing } from "../request/paging.ts";
import { repoRoute, withBody } from "../request/route.ts";
import type { Review, ReviewComment } from "../state/model.ts";
import { identify, now, pullsOf } from "../state/state.ts";

const READ = { needs: "pull_requests=read", role: "read" } as const;
const WRITE = { needs: "pull_requests=write", role: "read" } as const;

export const newComment = z.object({
  body: z.string().min(1),
  path: z.string(),
  line: z.number().int().positive().optional(),
  position: z.number().int().positive().optional(),
  side: z.enum(["LEFT", "RIGHT"]).default("RIGHT"),
});

const single = newComment.extend({
  path: z.string().optional(),
  commit_id: z.string().optional(),
  in_reply_to: z.number().int().optional(),
});

export const reviewCommentRoutes = [
  repoRoute("GET /repos/:owner/:repo/pulls/comments", READ, (call) => {
    const comments = pullsOf(call.repository).flatMap((pull) => pull.reviewComments);
    return listing(call, comments, presentReviewComment);
  }),
  pullRoute("/comments", (call) => listing(call, call.pull.reviewComments, presentReviewComment)),
  authoredPullRoute("POST", "/comments", WRITE, withBody(single, createComment)),
  authoredPullRoute(
    "POST",
    "/comments/:comment/replies",
    WRITE,
    withBody(z.object({ body: z.string().min(1) }), reply),
  ),
];

/** Replies to the first comment of a thread; GitHub takes no reply to a reply. */
async function reply(call: AuthoredPullCall, { body }: { body: string }): Promise<Answer> {
  const first = call.pull.reviewComments.find(({ id }) => id === Number(call.params.comment));
  return first === undefined || first.inReplyTo !== null
    ? notFound()
    : createComment(call, { body, in_reply_to: first.id, side: first.side, line: first.line ?? undefined });
}

/** Every such comment belongs to a review; a single comment gets a review of its own. */
async function createComment(call: AuthoredPullCall, body: z.output<typeof single>): Promise<Answer> {
  const { state, repository, pull, actor } = call;
  const parent = pull.reviewComments.find(({ id }) => id === body.in_reply_to);
  if (body.in_reply_to !== undefined && parent === undefined) return notFound();
  const path = parent?.path ?? body.path;
  const start = (await mergeBase(repository.dir, pull.base.sha, pull.head.sha)) ?? pull.base.sha;
  const changes = await readChanges(repository.dir, start, pull.head.sha);
  if (path === undefined || !changes.some(({ filename }) => filename === path)) {
    const error = { resource: "PullRequestReviewComment", field: "pull_request_review_thread.path", code: "invalid" };
    return refused(422, "Validation Failed", [error]);
  }
  const review: Review = {
    ...identify(state, "PRR"),
    pull,
    user: actor,
    body: "",
    state: "COMMENTED",
    commitId: body.commit_id ?? pull.head.sha,
    submittedAt: now(state),
  };
  pull.reviews.push(review);
  const comment = addReviewComment(call, review, { ...body, path }, changes);
  comment.inReplyTo = parent?.id ?? null;
  return created(presentReviewComment(comment));
}

/** Adds the comment and sends its webhook. */
export function addReviewComment(
  call: AuthoredPullCall,
  review: Review,
  fields: z.output<typeof newComment>,
  changes: FileChange[],
): ReviewComment {
  const { state, pull, actor } = call;
  const made = now(state);
  const hunk = changes.find(({ filename }) => filename === fields.path)?.patch ?? "";
  const comment: ReviewComment = {
    ...identify(state, "PRRC"),
    pull,
    review,
    user: actor,
    body: fields.body,
    path: fields.path,
    line: fields.line ?? null,
    side: fields.side,
    diffHunk: hunk.split("\n").slice(0, 8).join("\n"),
    commitId: review.commitId,
    inReplyTo: null,
    isResolved: false,
    reactions: [],
    createdAt: made,
    updatedAt: made,
  };
  pull.reviewComments.push(comment);
  const parts = { comment: presentReviewComment(comment), pull_request: presentPullSimple(pull) };
  emit(call, "pull_request_review_comment", "created", parts);
  return comment;
}
