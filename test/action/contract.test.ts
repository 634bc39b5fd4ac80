import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { load } from "js-yaml";

type Action = {
  inputs: Record<string, { description: string; default: string }>;
  outputs: Record<string, { description: string }>;
  runs: { using: string; main: string };
};

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const action = load(read("action/action.yml")) as Action;
const readme = read("action/README.md");
const rowsOf = (heading: string) =>
  readme
    .split(`## ${heading}\n`)[1]!
    .split("\n## ")[0]!
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.replace(/ +/g, " "));

describe("action.yml, the code and the README say the same", () => {
  test("inputs are those that the entry reads", () => {
    const used = [...read("action/index.ts").matchAll(/getInput\("([^"]+)"\)/g)].map(([, name]) => name);
    expect(new Set(used)).toEqual(new Set(Object.keys(action.inputs)));
  });

  test("outputs are those that the run can set", () => {
    const [, names = ""] = /output\(name: ([^,]+),/.exec(read("action/run.ts")) ?? [];
    expect(new Set(names.split(" | ").map((name) => JSON.parse(name)))).toEqual(new Set(Object.keys(action.outputs)));
  });

  test("the README's tables", () => {
    const code = (text: string) => (text === "" ? "" : ` \`${text}\``);
    expect(rowsOf("Inputs")).toEqual(
      Object.entries(action.inputs).map(
        ([name, input]) => `| \`${name}\` |${code(input.default)} | ${input.description} |`,
      ),
    );
    expect(rowsOf("Outputs")).toEqual(
      Object.entries(action.outputs).map(([name, output]) => `| \`${name}\` | ${output.description} |`),
    );
  });

  const namesIn = (heading: string) => rowsOf(heading).flatMap((row) => row.split(" | ")[0]!.match(/[a-z_-]+/g)!);

  test("the README's events are those that the code tells apart", () => {
    const known = [...read("action/event.ts").matchAll(/name === "([^"]+)"/g)].map(([, name]) => name);
    expect(new Set(namesIn("Events"))).toEqual(new Set(known));
  });

  const [short = "", whole = "", relay = ""] = [...readme.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text]) => text);
  const { url } = load(read("app.yml")) as { url: string };
  const uses = `${new URL(url).pathname.slice(1)}/action@v1`;

  test("T202 the README's workflow: ten lines, no event that runs the pull request's own file, permissions of the table", () => {
    const { on, permissions, jobs } = load(short) as Record<string, Record<string, unknown>>;
    expect(short.trimEnd().split("\n").length).toBe(10);
    expect(Object.keys(on!)).toEqual(["pull_request_target", "merge_group"]);
    expect(namesIn("Permissions").slice(0, 3)).toEqual(Object.keys(permissions!));
    expect(jobs).toEqual({ sallyport: { "runs-on": "ubuntu-latest", steps: [{ uses }] } });
  });

  test("the workflow that judges again is the file that `init` writes, with exactly the permissions of the table", () => {
    expect([whole, relay]).toEqual([read("action/workflow.yml"), read("action/workflow-review.yml")]);
    const { on, permissions, jobs } = load(whole) as Record<string, Record<string, Record<string, unknown>>>;
    expect(Object.keys(on!)).toEqual(["pull_request_target", "issue_comment", "workflow_run", "merge_group"]);
    expect(namesIn("Permissions")).toEqual(Object.keys(permissions!));
    const [[id, job]] = Object.entries(jobs!) as [[string, { if: string; steps: object[] }]];
    expect(job.steps).toEqual([{ uses, with: { status: "sallyport", gates: "" } }]);
    // GitHub would require a job and a status of one name both.
    expect(id).not.toBe("sallyport");
    expect(job.if).toBe("github.event_name != 'issue_comment' || github.event.issue.pull_request");
  });

  test("T202 what runs as the pull request has it may do nothing, and the other listens to its end by name", () => {
    const { name, on, permissions } = load(relay) as Record<string, unknown>;
    expect({ on, permissions }).toEqual({ on: ["pull_request_review"], permissions: {} });
    expect(load(whole)).toMatchObject({ on: { workflow_run: { workflows: [name], types: ["completed"] } } });
  });

  test("the bundle is where the build puts it", () => {
    expect(action.runs).toEqual({ using: "node24", main: "../dist/action.js" });
    expect(read("scripts/build.mjs")).toContain('action: "action/index.ts"');
  });
});
