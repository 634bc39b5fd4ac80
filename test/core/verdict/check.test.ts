import { describe, expect, test } from "@jest/globals";
import { known, unknown } from "../../../core/known.ts";
import { checkEffect, type OurCheck } from "../../../core/verdict/check.ts";
import { judge } from "../../../core/verdict/judge.ts";
import { change, facts } from "../../builders/pull-facts.ts";

const policy = "version: 1\ngates:\n  forbidden-paths: { deny: [governance] }\n  review: { paths: [web/ui] }\n";
const passing = judge(facts({ policy }), { settle: "all" });
const failing = judge(facts({ policy, changes: [change("governance/a")] }), { settle: "all" });
const waiting = judge(facts({ policy, changes: [change("web/ui/a.ts")] }), { settle: "all" });
const shown: OurCheck = { externalId: "1", status: "completed", conclusion: "success" };
const effectsOf = (verdict: typeof passing, ourCheck: OurCheck | null = null, over = {}) =>
  checkEffect({ repository: { id: 5 }, ourCheck: known(ourCheck), number: 3 }, verdict, "1", over).effects ?? [];

describe("a verdict on the check of its commit", () => {
  test.each([
    ["success", passing, "completed", "success", 0],
    ["failure, with the lines it is about", failing, "completed", "failure", 1],
    ["what waits stays in progress", waiting, "in_progress", null, 0],
  ])("%s", (_, verdict, status, conclusion, lines) => {
    expect(effectsOf(verdict)).toMatchObject([{ pull: 3, sha: verdict.head, status, conclusion }]);
    expect(effectsOf(verdict)[0]).toHaveProperty("annotations.length", lines);
  });

  test("is neutral where nobody has asked for anything yet", () => {
    const absent = known({ state: "absent" as const, ref: "b".repeat(40), removedBy: null });
    const verdict = judge({ ...facts(), policy: absent }, { settle: "all" });
    expect(effectsOf(verdict)).toMatchObject([{ type: "ensure-check", status: "completed", conclusion: "neutral" }]);
  });

  test.each<[string, OurCheck | null, number]>([
    ["is left alone where it is shown already", shown, 0],
    ["is written over another verdict", { ...shown, externalId: "2" }, 1],
    ["is written over a check that somebody set back", { ...shown, status: "in_progress" }, 1],
    ["is written over a check that somebody turned round", { ...shown, conclusion: "failure" }, 1],
  ])("%s", (_, ourCheck, count) => {
    expect(effectsOf(passing, ourCheck)).toHaveLength(count);
  });

  test("is written where what is shown could not be read, and for a group names no pull request", () => {
    const { effects } = checkEffect({ repository: { id: 5 }, ourCheck: unknown("HTTP 502") }, passing, "1");
    expect(effects).toHaveLength(1);
    expect(effects?.[0]).not.toHaveProperty("pull");
  });
});
