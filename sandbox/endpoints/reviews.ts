/** Reviews of a pull request, and its requested reviewers. */
import { z } from "zod";
import { emitIssue, record } from "../changes/issue-changes.ts";
import { emit } from "../changes/webhooks.ts";
import { mergeBase, readChanges } from "../git/commits.ts";
import { presentAccount } from "../present/accounts.ts";
import { presentPullSimple } from "../present/pulls.ts";
import { presentReview, presentReviewRequests, presentSentReview } from "../present/reviews.ts";
import { type Answer, created, notFound, ok, refused } from "../request/answer.ts";
import { type AuthoredPullCall, authoredPullRoute, type PullCall, pullRoute } from "../request/issue-route.ts";
import { listing } from "../request/paging.ts";
import { withBody } from "../request/route.ts";
import type { Account, Review } from "../state/model.ts";
import { addEvent, findAccount, identify, now, roleOf } from "../state/state.ts";
import { addReviewComment, newComment } from "./review-comments.ts";

const WRITE = { needs: "pull_requests=write", role: "read" } as const;
const ASK = { needs: "pull_requests=write", role: "triage" } as const;

const verdict = z.enum(["APPROVE", "REQUEST_CHANGES", "COMMENT"]);
const newReview = z.object({
  body: z.string().default(""),
  event: verdict.optional(),
  commit_id: z.string().optional(),
  comments: z.array(newComment).default([]),
});
const submission = z.object({ body: z.string().optional(), event: verdict });
const dismissal = z.object({ message: z.string().min(1) });
const reviewers = z.object({
  reviewers: z.array(z.string()).default([]),
  team_reviewers: z.array(z.string()).optional(),
});

const STATES = { APPROVE: "APPROVED", REQUEST_CHANGES: "CHANGES_REQUESTED", COMMENT: "COMMENTED" } as const;

export const reviewRoutes = [
  pullRoute("/reviews", (call) => listing(call, call.pull.reviews.filter(isVisibleTo(call.actor)), presentReview)),
  authoredPullRoute("POST", "/reviews", WRITE, withBody(newReview, createReview)),
  pullRoute("/reviews/:review", (call) => {
    const review = findReview(call);
    return review === undefined ? notFound() : ok(presentReview(review));
  }),
  authoredPullRoute("POST", "/reviews/:review/events", WRITE, withBody(submission, submitReview)),
  authoredPullRoute("PUT", "/reviews/:review/dismissals", { ...WRITE, role: "write" }, withBody(dismissal, dismiss)),
  pullRoute("/requested_reviewers", (call) => ok(presentReviewRequests(call.pull))),
  authoredPullRoute("POST", "/requested_reviewers", ASK, withBody(reviewers, requestReviewers)),
  authoredPullRoute("DELETE", "/requested_reviewers", ASK, withBody(reviewers, unrequestReviewers)),
];

function findReview(call: PullCall): Review | undefined {
  return call.pull.reviews.filter(isVisibleTo(call.actor)).find(({ id }) => id === Number(call.params.review));
}

/** Only its author sees a review that is not submitted yet. */
export function isVisibleTo(actor: Account | null): (review: Review) => boolean {
  return (review) => review.state !== "PENDING" || review.user === actor;
}

async function createReview(call: AuthoredPullCall, body: z.output<typeof newReview>): Promise<Answer> {
  const { state, repository, pull, actor } = call;
  const refusal = refuseVerdict(call, body.event, body.body);
  if (refusal !== undefined) return refusal;
  const pending = pull.reviews.some((review) => review.state === "PENDING" && review.user === actor);
  if (pending) return refused(422, "Unprocessable Entity", ["User can only have one pending review per pull request"]);
  const start = (await mergeBase(repository.dir, pull.base.sha, pull.head.sha)) ?? pull.base.sha;
  const changes = await readChanges(repository.dir, start, pull.head.sha);
  if (body.comments.some(({ path }) => !changes.some(({ filename }) => filename === path))) {
    return refused(422, "Unprocessable Entity", ["Path could not be resolved"]);
  }
  const review: Review = {
    ...identify(state, "PRR"),
    pull,
    user: actor,
    body: body.body,
    state: "PENDING",
    commitId: body.commit_id ?? pull.head.sha,
    submittedAt: null,
  };
  pull.reviews.push(review);
  for (const comment of body.comments) addReviewComment(call, review, comment, changes);
  if (body.event !== undefined) submit(call, review, body.event);
  return ok(presentReview(review));
}

function submitReview(call: AuthoredPullCall, body: z.output<typeof submission>): Answer {
  const review = findReview(call);
  if (review === undefined) return notFound();
  if (review.state !== "PENDING") return refused(422, "Can not submit a review that was already submitted");
  review.body = body.body ?? review.body;
  const refusal = refuseVerdict(call, body.event, review.body);
  if (refusal !== undefined) return refusal;
  submit(call, review, body.event);
  return ok(presentReview(review));
}

/** Authors may only comment on their own pull request, and every review except an approval needs a body. */
function refuseVerdict(
  call: AuthoredPullCall,
  event: z.output<typeof verdict> | undefined,
  body: string,
): Answer | undefined {
  if (event === undefined) return undefined;
  const own = call.actor === call.pull.issue.user;
  if (own && event === "APPROVE") {
    return refused(422, "Unprocessable Entity", ["Review Can not approve your own pull request"]);
  }
  if (own && event === "REQUEST_CHANGES") {
    return refused(422, "Unprocessable Entity", ["Review Can not request changes on your own pull request"]);
  }
  return event !== "APPROVE" && body === ""
    ? refused(422, "Unprocessable Entity", ["Review body can't be blank"])
    : undefined;
}

function submit(call: AuthoredPullCall, review: Review, event: z.output<typeof verdict>): void {
  const { state, pull, actor } = call;
  review.state = STATES[event];
  review.submittedAt = now(state);
  pull.requestedReviewers = pull.requestedReviewers.filter((account) => account !== actor);
  addEvent(state, pull.issue, { event: "reviewed", actor, app: null, review });
  emitReview(call, review, "submitted");
}

function emitReview(call: AuthoredPullCall, review: Review, action: string): void {
  const { pull } = call;
  const parts = { review: presentSentReview(review), pull_request: presentPullSimple(pull) };
  emit(call, "pull_request_review", action, parts);
}

function dismiss(call: AuthoredPullCall, _body: z.output<typeof dismissal>): Answer {
  const review = findReview(call);
  if (review === undefined) return notFound();
  if (review.state !== "APPROVED" && review.state !== "CHANGES_REQUESTED") {
    return refused(422, "Can not dismiss a review that neither approves nor requests changes");
  }
  review.state = "DISMISSED";
  record(call, call.pull.issue, "review_dismissed");
  emitReview(call, review, "dismissed");
  return ok(presentReview(review));
}

async function requestReviewers(call: AuthoredPullCall, body: z.output<typeof reviewers>): Promise<Answer> {
  const { state, repository, pull, actor } = call;
  const accounts = body.reviewers.map((login) => findAccount(state, login));
  const known = accounts.filter((account) => account !== undefined);
  const able = known.length === accounts.length && known.every((each) => roleOf(repository, each) !== undefined);
  if (!able) {
    return refused(
      422,
      "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of this repository.",
    );
  }
  if (known.includes(pull.issue.user)) {
    return refused(422, "Review cannot be requested from pull request author.");
  }
  for (const reviewer of known) {
    if (pull.requestedReviewers.includes(reviewer)) continue;
    pull.requestedReviewers.push(reviewer);
    const event = { event: "review_requested", actor, app: null, requestedReviewer: reviewer };
    addEvent(state, pull.issue, event);
    const parts = { requested_reviewer: presentAccount(reviewer) };
    await emitIssue(call, pull.issue, "review_requested", parts);
  }
  return created(presentPullSimple(pull));
}

async function unrequestReviewers(call: AuthoredPullCall, body: z.output<typeof reviewers>): Promise<Answer> {
  const { state, pull } = call;
  const named = body.reviewers.map((login) => findAccount(state, login));
  for (const reviewer of pull.requestedReviewers.filter((account) => named.includes(account))) {
    pull.requestedReviewers = pull.requestedReviewers.filter((account) => account !== reviewer);
    const parts = { requested_reviewer: presentAccount(reviewer) };
    await emitIssue(call, pull.issue, "review_request_removed", parts);
  }
  return ok(presentPullSimple(pull));
}
