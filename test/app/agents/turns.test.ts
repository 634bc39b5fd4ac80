/** The demo's recorded turns: they must hold for any repository and any story. */
import { join } from "node:path";
import { LLMock } from "@copilotkit/aimock";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { runImplementer } from "../../../app/agents/implementer.ts";
import { askPlanner } from "../../../app/agents/planner.ts";
import { createWorkspace } from "../../../app/agents/workspace.ts";
import { compilePrompt } from "../../../core/contract/contract.ts";
import type { Plan } from "../../../schemas/plan.ts";
import type { StepResult } from "../../../schemas/step.ts";
import { anyPlan, endOf, memoryCalls, memoryTree, samplePack } from "../../hosts/model-service.ts";

const recorded = join(import.meta.dirname, "..", "..", "..", "app", "demo", "turns.json");
const story = { number: 7, title: "Anything at all" };
const signal = new AbortController().signal;
const models = new LLMock({ port: 0, host: "127.0.0.1", logLevel: "silent" });
beforeAll(async () => {
  models.loadFixtureFile(recorded);
  await models.start();
});
afterAll(() => models.stop());

const service = () => ({ name: "anthropic" as const, apiKey: "test", baseUrl: models.url, model: "claude-sonnet-5-5" });

async function plan(body: string): Promise<Plan> {
  const asking = askPlanner(
    {
      request: "plan/7/2/comment/1",
      title: story.title,
      body,
      comments: [],
      refinement: "",
      previous: null,
      roles: [{ name: "demo", allow: ["sallyport-demo/**"], deny: [] }],
      decisions: [],
      paths: ["main.c"],
    },
    { service: service(), calls: memoryCalls(), signal, ...anyPlan },
  );
  const answer = await endOf(asking);
  if (!answer.ok) throw new Error(answer.message);
  return answer.plan;
}

async function work(plan: Plan, index: number, files: Record<string, string>) {
  const prompt = plan.prompts[index]!;
  const contract = compilePrompt(story, plan, prompt, index);
  const pack = samplePack({
    contract: contract.text,
    role: { name: "demo", allow: ["sallyport-demo/**"], deny: [".github/**"] },
    paths: contract.paths,
    acceptance: contract.acceptance,
  });
  const run = runImplementer({
    pack,
    workspace: createWorkspace(memoryTree(files), pack),
    calls: memoryCalls(),
    service: service(),
    signal,
  });
  const refused: (string | null)[] = [];
  for (;;) {
    const step = await run.next();
    if (step.done === true) return { result: step.value.result, refused };
    if (step.value.type === "tool" && !step.value.ok) refused.push(step.value.path);
  }
}

const written = (result: StepResult) => Object.fromEntries(result.files.map((file) => [file.path, file.content ?? ""]));

test("the plan asks for a manual test, and touches nothing but its own folder", async () => {
  const { risk, prompts, manualTest } = await plan("Whatever this repository is about.");
  expect(risk).toBe("high");
  expect(manualTest?.steps.length).toBeGreaterThan(0);
  expect(prompts.map((prompt) => prompt.dependsOn)).toEqual([[], [1]]);
  for (const path of prompts.flatMap((prompt) => [...prompt.paths, ...prompt.evidence]))
    expect(path).toMatch(/^sallyport-demo\//);
});

test("both prompts are finished, claim every criterion, and the second is kept from the workflows", async () => {
  const made = await plan("Another text.");
  const decision = { "docs/decisions/sallyport-demo.md": "# A decision\n" };
  const first = await work(made, 0, decision);
  expect(first).toMatchObject({ result: { outcome: "finished" }, refused: [] });
  const files = written(first.result);
  const second = await work(made, 1, { ...decision, ...files });
  expect(second).toMatchObject({
    result: { outcome: "finished" },
    refused: [".github/workflows/greeting.yml"],
  });
  for (const [index, { result }] of [first, second].entries()) {
    const wanted = [...made.prompts[index]!.paths, ...made.prompts[index]!.evidence];
    expect(Object.keys(written(result))).toEqual(wanted.sort());
    expect(result.claims.map((claim) => claim.criterion)).toEqual(made.prompts[index]!.acceptance);
  }
  expect(() => JSON.parse(files["sallyport-demo/evidence/greeting.json"] ?? "")).not.toThrow();
});

test("the module that the demo writes does what it says", async () => {
  const { result } = await work(await plan(""), 0, { "docs/decisions/sallyport-demo.md": "# A decision\n" });
  const source = written(result)["sallyport-demo/greeting.js"] ?? "";
  // The source is our own recording; run as a function because a module cannot be imported from text here.
  const greeting = new Function(`${source.replace("export ", "")}; return greeting;`)();
  expect([greeting(" Ada "), greeting(""), greeting(null), greeting("<b>")]).toEqual([
    "Hello, Ada!",
    "Hello, visitor!",
    "Hello, visitor!",
    "Hello, <b>!",
  ]);
});
