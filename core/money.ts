import type { Policy } from "../schemas/policy.ts";
import type { Budget, Price } from "../schemas/policy-agents.ts";
import type { Cost, Usage } from "../schemas/step.ts";
import { isModelAsked } from "./model-name.ts";

/** What a call is paid from: the price of its model, and what is left of for whom; money in the price's currency. */
export type Spending = { story: number; currency: string; price: Price; budget: Budget };

/** What tokens cost, in millionths of the currency, rounded up: a price is for a million of them. */
export function microsOf(usage: Omit<Usage, "model" | "calls">, price: Price): number {
  const { inputTokens, outputTokens, cachedTokens = 0, cacheWriteTokens = 0, unknownTokens = 0 } = usage;
  const fresh = Math.max(0, inputTokens - cachedTokens - cacheWriteTokens);
  return Math.ceil(
    fresh * price.input +
      cachedTokens * (price.cached ?? price.input) +
      cacheWriteTokens * (price.cacheWrite ?? price.input) +
      (outputTokens + unknownTokens) * price.output,
  );
}

/** The most that a call can cost that reads and writes at most so many tokens. */
export function worstMicros(read: number, written: number, price: Price): number {
  return Math.ceil(read * Math.max(price.input, price.cached ?? 0, price.cacheWrite ?? 0) + written * price.output);
}

/** What a usage cost by the policy's prices, as its entry records it; nothing: it has no price for that model. */
export function costOf(usage: Usage, { prices }: Pick<Policy["agents"], "prices">): { cost?: Cost } {
  if (prices === undefined) return {};
  const { currency, models } = prices;
  const price = Object.hasOwn(models, usage.model)
    ? models[usage.model]
    : Object.entries(models).find(([asked]) => isModelAsked(usage.model, asked))?.[1];
  return price === undefined ? {} : { cost: { micros: microsOf(usage, price), currency, price } };
}

/** What a model's calls for a story are paid from; nothing: the policy sets no budget. */
export function spendingOf(
  { prices, budget }: Pick<Policy["agents"], "prices" | "budget">,
  model: string | null,
  story: number,
): { spending?: Spending } {
  const price = Object.hasOwn(prices?.models ?? {}, model ?? "") ? prices?.models[model ?? ""] : undefined;
  if (prices === undefined || budget === undefined || price === undefined) return {};
  return { spending: { story, currency: prices.currency, price, budget } };
}

/** An amount of money for people, to the cent and rounded up. */
export function moneyText(micros: number, currency: string): string {
  return `${currency} ${(Math.ceil(micros / 10_000) / 100).toFixed(2)}`;
}
