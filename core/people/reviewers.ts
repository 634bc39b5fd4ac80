import type { People } from "../../schemas/policy.ts";
import type { Duty } from "../../schemas/policy-values.ts";
import type { Account } from "../../schemas/text.ts";
import type { PullBasics, PullFacts, ReviewFact } from "../facts.ts";
import { type Known, known } from "../known.ts";
import { writers } from "./authority.ts";
import { whoseWork } from "./authorship.ts";
import { isSinceRetarget } from "./retarget.ts";

/**
 * Each person's latest review. A comment does not replace an earlier review, and a dismissed review does not revive the
 * one before it. Apps and bots are left out. `id` grows with time, as GitHub assigns it.
 */
export function latestReviews(reviews: readonly ReviewFact[]): ReviewFact[] {
  const latest = new Map<number, ReviewFact>();
  for (const review of reviews) {
    if (review.by.type !== "User" || review.state === "commented") continue;
    const earlier = latest.get(review.by.id);
    if (earlier === undefined || earlier.id < review.id) latest.set(review.by.id, review);
  }
  return [...latest.values()].sort((one, other) => one.id - other.id);
}

/** Whether a reviewer's review counts: they may write to the repository and hold one of the duties. */
export function hasDuty({ permission }: ReviewFact, duties: readonly Duty[]): Known<boolean> {
  if (!permission.known) return permission;
  const { role, duties: held } = permission.value;
  return known(writers.has(role) && duties.some((duty) => held.includes(duty)));
}

/** A gate's requirement on approvals: how many people, which duties, and whose own work the change is. */
export type Wanted = { count: number; duties: readonly Duty[]; isOwn(person: Account): boolean };

/**
 * The result of counting approvals of the head: enough, and by whom; undecided until an unread fact is known; or
 * missing, with sentences for people on why other approvals do not count.
 */
export type Approvals =
  | { state: "enough"; by: Account[] }
  | { state: "unread"; code: "standing-unknown" | "retarget-unknown" | "reviews-unknown"; why: string }
  | {
      state: "missing";
      code: "not-approved" | "review-before-retarget";
      /** Those whose approval counts. */
      by: Account[];
      notCounted: string[];
      step: string;
    };

/** Why an approval does not or may not count; null when it counts. */
type Objection = {
  code: "not-counted" | "review-before-retarget" | "standing-unknown" | "retarget-unknown";
  why: string;
};

function objectionTo(review: ReviewFact, facts: PullBasics, { duties, isOwn }: Wanted): Objection | null {
  const { by, sha, at } = review;
  const head = facts.head.sha;
  const notCounted = (why: string): Objection => ({ code: "not-counted", why });
  if (isOwn(by)) return notCounted(`@${by.login} asked for this change, so their approval does not count.`);
  if (sha !== head) return notCounted(`@${by.login} approved ${sha ?? "a commit that is gone"}; the head is ${head}.`);
  const entitled = hasDuty(review, duties);
  if (entitled.known && !entitled.value) {
    const needed = `write access and the duty ${duties.join(" or ")}`;
    return notCounted(`@${by.login} approved and does not count: that takes ${needed}.`);
  }
  const since = isSinceRetarget(at, facts);
  if (since.known && !since.value) {
    const why = `@${by.login} approved before the pull request was pointed at \`${facts.base.ref}\`, where it brings in something else.`;
    return { code: "review-before-retarget", why };
  }
  if (!entitled.known)
    return {
      code: "standing-unknown",
      why: `What @${by.login} may do here could not be read: ${entitled.why}`,
    };
  if (!since.known) {
    const why = `Whether @${by.login} approved for \`${facts.base.ref}\` could not be read: ${since.why}`;
    return { code: "retarget-unknown", why };
  }
  return null;
}

/**
 * Counts the current approvals of a change. Anyone who can see a repository can approve, so most may not count; and a
 * review names no branch, so it counts only if the base branch has not changed since.
 */
export function approvals(reviews: readonly ReviewFact[], facts: PullBasics, wanted: Wanted): Approvals {
  const counting: Account[] = [];
  const objections: Objection[] = [];
  for (const review of latestReviews(reviews)) {
    if (review.state !== "approved") continue;
    const objection = objectionTo(review, facts, wanted);
    if (objection === null) counting.push(review.by);
    else objections.push(objection);
  }
  if (counting.length >= wanted.count) return { state: "enough", by: counting };
  const whys = (wantedCode: Objection["code"]) =>
    objections.filter(({ code }) => code === wantedCode).map(({ why }) => why);
  for (const code of ["standing-unknown", "retarget-unknown"] as const) {
    if (whys(code).length > 0) return { state: "unread", code, why: whys(code).join(" ") };
  }
  const head = facts.head.sha;
  const retargeted = whys("review-before-retarget").length > 0;
  const step = retargeted
    ? `Review the pull request again, as it enters \`${facts.base.ref}\`, and approve ${head} on GitHub.`
    : `Review the pull request and approve ${head} on GitHub.`;
  return {
    state: "missing",
    code: retargeted ? "review-before-retarget" : "not-approved",
    by: counting,
    notCounted: objections.map(({ why }) => why),
    step,
  };
}

/**
 * The approval of a head by somebody with a duty. `solo`: GitHub lets nobody approve their own pull request, so under
 * `separation: solo` the author's own duty is enough. `askedBy` as in `whoseWork`.
 */
export function approvalBy(
  facts: PullBasics & Pick<PullFacts, "reviews">,
  people: People,
  askedBy: ReadonlySet<number>,
  wanted: Wanted,
): Approvals | { state: "solo" } {
  const { pull, authorPermission: author, reviews } = facts;
  const mayBeSolo = pull !== null && whoseWork(pull.author, askedBy, people) === "own-but-solo";
  if (mayBeSolo && author.known) {
    const { role, duties } = author.value;
    if (writers.has(role) && wanted.duties.some((duty) => duties.includes(duty))) return { state: "solo" };
  }
  if (!reviews.known) return { state: "unread", code: "reviews-unknown", why: reviews.why };
  const found = approvals(reviews.value, facts, wanted);
  return found.state === "missing" && mayBeSolo && !author.known
    ? { state: "unread", code: "standing-unknown", why: author.why }
    : found;
}
