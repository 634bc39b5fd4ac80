import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { load } from "js-yaml";

type Step = { uses?: string; run?: string; with?: Record<string, unknown> };
type Workflow = {
  on: Record<string, unknown>;
  permissions: Record<string, string>;
  jobs: Record<string, { "runs-on": string; steps: Step[] }>;
};

const top = new URL("../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, top), "utf8");
const samplesIn = (path: string): [string, string][] =>
  [...read(path).matchAll(/^```yaml\n(.*?)^```$/gms)]
    .map(([, text = ""]) => text)
    .filter((text) => /^jobs:/m.test(text))
    .map((text, index) => [`${path}, sample ${index + 1}`, text]);

/** Every workflow that we run or that people copy from us. */
const published: [string, string][] = [
  ...readdirSync(new URL(".github/workflows/", top)).map((name): [string, string] => [
    `.github/workflows/${name}`,
    read(`.github/workflows/${name}`),
  ]),
  ...samplesIn("README.md"),
  ...samplesIn("action/README.md"),
];

test("there are our own workflow and the samples of both READMEs", () => {
  const names = published.map(([name]) => name);
  for (const name of [".github/workflows/check.yml", "README.md, sample 1", "action/README.md, sample 1"])
    expect(names).toContain(name);
  expect(published.some(([, text]) => text.includes("uses: actions/checkout@"))).toBe(true);
});

describe.each(published)("%s", (_, text) => {
  const workflow = load(text) as Workflow;
  const jobs = Object.values(workflow.jobs);
  const steps = jobs.flatMap((job) => job.steps);

  test("T178 no cache is saved or restored: what has less trust could write it", () => {
    const names = steps.map(({ uses = "" }) => uses.split("@")[0] ?? "");
    expect(names.filter((name) => /^actions\/cache\b/.test(name))).toEqual([]);
  });

  test("T197 no expression stands in a script: what people wrote would be run", () => {
    const scripts = steps.flatMap((step) => [step.run ?? "", String(step.with?.script ?? "")]);
    expect(scripts.filter((script) => script.includes("${{"))).toEqual([]);
  });

  test("T203 a checkout leaves no token behind", () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
    for (const step of checkouts) expect(step.with).toMatchObject({ "persist-credentials": false });
  });

  test("T204 it runs on a machine that is made for the job", () => {
    expect(new Set(jobs.map((job) => job["runs-on"]))).toEqual(new Set(["ubuntu-latest"]));
  });

  test("its token reads and does no more; it sets statuses only where nothing but the Action runs", () => {
    const writing = Object.entries(workflow.permissions).filter(([, level]) => level !== "read");
    const isActionAlone = steps.every(({ uses }) => uses?.startsWith("sallyport/sallyport/action@") === true);
    expect(writing).toEqual(isActionAlone && steps[0]?.with?.status ? [["statuses", "write"]] : []);
  });

  test("with an event that may hold secrets it fetches nobody's code", () => {
    const holdsSecrets = ["pull_request_target", "workflow_run", "issue_comment"].some((event) => event in workflow.on);
    const fetches = steps.some(({ uses, run }) => run !== undefined || uses?.startsWith("actions/checkout@"));
    expect(holdsSecrets && fetches).toBe(false);
  });
});
