import type { GateResult, Verdict } from "../../schemas/verdict.ts";
import type { PullFacts, SecretFinding } from "../facts.ts";
import { known } from "../known.ts";
import { judge } from "./judge.ts";

/** The codes of what blocks because of a pull request's own text and comments. */
const textCodes: ReadonlySet<string> = new Set(["section-missing", "attachments-missing", "attachments-unknown"]);

/**
 * The results that do not hang on a pull request's own text, of which `conclude` makes the conclusion for all with this
 * head: whoever opens one with somebody else's commit neither turns that one red by what the text says nor holds it up
 * by what it lacks.
 */
export function sharedGates(facts: PullFacts, verdict: Verdict): GateResult[] {
  const isText = ({ where }: SecretFinding) => where === "title" || where === "description";
  const hasText = facts.secrets.known && facts.secrets.value.some(isText);
  const secrets = facts.secrets.known ? known(facts.secrets.value.filter((one) => !isText(one))) : facts.secrets;
  const { gates } = hasText ? judge({ ...facts, secrets }, { settle: "all" }) : verdict;
  // A reason without a next step blocks nothing.
  const isOfText = ({ reasons }: GateResult) =>
    reasons.some(({ next }) => next !== undefined) &&
    reasons.every(({ code, next }) => next === undefined || textCodes.has(code));
  return gates.filter((gate) => !isOfText(gate));
}

/** From the worst to the best. */
const ranks: readonly Verdict["conclusion"][] = ["failure", "pending", "success"];

/**
 * The conclusion that the one check of a shared head shows: the worst by what commits and bases settle (invariant 5),
 * but no better than the best of the whole verdicts, in which each pull request's own text counts too.
 */
export function countedOf(
  all: readonly { conclusion: Verdict["conclusion"]; shared: Verdict["conclusion"] }[],
): Verdict["conclusion"] {
  const worst = Math.min(...all.map((one) => ranks.indexOf(one.shared)));
  const best = Math.max(...all.map((one) => ranks.indexOf(one.conclusion)));
  return ranks[Math.min(worst, best)] ?? "pending";
}

/** Whether one conclusion is better than another. */
export function isBetter(one: Verdict["conclusion"], other: Verdict["conclusion"]): boolean {
  return ranks.indexOf(one) > ranks.indexOf(other);
}
