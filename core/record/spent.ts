import type { TypedEntry } from "../entries.ts";
import { moneyText } from "../money.ts";

/** What was spent in each currency, in millionths. */
export type Spent = ReadonlyMap<string, number>;

/** What the entries say that models cost. `isCounted` chooses among them. */
export function spentIn(
  entries: readonly TypedEntry[],
  isCounted: (entry: { at: string; story: number; prompt: number | null }) => boolean = () => true,
): Spent {
  const spent = new Map<string, number>();
  for (const entry of entries) {
    if (entry.kind !== "plan.proposed" && entry.kind !== "response.recorded" && entry.kind !== "advice.given") continue;
    const { body, at } = entry;
    const prompt = "prompt" in body ? body.prompt : null;
    if (body.cost === undefined || !isCounted({ at, story: body.story, prompt })) continue;
    spent.set(body.cost.currency, (spent.get(body.cost.currency) ?? 0) + body.cost.micros);
  }
  return spent;
}

/** Money in every currency in which some was spent; empty: none was. */
export function spentText(spent: Spent): string {
  return [...spent].map(([currency, micros]) => moneyText(micros, currency)).join(" and ");
}
