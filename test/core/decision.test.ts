import { describe, expect, test } from "@jest/globals";
import { awaitEffect, decisionOf, emptyDecision, ensureState, ensureSticky } from "../../core/decision.ts";
import type { EffectOutcome } from "../../core/effects.ts";

const issue = { repository: { id: 7 }, number: 2 };

describe("a decision is its steps, one after the other", () => {
  test("and nothing without any", () => {
    expect(decisionOf()).toEqual(emptyDecision());
    expect(decisionOf({}, emptyDecision())).toEqual(emptyDecision());
  });

  test("with their effects in order", () => {
    const steps = [ensureState(issue, [], "ready"), {}, ensureSticky(issue, "Text", null)];
    expect(decisionOf(...steps).effects.map(({ key }) => key)).toEqual(["state/7/2", "sticky/7/2"]);
  });

  test.each<[(number | null | undefined)[], number | null]>([
    [[], null],
    [[null, undefined], null],
    [[60, 15], 15],
    [[15, null, 60], 15],
  ])("and is made again at the soonest time of %j: %j", (times, soonest) => {
    const steps = times.map((requeueAfter) => (requeueAfter === undefined ? {} : { requeueAfter }));
    expect(decisionOf(...steps).requeueAfter).toBe(soonest);
  });
});

test.each<[EffectOutcome | undefined, number | null]>([
  [undefined, 1],
  [{ status: "waiting" }, null],
  [{ status: "done", result: { type: "pull", number: 2 } }, 2],
  [{ status: "failed", code: "github", message: "no" }, 3],
])("an effect that got as far as %j has one next step", (outcome, taken) => {
  const step = (requeueAfter: number) => ({ requeueAfter });
  const { requeueAfter = null } = awaitEffect(outcome, {
    ask: () => step(1),
    done: (result) => step(result.type === "pull" ? result.number : 0),
    failed: ({ code }) => step(code === "github" ? 3 : 0),
  });
  expect(requeueAfter).toBe(taken);
});

describe("what is shown already is not shown again", () => {
  test.each<[string | null, boolean]>([
    [null, true],
    ["", true],
    ["Another text\n", true],
    ["Text", false],
    // GitHub takes blank space off the end.
    ["Text\n", false],
  ])("a comment %j", (shown, isNew) => {
    expect(ensureSticky(issue, "Text\n", shown).effects?.length ?? 0).toBe(isNew ? 1 : 0);
  });

  test.each<[string[], boolean]>([
    [[], true],
    [["bug"], true],
    [["sallyport:draft"], true],
    [["sallyport:ready", "sallyport:draft"], true],
    [["bug", "sallyport:ready"], false],
  ])("a label among %j", (labels, isNew) => {
    expect(ensureState(issue, labels, "ready").effects?.length ?? 0).toBe(isNew ? 1 : 0);
  });
});
