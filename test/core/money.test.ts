import { describe, expect, test } from "@jest/globals";
import { costOf, microsOf, moneyText, spendingOf, worstMicros } from "../../core/money.ts";
import { spentIn, spentText } from "../../core/record/spent.ts";
import { Policy } from "../../schemas/policy.ts";

const price = { input: 3, cached: 0.3, cacheWrite: 3.75, output: 15 };
const usage = { model: "m", calls: 1, inputTokens: 1_000, outputTokens: 100 };

test.each([
  ["what is read anew and written", {}, price, 3_000 + 1_500],
  [
    "what stands in the cache and is put there",
    { cachedTokens: 600, cacheWriteTokens: 300 },
    price,
    180 + 1_125 + 300 + 1_500,
  ],
  ["without prices for the cache", { cachedTokens: 600, cacheWriteTokens: 300 }, { input: 3, output: 15 }, 4_500],
  ["tokens that nobody counted, as written ones", { unknownTokens: 16_000 }, price, 4_500 + 240_000],
  ["more in the cache than was read, as a service may say", { cachedTokens: 5_000 }, price, 1_500 + 1_500],
  ["less than a millionth, rounded up", { inputTokens: 1, outputTokens: 0 }, { input: 0.1, output: 0 }, 1],
])("money is %s", (_, more, at, micros) => {
  expect(microsOf({ ...usage, ...more }, at)).toBe(micros);
});

test("the worst of a call is all that it reads put into the cache, and the longest answer", () => {
  expect(worstMicros(1_000, 16_000, price)).toBe(3_750 + 240_000);
  // Whatever a policy's authors write there.
  expect(worstMicros(1_000, 0, { input: 1, cached: 5, output: 1 })).toBe(5_000);
});

const agents = Policy.parse({
  version: 1,
  agents: {
    model: "claude-x",
    prices: { currency: "EUR", models: { "claude-x": price } },
    budget: { story: 10 },
  },
}).agents;

test("a model's price serves for its dated snapshots, and for no other model", () => {
  expect(costOf({ ...usage, model: "claude-x-20260423" }, agents).cost).toEqual({
    micros: 4_500,
    currency: "EUR",
    price,
  });
  expect(costOf({ ...usage, model: "claude-x-mini" }, agents)).toEqual({});
  expect(costOf({ ...usage, model: "claude-x" }, {})).toEqual({});
});

test("a snapshot with a price of its own costs that one, wherever it stands in the list", () => {
  const models = { "claude-x": price, "claude-x-20260423": { input: 30, output: 150 } };
  const found = costOf({ ...usage, model: "claude-x-20260423" }, { prices: { currency: "EUR", models } });
  expect(found.cost?.micros).toBe(45_000);
});

test("what pays for a call names its story; without a budget nobody counts", () => {
  expect(spendingOf(agents, "claude-x", 7).spending).toEqual({
    story: 7,
    currency: "EUR",
    price,
    budget: { story: 10 },
  });
  expect(spendingOf({ prices: agents.prices }, "claude-x", 7)).toEqual({});
  expect(spendingOf(agents, "toString", 7)).toEqual({});
});

describe("a policy with a budget", () => {
  const prices = { currency: "USD", models: { a: price } };
  test.each<[string, object, boolean]>([
    ["with a price for each of its models", { model: "a", prices, budget: { day: 1 } }, true],
    ["with a model that it does not name", { prices, budget: { day: 1 } }, false],
    ["without prices", { model: "a", budget: { day: 1 } }, false],
    ["with a reviewer that has no price", { model: "a", prices, budget: {}, reviewer: { model: "b" } }, false],
    ["with a model that every object has", { model: "constructor", prices, budget: {} }, false],
    ["of nothing", { model: "a", prices, budget: { day: 0 } }, false],
    ["with a currency that is none", { model: "a", prices: { ...prices, currency: "usd" } }, false],
    ["without one, and without prices", { model: "a" }, true],
  ])("%s: %j", (_, agents, isValid) => {
    expect(Policy.safeParse({ version: 1, agents }).success).toBe(isValid);
  });
});

test("money is told to the cent, rounded up, in each currency", () => {
  expect(moneyText(12_340_001, "USD")).toBe("USD 12.35");
  expect(moneyText(1, "USD")).toBe("USD 0.01");
  expect(moneyText(0, "USD")).toBe("USD 0.00");
  expect(
    spentText(
      new Map([
        ["USD", 10_000],
        ["EUR", 20_000],
      ]),
    ),
  ).toBe("USD 0.01 and EUR 0.02");
  expect(spentIn([]).size).toBe(0);
});
