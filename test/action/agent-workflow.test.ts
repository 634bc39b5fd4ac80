import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { load } from "js-yaml";

const read = (path: string) => readFileSync(join(import.meta.dirname, "../..", path), "utf8");
const text = read("action/workflow-agent.yml");
type Job = {
  needs?: string;
  permissions: object;
  steps: { uses?: string; run?: string; with?: Record<string, string> }[];
};
const workflow = load(text) as { on: object; permissions: object; concurrency: object; jobs: Record<string, Job> };

test("T203 T204: no job may write, and no token of GitHub's stays in a checkout or reaches a step", () => {
  expect(workflow.permissions).toEqual({});
  expect(Object.entries(workflow.jobs).map(([name, { permissions }]) => [name, permissions])).toEqual([
    ["prepare", { contents: "read" }],
    ["agent", { "id-token": "write" }],
    ["seal", {}],
  ]);
  expect(text).not.toMatch(/GITHUB_TOKEN|github\.token|secrets\./);
  const [checkout, ...more] = Object.values(workflow.jobs).flatMap(({ steps }) =>
    steps.filter(({ uses }) => uses?.startsWith("actions/checkout@")),
  );
  expect([checkout?.with?.["persist-credentials"], more]).toEqual([false, []]);
});

test("T178: nothing is kept for later runs, and every action is pinned or our own", () => {
  const used = Object.values(workflow.jobs).flatMap(({ steps }) => steps.flatMap(({ uses = [] }) => uses));
  const loose = used.filter(
    (one) => !/@[0-9a-f]{40}$/.test(one) && !one.startsWith("sallyport/sallyport/action/agent@"),
  );
  expect(loose).toEqual([]);
  expect(used.join()).not.toContain("cache");
});

test("T197: what a run is given never stands in a script", () => {
  const scripts = Object.values(workflow.jobs).flatMap(({ steps }) => steps.flatMap(({ run = [] }) => run));
  expect(scripts.join()).not.toContain("${{");
});

test("it runs when it is asked for and never otherwise, each request by itself", () => {
  expect(Object.keys(workflow.on)).toEqual(["workflow_dispatch"]);
  expect(workflow.concurrency).toMatchObject({
    group: expect.stringMatching(/\{\{ inputs\.nonce \}\}$/),
    "cancel-in-progress": false,
  });
});

test("the steps give our action exactly the inputs that it has", () => {
  const { inputs } = load(read("action/agent/action.yml")) as { inputs: Record<string, { required: boolean }> };
  const given = Object.values(workflow.jobs).flatMap(({ steps }) =>
    steps.filter(({ uses }) => uses?.includes("/action/agent@")).map((step) => Object.keys(step.with ?? {})),
  );
  expect(given.map((names) => names.filter((name) => !(name in inputs)))).toEqual([[], [], []]);
  const needed = Object.keys(inputs).filter((name) => inputs[name]?.required);
  for (const names of given) expect(names).toEqual(expect.arrayContaining(needed));
});
