import { describe, expect, test } from "@jest/globals";
import { planProblems } from "../../../core/contract/plan-problems.ts";
import { argvOf, commandText } from "../../../core/contract/verification.ts";
import type { CommandRun } from "../../../schemas/step.ts";
import { policy, samplePlan } from "../../builders/story.ts";

describe("G2: a verification command is a program with its arguments", () => {
  test.each<[string, string[] | null]>([
    ["npm test", ["npm", "test"]],
    ["`npm test`", ["npm", "test"]],
    ["  node --test  test/a.test.ts ", ["node", "--test", "test/a.test.ts"]],
    ["./scripts/check 'two words' \"and more\"", ["./scripts/check", "two words", "and more"]],
    ["grep -c '$HOME *' file", ["grep", "-c", "$HOME *", "file"]],
    ["npm test && npm run lint", null],
    ["npm test; reboot", null],
    ["npm test | tee log", null],
    ["npm test > log", null],
    ["echo $HOME", null],
    ['echo "$HOME"', null],
    ["echo `id`", null],
    ["CI=1 npm test", null],
    ["-rf /", null],
    ["'it is' said", null],
    ["npm test (all pass)", null],
    ["npm 'test", null],
    ["npm te'st'", null],
    ["npm\ntest --x=1", ["npm", "test", "--x=1"]],
    ["", null],
  ])("%j", (line, argv) => {
    expect(argvOf(line)).toEqual(argv);
  });
});

test("G2: a plan whose commands only a shell understands goes back where a role has them run, and nowhere else", () => {
  const plan = { ...samplePlan, verification: ["npm test", "npm test && npm run lint"] };
  const tests = {
    ...policy,
    roles: { web: { ...policy.roles.web, allow: ["web/**"], deny: [], execution: "tests" as const } },
  };
  const unfit = planProblems(plan, tests, 2, ["docs/one.md"]);
  expect(planProblems(plan, policy, 2, ["docs/one.md"])).toEqual([]);
  expect(unfit).toEqual([expect.stringContaining("`npm test && npm run lint` is no program with its arguments")]);
  const many = { ...samplePlan, verification: Array.from({ length: 21 }, () => "npm test") };
  expect(planProblems(many, tests, 2, ["docs/one.md"])).toEqual(["The plan has 21 verification commands; at most 20."]);
});

test.each<[Partial<CommandRun>, string]>([
  [{ exit: 0 }, "`npm test` succeeded after 3 s"],
  [{ exit: 127 }, "`npm test` ended with status 127 after 3 s"],
  [{ exit: null, stopped: "time-exceeded" }, "`npm test` was ended after 3 s (time-exceeded)"],
])("how a command ended is told: %j", (more, text) => {
  const run = { argv: ["npm", "test"], exit: 0, seconds: 3.2, output: "0".repeat(64), excerpt: "" };
  expect(commandText({ ...run, ...more })).toBe(text);
});
