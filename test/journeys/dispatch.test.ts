import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Dispatch, startCountedJourney } from "../hosts/counted-dispatch.ts";

let counted: Awaited<ReturnType<typeof startCountedJourney>>;
beforeAll(async () => {
  counted = await startCountedJourney(null);
}, 120_000);
afterAll(() => counted.close());

/** Where a leg has too many requests, the failure names all of them. */
function expectFew({ legs }: Dispatch, most: number[]): void {
  for (const [at, { name, own }] of legs.entries()) {
    const asked = own.map(({ what, body }) => `${what} ${/query (\w+)/.exec(body)?.[1] ?? ""}`.trimEnd());
    expect({ name, tooMany: asked.length > (most[at] ?? 0) ? asked : [] }).toEqual({ name, tooMany: [] });
  }
}

test("the light tier asks GitHub at most 12 times before the model, and at most 12 times after it", async () => {
  expectFew(await counted.lightTier(), [12, 12]);
}, 180_000);

test("the full road asks GitHub at most 12 times before each model, and at most 12 times after the agent", async () => {
  const { plan, run } = await counted.fullRoad();
  expectFew(plan, [12]);
  expectFew(run, [12, 12]);
}, 180_000);
