import type { ActionsRun, Cost } from "../../schemas/step.ts";
import type { TypedEntry } from "../entries.ts";
import { moneyText } from "../money.ts";

/** What was spent in each currency, in millionths. */
export type Spent = ReadonlyMap<string, number>;

/** What an entry says that models cost for a story, and for one of its prompts; null: it says nothing of money. */
export function costIn(entry: TypedEntry): { story: number; prompt: number | null; cost: Cost } | null {
  switch (entry.kind) {
    case "plan.proposed":
    case "plan.failed":
    case "response.recorded":
    case "advice.given": {
      const { story, cost } = entry.body;
      return cost === undefined ? null : { story, prompt: "prompt" in entry.body ? entry.body.prompt : null, cost };
    }
    default:
      return null;
  }
}

/** What the entries say that models cost. `isCounted` chooses among them. */
export function spentIn(
  entries: readonly TypedEntry[],
  isCounted: (entry: { at: string; story: number; prompt: number | null }) => boolean = () => true,
): Spent {
  const spent = new Map<string, number>();
  for (const entry of entries) {
    const found = costIn(entry);
    if (found === null || !isCounted({ at: entry.at, ...found })) continue;
    const { currency, micros } = found.cost;
    spent.set(currency, (spent.get(currency) ?? 0) + micros);
  }
  return spent;
}

/** Money in every currency in which some was spent; empty: none was. */
export function spentText(spent: Spent): string {
  return [...spent].map(([currency, micros]) => moneyText(micros, currency)).join(" and ");
}

/** The minutes that runs of the workflow took, by the entries, as GitHub bills them; most plans have some for nothing. */
export function minutesIn(
  entries: readonly TypedEntry[],
  isCounted: (body: { story: number; prompt: number }) => boolean,
): number {
  return entries.reduce((sum, entry) => {
    if (entry.kind !== "response.recorded" || entry.body.actions === undefined || !isCounted(entry.body)) return sum;
    return sum + minutesOf(entry.body.actions);
  }, 0);
}

/** The minutes of one run; an older entry tells only what its jobs took together. */
export function minutesOf({ seconds, minutes }: ActionsRun): number {
  return minutes ?? Math.ceil(seconds / 60);
}

/** A number of minutes, for people. */
export function minutesText(minutes: number): string {
  return `${minutes} ${minutes === 1 ? "minute" : "minutes"}`;
}

/** What models and runs on Actions cost for a story so far; empty: nothing, or the policy has no prices. */
export function storyCost(entries: readonly TypedEntry[], number: number): string {
  const ofStory = ({ story }: { story: number }) => story === number;
  const [spent, minutes] = [spentText(spentIn(entries, ofStory)), minutesIn(entries, ofStory)];
  return [
    ...(spent === "" ? [] : [`Models cost ${spent} for it so far.`]),
    ...(minutes === 0 ? [] : [`Runs on Actions took ${minutesText(minutes)}.`]),
  ].join(" ");
}
