import { type Known, known } from "../core/known.ts";
import type { PullLookFacts } from "../core/pull-facts.ts";
import type { PullState } from "./pull-state.ts";
import { findOurCheck } from "./reviews.ts";

/** Where a pull request stands, besides what its verdict is judged from. */
export type PullStanding = Pick<PullLookFacts, "state" | "merged" | "ourCheck" | "twins">;

/** A pull request's standing as an App with this id sees it. Unknown while GitHub does not tell the commit of a merge. */
export function pullStanding(state: PullState, appId: number): Known<PullStanding> {
  const { checks, merged, twins } = state;
  if (!merged.known) return merged;
  return known({ state: state.state, merged: merged.value, ourCheck: findOurCheck(checks, appId), twins });
}
