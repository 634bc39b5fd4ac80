import { expect, test } from "@jest/globals";
import { planProblems } from "../../../core/contract/plan-problems.ts";
import { Policy } from "../../../schemas/policy.ts";
import { samplePlan } from "../../builders/story.ts";

const policy = Policy.parse({
  version: 1,
  roles: { web: { allow: ["web/**", "docs/adr/**", "lib/*.ts"] } },
  gates: { adr: { when: ["web/core/**"] } },
});

/** What the policy has against a plan whose one prompt declares these paths. */
function against(paths: string[], decisions: string[] = []): string[] {
  const [first] = samplePlan.prompts;
  if (first === undefined) throw new Error("no prompt");
  return planProblems({ ...samplePlan, prompts: [{ ...first, paths }] }, policy, 2, decisions);
}

test.each<[string, string[], string[], RegExp | null]>([
  ["a folder inside the role", ["web/page/**"], [], null],
  ["a file inside the role", ["lib/a.ts"], [], null],
  ["T046: a file outside the role", ["src/a.ts"], [], /declares `src\/a\.ts`, outside what the role `web` may touch/],
  ["T046: a pattern wider than the role", ["**"], [], /outside what the role/],
  ["a pattern that cannot be compared is left to the gate `scope`", ["{web,src}/a.ts*"], [], null],
  [
    "A8: architecture without a decision",
    ["web/core/a.ts"],
    [],
    /which is architecture, and the story names no decision/,
  ],
  ["A8: architecture as a folder", ["web/core/**"], [], /which is architecture/],
  ["architecture with a decision that the story names", ["web/core/a.ts"], ["docs/adr/1.md"], null],
  ["architecture with a decision in the same prompt", ["web/core/a.ts", "docs/adr/2.md"], [], null],
])("%s", (_, paths, decisions, problem) => {
  const found = against(paths, decisions);
  if (problem === null) expect(found).toEqual([]);
  else expect(found).toEqual([expect.stringMatching(problem)]);
});

test("a prompt that names nothing to read first goes back", () => {
  const prompts = samplePlan.prompts.map((prompt) => ({ ...prompt, paths: ["web/**"], inputs: [] }));
  const [problem] = planProblems({ ...samplePlan, prompts }, policy, 2, []);
  expect(problem).toMatch(/^Prompt 1 names no inputs: /);
});
