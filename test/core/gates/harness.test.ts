import { describe, expect, test } from "@jest/globals";
import { pathsToRead } from "../../../core/gates/registry.ts";
import { known, unknown } from "../../../core/known.ts";
import { byDefault, changeOf, unreadable } from "../../builders/changed-files.ts";
import { ask, table } from "../../builders/gate-table.ts";
import { change, policyOf } from "../../builders/pull-facts.ts";
import { ci, expression, grows, tested } from "../../builders/workflow.ts";

const shell = "#!/bin/sh\nset -e\n";

describe("jobs and workflows", () => {
  const two = `${tested}  lint:\n    runs-on: ubuntu-latest\n    steps:\n      - run: npm run lint\n`;
  const lint = "on: pull_request\njobs:\n  lint:\n    steps:\n      - run: npm run lint\n";
  table("harness", [
    ...grows(
      "job-skipped",
      [ci, tested, "        if: false\n"],
      [ci, tested, `        if: ${expression("false")}\n`],
      [ci, tested, '        if: "false"\n'],
      [ci, tested, "        if: always() && false\n"],
      [ci, tested, "      - { run: npm run lint, if: false }\n"],
      [ci, tested, `      - { if: ${expression("false")}, run: npm run lint }\n`],
      [ci, tested, `        if: ${expression("!true")}\n`],
      [ci, tested, `        if: >-\n          ${expression("github.ref == 'x' && false")}\n`],
      [ci, "on:\n  pull_request:\n", "    paths-ignore:\n"],
      [ci, "on:\n  pull_request:\n", "    branches-ignore: [main]\n"],
      [ci, "on:\n  pull_request:\n    paths-ignore:\n      - docs/**\n", "      - src/**\n"],
    ),
    ...grows(
      "harness-kept",
      [ci, tested, "        if: github.event.pull_request.draft == false && github.ref == 'x'\n"],
      [ci, tested, "        if: always()\n"],
      [ci, tested, "      - { if: always(), run: npm run lint }\n"],
      [ci, tested, "        if: false || success()\n"],
      [ci, tested, "        # if: false\n"],
    ),
    ["a job that is gone", byDefault([ci, two, tested]), "fail", ["job-removed"]],
    [
      "T076: a job that never runs again",
      byDefault([ci, two, two.replace("  lint:\n", "  lint:\n    if: false\n")]),
      "fail",
      ["job-skipped"],
    ],
    [
      "a new workflow may leave changes out",
      byDefault([ci, null, tested.replace("pull_request:\n", "pull_request:\n    paths-ignore: [docs]\n")]),
      "pass",
      ["harness-kept"],
    ],
    [
      "a step that never runs counts in a new workflow, too",
      byDefault([ci, null, `${tested}        if: false\n`]),
      "fail",
      ["job-skipped"],
    ],
    [
      "a job under another id is gone",
      byDefault([ci, two, two.replace("  lint:", "  style:")]),
      "fail",
      ["job-removed"],
    ],
    [
      "a job that is made a comment is gone",
      byDefault([ci, two, two.replace("  lint:", "  #lint:")]),
      "fail",
      ["job-removed"],
    ],
    [
      "a job that stands in a string only is gone",
      byDefault([ci, lint, `name: "\n${lint.replace("on: pull_request\n", "")}"\n${lint.replace("lint:", "a:")}`]),
      "fail",
      ["job-removed"],
    ],
    [
      "an event that stands in a string only is lost",
      byDefault([ci, lint, `name: "\non: pull_request\n"\n${lint.replace("pull_request", "workflow_dispatch")}`]),
      "fail",
      ["job-skipped"],
    ],
    [
      "jobs in braces cannot be told and count as gone",
      byDefault([ci, lint, "on: pull_request\njobs: { lint: { steps: [] } }\n"]),
      "fail",
      ["job-removed"],
    ],
    [
      "a job may move to another workflow",
      byDefault([ci, two, tested], [".github/workflows/lint.yml", null, lint]),
      "pass",
      ["harness-kept"],
    ],
    [
      "jobs may change their order",
      byDefault([ci, two, `on:\n  pull_request:\n${two.slice(two.indexOf("jobs:"))}`]),
      "pass",
      ["harness-kept"],
    ],
    ["a workflow that is gone", byDefault([ci, tested, null]), "fail", ["workflow-removed"]],
    [
      "T002: a workflow renamed to where none runs",
      byDefault([ci, tested, null], [`${ci}.off`, null, tested]),
      "fail",
      ["workflow-removed"],
    ],
    [
      "T002: a workflow in a folder of its own does not run",
      byDefault([ci, tested, null], [".github/workflows/old/ci.yml", null, tested]),
      "fail",
      ["workflow-removed"],
    ],
    [
      "a workflow may be renamed",
      byDefault([ci, tested, null], [".github/workflows/test.yaml", null, tested]),
      "pass",
      ["harness-kept"],
    ],
    [
      "one whose jobs cannot be told may be renamed as it is",
      byDefault(
        [ci, "on: push\njobs: { a: {} }\n", null],
        [".github/workflows/test.yml", null, "on: push\njobs: { a: {} }\n"],
      ),
      "pass",
      ["harness-kept"],
    ],
    [
      "an event that no longer starts it",
      byDefault([ci, tested, tested.replace("pull_request:", "workflow_dispatch:")]),
      "fail",
      ["job-skipped"],
    ],
    [
      "to no longer run on pushes is no loss beside pull requests",
      byDefault([ci, tested.replace("on:\n  pull_request:", "on: [push, pull_request]"), tested]),
      "pass",
      ["harness-kept"],
    ],
    [
      "to leave pull_request_target is safer",
      byDefault([ci, tested.replace("pull_request:", "pull_request_target:"), tested]),
      "pass",
      ["harness-kept"],
    ],
  ]);
});

describe("hooks", () => {
  const list = "repos:\n  - repo: local\n    hooks:\n      - id: lint\n      - id: types\n";
  table("harness", [
    ...grows(
      "hook-bypassed",
      [ci, tested, "      - run: git commit --no-verify -m x\n"],
      [ci, tested, "      - run: git commit -nm x\n"],
      ["scripts/ci.sh", shell, "git config core.hooksPath /dev/null\n"],
    ),
    ...grows("harness-kept", [ci, tested, "      - run: git commit -m x\n"], [ci, tested, "      # --no-verify\n"]),
    ["a hook that is gone", byDefault([".husky/pre-commit", "npm test\n", null]), "fail", ["hook-bypassed"]],
    [
      "a hook may move",
      byDefault([".husky/pre-commit", "npm test\n", null], [".husky/pre-push", null, "npm test\n"]),
      "pass",
      ["harness-kept"],
    ],
    [
      "an entry that is gone",
      byDefault([".pre-commit-config.yaml", list, list.replace("      - id: types\n", "")]),
      "fail",
      ["hook-bypassed"],
    ],
    [
      "an entry may change its place",
      byDefault([".pre-commit-config.yaml", list, "repos:\n  - hooks:\n      - id: types\n      - id: lint\n"]),
      "pass",
      ["harness-kept"],
    ],
  ]);
});

describe("code of strangers beside secrets", () => {
  const on = (event: string, ref: string) =>
    `on:\n  ${event}:\njobs:\n  test:\n    steps:\n      - uses: actions/checkout@v5\n        with:\n          ref: ${ref}\n`;
  const headSha = expression("github.event.pull_request.head.sha");
  const plain = on("pull_request_target", "main");
  table("harness", [
    [
      "a checkout of the head",
      byDefault([ci, plain, on("pull_request_target", headSha)]),
      "fail",
      ["untrusted-checkout"],
    ],
    [
      "an event with secrets for a checkout of the head",
      byDefault([ci, on("pull_request", headSha), on("pull_request_target", headSha)]),
      "fail",
      ["job-skipped", "untrusted-checkout"],
    ],
    [
      "the same after another workflow",
      byDefault([ci, null, on("workflow_run", expression("github.event.workflow_run.head_sha"))]),
      "fail",
      ["untrusted-checkout"],
    ],
    [
      "no secrets, no harm",
      byDefault([ci, on("pull_request", "main"), on("pull_request", headSha)]),
      "pass",
      ["harness-kept"],
    ],
    ["the base's own code", byDefault([ci, null, plain]), "pass", ["harness-kept"]],
    [
      "one that stood there may stay",
      byDefault([ci, on("pull_request_target", headSha), `${on("pull_request_target", headSha)}      - run: a\n`]),
      "pass",
      ["harness-kept"],
    ],
  ]);
});

describe("answers", () => {
  test("a refusal tells the line, the code on it, the line of the policy and the next step", () => {
    const policy = "version: 1\ngates:\n  harness: { files: [tools] }\n";
    expect(ask("harness", changeOf(policy, ["tools/a.sh", "a\n", "a\nb || true\n"])).reasons).toEqual([
      {
        code: "failure-ignored",
        message: "This line, which the change adds, lets the run go on as if nothing had failed: `b || true`.",
        path: "tools/a.sh",
        line: 2,
        policyLine: 3,
        next: { step: "Take this out, and let a failure stop the run.", who: "@ada, the author" },
      },
    ]);
  });

  const old = { state: "text", text: tested } as const;
  table("harness", [
    [
      "T017: a workflow that is too large is unknown, never empty",
      unreadable(ci, old, "too-large"),
      "unknown",
      ["harness-unreadable"],
    ],
    ["a workflow that is made a link is gone", unreadable(ci, old, "link"), "fail", ["workflow-removed"]],
    [
      "a program's bundle may be large",
      unreadable(".github/actions/a/dist/index.js", old, "too-large"),
      "pass",
      ["harness-kept"],
    ],
    [
      "a text that was not read is unknown",
      { ...byDefault([ci, tested, tested]), texts: known([]) },
      "unknown",
      ["harness-unreadable"],
    ],
    [
      "unread texts are unknown",
      { ...byDefault([ci, tested, tested]), texts: unknown("cut short") },
      "unknown",
      ["texts-unknown"],
    ],
    [
      "unread changes are unknown",
      { ...byDefault([ci, tested, tested]), changes: unknown("cut short") },
      "unknown",
      ["changes-unknown"],
    ],
    [
      "T033: a twin of the folder in another case counts",
      byDefault([".GitHub/Workflows/ci.yml", "", "a: b || true\n"]),
      "fail",
      ["failure-ignored"],
    ],
    ["a change of nothing that judges", byDefault(["src/a.ts", "a", "b"]), "pass", ["harness-kept"]],
  ]);

  test("it asks for what judges changes alone, and for nothing when it is off", () => {
    const paths = [ci, "web/package.json", "Makefile", "src/a.ts", ".github/workflows/logo.png", ".husky/pre-push"];
    const reading = { changes: paths.map((path) => change(path)), record: null };
    const policy = "version: 1\ngates: { harness: { files: [src] } }";
    expect(pathsToRead(reading, policyOf(policy))).toEqual([
      ci,
      ".husky/pre-push",
      "Makefile",
      "src/a.ts",
      "web/package.json",
    ]);
    expect(pathsToRead(reading, policyOf("version: 1"))).toEqual([]);
  });
});
