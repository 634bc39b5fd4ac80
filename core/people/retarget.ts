import type { PullFacts } from "../facts.ts";
import { findKnown, type Known, known } from "../known.ts";
import type { GivenAct } from "../pull-record.ts";

/** The base branch of a pull request, and since when; null where it never changed. */
export type Target = Pick<PullFacts, "base" | "retargetedAt">;

const second = (time: string) => Math.floor(Date.parse(time) / 1000);

/**
 * Whether an act that names no branch, such as a review, was for the current base branch: any change of the base voids
 * it. GitHub's times are whole seconds, so an act in the second of the change counts as before it.
 */
export function isSinceRetarget(at: string, { retargetedAt }: Target): Known<boolean> {
  if (!retargetedAt.known) return retargetedAt;
  // An invalid time (NaN) counts as before the change.
  return known(retargetedAt.value === null || second(at) > second(retargetedAt.value));
}

/**
 * Whether a person's act is for the current base branch. An act that names its branch counts for that branch alone, and
 * again after the pull request was pointed elsewhere and back: the person accepted what the head brings into that
 * branch. An act that names no branch is judged by its time.
 */
export function isForBase(given: GivenAct, target: Target): Known<boolean> {
  return given.baseRef === null ? isSinceRetarget(given.at, target) : known(given.baseRef === target.base.ref);
}

/** The first act that counts for the branch; unknown when none certainly counts and one may. */
export function firstForBase<T extends GivenAct>(acts: readonly T[], target: Target): Known<T | null> {
  return findKnown(acts, (one) => isForBase(one, target));
}

/** Says what an act that does not count was for, to follow "given". */
export function givenElsewhere({ baseRef }: GivenAct, { base }: Target): string {
  return baseRef === null
    ? `before the pull request was pointed at \`${base.ref}\``
    : `for \`${baseRef}\`, and the pull request enters \`${base.ref}\``;
}
