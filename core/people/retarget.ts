import type { GivenAct, PullFacts } from "../facts.ts";
import { findKnown, type Known, known } from "../known.ts";

/** The branch that a pull request enters now, and since when; null where it was never pointed at another one. */
export type Target = Pick<PullFacts, "base" | "retargetedAt">;

const second = (time: string) => Math.floor(Date.parse(time) / 1000);

/**
 * Whether something that names no branch, such as a review, was done for the branch that the pull request enters now: any
 * change of that branch voids it. GitHub tells times in whole seconds, so the second of the change counts as before it.
 */
export function isSinceRetarget(at: string, { retargetedAt }: Target): Known<boolean> {
  if (!retargetedAt.known) return retargetedAt;
  // A time that is none is later than nothing.
  return known(retargetedAt.value === null || second(at) > second(retargetedAt.value));
}

/**
 * Whether a person's act was given for the branch that the pull request enters now. An act that names its branch counts for
 * that one alone, and again after the pull request was pointed elsewhere and back: what its head brings into that branch is
 * what the person stood for. One that names none is judged by its time.
 */
export function isForBase(given: GivenAct, target: Target): Known<boolean> {
  return given.baseRef === null
    ? isSinceRetarget(given.at, target)
    : known(given.baseRef === target.base.ref);
}

/** The first of these acts that counts for the branch; unknown when none surely does and one may. */
export function firstForBase<T extends GivenAct>(acts: readonly T[], target: Target): Known<T | null> {
  return findKnown(acts, (one) => isForBase(one, target));
}

/** What an act that does not count was given for, to follow "given". */
export function givenElsewhere({ baseRef }: GivenAct, { base }: Target): string {
  return baseRef === null
    ? `before the pull request was pointed at \`${base.ref}\``
    : `for \`${baseRef}\`, and the pull request enters \`${base.ref}\``;
}
