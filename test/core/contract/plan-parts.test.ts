import { describe, expect, test } from "@jest/globals";
import { compilePrompt } from "../../../core/contract/contract.ts";
import { planDifference } from "../../../core/contract/plan-parts.ts";
import { Plan } from "../../../schemas/plan.ts";
import { playStory, samplePlan } from "../../builders/story.ts";

const [first, second] = samplePlan.prompts;
if (first === undefined || second === undefined) throw new Error("the sample has two prompts");

describe("C5: what a revision changes", () => {
  test.each<[string, Partial<Plan>, string[]]>([
    ["nothing", {}, []],
    ["the approach", { approach: "Do it in\none step." }, ["~ Approach: Do it in one step."]],
    ["the risk", { risk: "low" }, ["~ Risk: low"]],
    [
      "a criterion",
      { acceptance: ["It is fast."] },
      ["- Acceptance criteria: It works.", "+ Acceptance criteria: It is fast."],
    ],
    ["an invariant", { invariants: ["INV-1"] }, ["+ Invariants touched: INV-1"]],
    ["a test", { manualTest: { environment: "a phone", steps: ["Tap."] } }, ["~ Manual test: a phone; Tap."]],
    ["a prompt that is gone", { prompts: [first] }, ["- Diff prompt: Step 2"]],
    ["a new prompt", { prompts: [first, second, { ...first, title: "Step 3" }] }, ["+ Diff prompt: Step 3"]],
    [
      "paths of a prompt",
      { prompts: [{ ...first, paths: ["web/**"] }, second] },
      ["- Step 1, may change: web/step-1/**", "+ Step 1, may change: web/**"],
    ],
    ["the order", { prompts: [{ ...second, dependsOn: [1] }, first] }, ["~ Order: Step 2, Step 1"]],
  ])("%s", (_, over, lines) => {
    expect(planDifference(samplePlan, { ...samplePlan, ...over })).toEqual(lines);
  });

  test("stands above the plan that waits for approval, as text, and not on a first one", () => {
    const story = playStory();
    story.say("lena", "/plan");
    story.propose();
    expect(story.state.sticky).not.toContain("What changed since");
    story.say("lena", "/refine Another way.");
    story.propose({ ...samplePlan, approach: "Ask @acme/all ``` first, then do it." });
    expect(story.state.sticky).toContain(
      "**What changed since revision 1**\n\n````text\n~ Approach: Ask @acme/all ``` first, then do it.\n````",
    );
    story.say("quinn", `/approve ${story.digest()}`);
    expect(story.state.sticky).not.toContain("What changed since");
  });
});

test("G3: failure modes, invariants and verification commands are shown and go into each frozen prompt", () => {
  const plan = Plan.parse({
    ...samplePlan,
    failureModes: ["Slow."],
    invariants: ["INV-1"],
    verification: ["npm test"],
  });
  const { text } = compilePrompt({ number: 2, title: "A story" }, plan, first, 1);
  for (const part of ["keep in mind\n\n- Slow.", "stay true\n\n- INV-1", "run on it\n\n- npm test"])
    expect(text).toContain(part);
  const story = playStory();
  story.say("lena", "/plan");
  story.propose(plan);
  expect(story.state.sticky).toContain("**Verification commands**\n\n- npm test");
});
