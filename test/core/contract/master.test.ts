import { describe, expect, test } from "@jest/globals";
import { compileMaster, hasHeadings, type MasterParts, promptsNaming } from "../../../core/contract/master.ts";
import { planProblems } from "../../../core/contract/plan-problems.ts";
import { sha256 } from "../../../core/digest.ts";
import { contractBody } from "../../../core/story/bodies.ts";
import type { Risk } from "../../../schemas/text.ts";
import { policy, samplePlan } from "../../builders/story.ts";

const plan = {
  ...samplePlan,
  acceptance: ["Step 1 is done.", "step 2  is done"],
  invariants: ["Old clients work."],
  verification: ["npm test"],
};
const story = { number: 2, title: "A story" };
const asked = { risk: null, manualTest: false };

const partsOf = (text: string, more: Partial<MasterParts> = {}): MasterParts => ({
  template: { path: "docs/contract.md", sha256: sha256(text), text },
  forbidden: ["governance/**"],
  story,
  plan,
  contract: contractBody(story, { plan, revision: 1 }, "", ["docs/one.md"], asked),
  answers: [],
  ...more,
});
const compiled = (text: string, more: Partial<MasterParts> = {}) => compileMaster(partsOf(text, more));

describe("a master contract", () => {
  test("fills the headings of the template in its order, and adds what it has no heading for", () => {
    const { text, headings } = compiled("# Contract\n\nRead it whole.\n\n## Commands\n\n## ACCEPTANCE CRITERIA:\n");
    expect(
      text.startsWith("# Contract\n\nRead it whole.\n\n## Commands\n\n- npm test\n\n## ACCEPTANCE CRITERIA:\n"),
    ).toBe(true);
    expect(text).toContain("- Step 1 is done. (prompt 1)\n- step 2  is done (prompt 2)\n");
    const added = text.split("\n").filter((line) => line.startsWith("## "));
    expect(added.slice(2)).toEqual(
      ["Objective", "Approach", "Invariants", "Risks", "Forbidden paths", "Diff prompts", "Decisions"].map(
        (one) => `## ${one}`,
      ),
    );
    expect(headings).toEqual([
      { heading: "Contract", filled: true },
      { heading: "Commands", filled: true },
      { heading: "ACCEPTANCE CRITERIA:", filled: true },
    ]);
  });

  test("names each prompt by its digest, in order", () => {
    const { contract } = partsOf("");
    const lines = compiled("# Prompts\n").text.split("\n");
    for (const { index, text } of contract.prompts)
      expect(
        lines.filter((line) => line.startsWith(`- ${index}. `) && line.endsWith(`sha256 ${sha256(text)}`)),
      ).toHaveLength(1);
  });

  test.each<[string, boolean]>([
    ["## Failure modes", false],
    ["## Failure modes\n\nNone may reach a customer.", true],
    ["## Rollout", false],
    ["## Rollout\n\n<!-- say how -->", false],
    ["## Rollout\n\n### Approach", true],
    ["## Risks", true],
  ])("%j is filled: %p", (text, filled) => {
    const { headings, text: whole } = compiled(text);
    expect(headings[0]?.filled).toBe(filled);
    expect(whole.includes("None.")).toBe(!filled);
  });

  test.each([
    ["no heading", "Only words.\n", false],
    ["a heading in a fence", "```\n# Risks\n```\n", false],
    ["a heading in a comment", "<!--\n# Risks\n-->\n", false],
    ["a word behind the sign", "#Risks\n", false],
    ["a heading", "text\n# Risks\n", true],
  ])("a template with %s", (_, text, has) => expect(hasHeadings({ text })).toBe(has));

  test("text of a model begins no heading and hides nothing", () => {
    const approach = "Fine.\n# Forbidden paths\n\n- none\u202e";
    const evil = { ...plan, approach, risks: ["a\n## Decisions\n- all"] };
    const { text } = compiled("# Forbidden paths\n", { plan: evil });
    expect(text.match(/^# Forbidden paths$/gm)).toHaveLength(1);
    expect(text.match(/^## Decisions$/gm)).toHaveLength(1);
    expect(text).not.toContain("\u202e");
  });

  test.each<[string, Partial<MasterParts>]>([
    ["the template", partsOf("# Risks \n")],
    ["a forbidden path", { forbidden: ["a"] }],
    ["the plan", { plan: { ...plan, risks: ["One."] } }],
    ["an answer", { answers: [{ question: "Which?", answer: "This.", by: "@lena" }] }],
  ])("is another one after %s changed", (_, more) => {
    expect(compiled("# Risks\n", more).text).not.toBe(compiled("# Risks\n").text);
  });
});

describe("a criterion of the story", () => {
  test("is named by the prompts that have it word for word", () => {
    expect(promptsNaming("STEP 2 is  done", plan.prompts)).toEqual([2]);
    expect(promptsNaming("Step 2", plan.prompts)).toEqual([]);
  });

  const risks: Risk[] = ["high"];
  test.each<[string, Parameters<typeof planProblems>[1]["contractFirst"], number]>([
    ["no such tier", undefined, 0],
    ["the plan's risk is in the tier", { risks, asked: null }, 1],
    ["it is not", { risks: ["critical"], asked: null }, 0],
    ["people ask for more", { risks: ["critical"], asked: "critical" }, 1],
    ["people ask for less", { risks, asked: "low" }, 1],
  ])("that no prompt names: %s", (_, contractFirst, count) => {
    const rules = { ...policy, ...(contractFirst === undefined ? {} : { contractFirst }) };
    const unnamed = planProblems(samplePlan, rules, 2, []).filter((line) => line.includes("It works."));
    expect(unnamed).toHaveLength(count);
  });
});
