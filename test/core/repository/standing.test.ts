import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { openConcerns } from "../../../core/record/concerns.ts";
import { numbersSince } from "../../../core/repository/numbers.ts";
import { carryOn, noStanding, readStanding, standingText } from "../../../core/repository/standing.ts";
import { anyLedger } from "../../builders/any-ledger.ts";
import { standingAfter } from "../../builders/standing.ts";

test("S10: a standing that is stored after each entry and carried on is that of the whole ledger", () => {
  const property = fc.property(anyLedger, (entries) => {
    let stored = standingText(noStanding());
    for (const entry of entries) {
      const standing = readStanding(stored);
      carryOn(standing, entry);
      stored = standingText(standing);
    }
    expect(readStanding(stored)).toEqual(standingAfter(entries));
    expect([...readStanding(stored).concerns.values()]).toEqual(openConcerns(entries));
  });
  fc.assert(property, { numRuns: 50 });
});

test("S10: the days beyond those of the dashboard are dropped, and what is open stays", () => {
  const [first] = fc.sample(anyLedger, { numRuns: 1, seed: 1 });
  const later = (days: number) => ({
    ...{ seq: 900 + days, hash: "1".repeat(64), actor: { type: "app" as const, id: 9, login: "sallyport[bot]" } },
    at: new Date(Date.UTC(2026, 10, 21) + days * 86_400_000).toISOString(),
    ...{ kind: "pull.closed" as const, body: { pull: 999, head: "1".repeat(40) } },
  });
  const before = standingAfter(first ?? []);
  const after = standingAfter([...(first ?? []), later(40)]);
  expect(before.days.size).toBe(1);
  expect(after.days.size).toBe(0);
  expect(numbersSince(after, "2026-11-01T00:00:00.000Z").concerns).toBe(before.concerns.size);
  expect([...after.beliefs.pulls]).toEqual([...before.beliefs.pulls]);
  expect(after.light).toEqual(before.light);
});
