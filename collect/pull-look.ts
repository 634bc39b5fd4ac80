import { type Known, known } from "../core/known.ts";
import type { OurCheck, PullLookFacts } from "../core/pull-facts.ts";
import type { PullState } from "./pull-state.ts";

/** Where a pull request stands, besides what its verdict is judged from. */
export type PullStanding = Pick<PullLookFacts, "state" | "merged" | "ourCheck" | "twins">;

/** A pull request's standing as an App with this id sees it. Unknown while GitHub does not tell the commit of a merge. */
export function pullStanding(state: PullState, appId: number): Known<PullStanding> {
  const { checks, merged, twins } = state;
  if (!merged.known) return merged;
  const isOurs = (run: { name: string; appId: number }) => run.name === "sallyport" && run.appId === appId;
  const ourCheck: Known<OurCheck | null> = checks.known ? known(checks.value.find(isOurs) ?? null) : checks;
  return known({ state: state.state, merged: merged.value, ourCheck, twins });
}
