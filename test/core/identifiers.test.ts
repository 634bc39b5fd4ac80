import { expect, test } from "@jest/globals";
import { effectKey } from "../../core/identifiers.ts";

const step = { run: "run-2-1", prompt: 3, attempt: { r: 1, s: 2 } };
const comment = { type: "comment" as const, id: 55 };
const label = { type: "label" as const, id: 66, label: "ai:plan" as const };

// Keys are stored: in another form, what is done already would be done a second time.
test("the keys of effects stay as they are", () => {
  expect([
    effectKey.agent(7, step),
    effectKey.backtest(7, 11, "aa", "bb"),
    effectKey.change(7, step),
    effectKey.check(7, "cc"),
    effectKey.close(7, 2),
    effectKey.label(7, 2, "ai:plan"),
    effectKey.labels(7),
    effectKey.link(7, 1, 2),
    effectKey.onboarding(7),
    effectKey.plan(7, 2, comment),
    effectKey.plan(7, 2, label),
    effectKey.prompt(7, 2, 1, 4),
    effectKey.pull(7, "run-2-1", 3),
    effectKey.reply(7, comment),
    effectKey.reply(7, label),
    effectKey.rollback(7, 55),
    effectKey.state(7, 2),
    effectKey.sticky(7, 2),
  ]).toEqual([
    "agent/7/run-2-1/3/R1/S2",
    "backtest/7/11/aa/bb",
    "change/7/run-2-1/3/R1/S2",
    "check/7/cc",
    "close/7/2",
    "label/7/2/ai:plan",
    "labels/7",
    "link/7/1/2",
    "onboarding/7",
    "plan/7/2/comment/55",
    "plan/7/2/label/66",
    "prompt/7/2/1/4",
    "pull/7/run-2-1/3",
    "reply/7/comment/55",
    "reply/7/label/66",
    "rollback/7/55",
    "state/7/2",
    "sticky/7/2",
  ]);
});
