import { describe, expect, test } from "@jest/globals";
import { readYaml } from "../../../collect/yaml/yaml.ts";
import { readWorkflow } from "../../../core/analysis/workflow.ts";

function read(text: string) {
  const { value } = readYaml(text, "lenient");
  if (value === null) throw new Error("this is no YAML");
  return readWorkflow(value);
}

describe("a workflow", () => {
  test.each([
    ["jobs:\n  a:\n    b: 1\n  'c-d':\n    e: 2\nenv:\n  f: 3\n", ["a", "c-d"]],
    ["on: push\n", []],
    ["jobs: { a: { b: 1 } }\n", ["a"]],
    ["jobs:\n  a:\n    run: |\n      b:\n  # c:\n", ["a"]],
    ["env: { x: 'jobs: 1' }\nx: |\n  jobs:\n    z: 1\njobs: { a: }\n", ["a"]],
    ["x: &x { a: 1 }\njobs: *x\n", ["a"]],
    ["- jobs", []],
  ])("%j has the jobs %j", (text, jobs) => {
    expect(read(text).jobs).toEqual(jobs);
  });

  test.each([
    ["on: push\n", ["push"]],
    ["'on': [push, pull_request]\n", ["push", "pull_request"]],
    ["true: push\n", ["push"]],
    ["on:\n- push\n- merge_group\njobs:\n", ["push", "merge_group"]],
    ["on:\n  pull_request_target:\n    types: [opened]\n", ["pull_request_target"]],
    ["on: { workflow_run: { workflows: [push] }, schedule: }\n", ["workflow_run"]],
    ["on: [schedule, 1, [push]]\n", []],
    ["jobs:\n  push:\n", []],
  ])("%j starts on %j", (text, events) => {
    expect(read(text).events).toEqual(events);
  });

  const step = (step: string, on = "pull_request_target") => `on: ${on}\njobs:\n  a:\n    steps:\n      - ${step}\n`;
  const head = "$" + "{{ github.event.pull_request.head.sha }}";
  test.each([
    ["an action", step(`uses: actions/checkout@v4\n        with: { ref: "${head}" }`), 6],
    ["a command in a script", step(`run: |\n          echo\n\n          git fetch origin refs/pull/1/head`), 8],
    ["a command of its own", step("run: gh pr checkout 1"), 5],
    ["two steps", step(`uses: actions/checkout@v4\n      - run: git merge ${head}`, "workflow_run"), 6],
    ["nothing in a comment", step(`uses: actions/checkout@v4 # refs/pull/`), null],
    ["nothing without secrets", step("run: gh pr checkout 1", "pull_request"), null],
    ["nothing that is fetched", step(`run: echo ${head}`), null],
    ["nothing of a stranger's", step("uses: actions/checkout@v4"), null],
  ])("with secrets it fetches a stranger's code by %s", (_, text, line) => {
    expect(read(text).untrusted).toBe(line);
  });
});
