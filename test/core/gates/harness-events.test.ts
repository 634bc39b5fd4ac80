import { describe } from "@jest/globals";
import { table } from "../../builders/gate-table.ts";
import { ci, expression, grows, rerun, row, run, tested, workflow } from "../../builders/workflow.ts";

const both = "  pull_request:\n  push:\n    branches: [main]\n";

describe("events and their filters", () => {
  const on = (code: string, ...events: [before: string, after: string][]) =>
    events.map(([before, after]) =>
      row(`${code} ${before.trim()} -> ${after.trim()}`, code, [
        ci,
        workflow(run("npm test"), before),
        workflow(run("npm test"), after),
      ]),
    );
  table("harness", [
    ...on(
      "job-skipped",
      [both, "  pull_request:\n    paths: ['docs/**']\n  push:\n    branches: [main]\n"],
      [both, "  pull_request:\n    paths-ignore: ['**']\n"],
      [both, "  pull_request:\n    paths-ignore:\n      - src/**\n"],
      [both, "  pull_request:\n    paths: ['**', '!src/**']\n"],
      [both, "  pull_request:\n    branches: [never]\n"],
      [both, "  pull_request:\n    branches: ['release/**']\n"],
      [both, "  pull_request:\n    branches-ignore: [main]\n"],
      [both, "  pull_request:\n    types: [labeled]\n"],
      [both, "  pull_request:\n    types: [opened]\n"],
      [both, "  pull_request: { types: [closed] }\n"],
      [both, "  push:\n    branches: [main]\n"],
      [both, "  workflow_dispatch:\n"],
      [both, "  schedule:\n    - cron: '0 0 * * *'\n"],
      ["  pull_request:\n  merge_group:\n", "  pull_request:\n"],
      ["  push:\n", "  push:\n    branches: [main]\n"],
      ["  push:\n", "  push:\n    tags: ['v*']\n"],
      ["  push:\n", "  release:\n"],
      [both, "  workflow_call:\n"],
      [both, "  pull_request: { types: [ready_for_review] }\n"],
      ["  pull_request:\n    paths: [src/**, test/**]\n", "  pull_request:\n    paths: [test/**]\n"],
      ["  pull_request:\n    paths-ignore: [docs/**]\n", "  pull_request:\n    paths-ignore: [docs/**, src/**]\n"],
      ["  pull_request_target:\n", "  workflow_run:\n    workflows: [CI]\n"],
    ),
    ...on(
      "harness-kept",
      [both, "  pull_request:\n"],
      [both, "  pull_request:\n  push:\n    branches-ignore: ['dependabot/**']\n"],
      [both, "  pull_request:\n    branches: [main]\n"],
      [both, "  pull_request:\n    branches: ['**']\n    branches-ignore: ['x/**']\n"],
      [both, "  pull_request:\n    types: [opened, synchronize, reopened, ready_for_review]\n"],
      [both, "  pull_request:\n    paths: ['**']\n"],
      [both, "  merge_group:\n  pull_request:\n"],
      ["  pull_request_target:\n", "  pull_request:\n"],
      ["  push:\n", "  pull_request:\n"],
      ["  push:\n    branches: [main]\n", "  push:\n    branches: [main, next]\n"],
      ["  pull_request:\n    paths: [src/a/**]\n", "  pull_request:\n    paths: [src/**]\n"],
      ["  pull_request:\n    paths-ignore: [docs/**]\n", "  pull_request:\n    paths-ignore: [docs/a/**]\n"],
      [
        "  pull_request:\n    paths-ignore: [docs/**, '*.md']\n",
        "  pull_request:\n    paths-ignore: [docs/**, README.md]\n",
      ],
      ["  pull_request:\n    paths-ignore:\n      - docs/**\n", "  pull_request: { paths-ignore: [ 'docs/**' ] }\n"],
      ["  pull_request:\n    branches: [main, '1.x']\n", "  pull_request:\n    branches: [main]\n"],
      ["  schedule:\n    - cron: '0 0 * * *'\n", "  workflow_dispatch:\n"],
      ["  push:\n    tags: ['v*']\n", "  release:\n"],
      ["  issues:\n", "  workflow_dispatch:\n"],
    ),
    row(
      "a path in a filter that the change takes away",
      "harness-kept",
      [
        ci,
        workflow(run("npm test"), "  pull_request:\n    paths: [src/**, old.cfg]\n"),
        workflow(run("npm test"), "  pull_request:\n    paths: [src/**]\n"),
      ],
      ["old.cfg", "a", null],
    ),
    row("a filter of another tool", "harness-kept", [
      ci,
      workflow("      - uses: github/codeql-action/init@v3\n"),
      workflow(
        "      - uses: github/codeql-action/init@v3\n        with:\n          config: |\n            paths-ignore:\n              - test\n",
      ),
    ]),
    row("an event that stands in a string only", "job-skipped", [
      ci,
      workflow(run("npm test")),
      `name: "\n  on: pull_request\n  "\n${workflow(run("npm test"), "  workflow_dispatch:\n").replace("name: CI\n", "")}`,
    ]),
  ]);
});

describe("conditions", () => {
  const when = (condition: string) => `        if: ${condition}\n`;
  table("harness", [
    ...rerun(
      "job-skipped",
      ["npm test", "npm test", when("false")],
      ["npm test", "npm test", when(expression("false"))],
      ["npm test", "npm test", when('"false"')],
      ["npm test", "npm test", when(expression("!true"))],
      ["npm test", "npm test", when("always() && false")],
      ["npm test", "npm test", when("github.ref == 'x' && false")],
      ["npm test", "npm test", when(`>-\n          ${expression("github.actor == 'x' && false")}`)],
      ["npm test", "npm test", when(">\n          github.event_name == 'pull_request'\n          && false")],
      ["npm test", "npm test", when("|\n          github.actor == 'ada' &&\n          1 == 2")],
      ["npm test", "npm test", when("github.event_name == 'push'")],
      ["npm test", "npm test", when("github.event_name != 'pull_request'")],
      ["npm test", "npm test", when("github.event_name == 'push' && github.event_name == 'pull_request'")],
      ["npm test", "npm test", when("github.ref == 'refs/heads/main'")],
      ["npm test", "npm test", when("startsWith(github.ref, 'refs/tags/')")],
      ["npm test", "npm test", when("github.event.action == 'opened'")],
      ["npm test", "npm test", when("failure()")],
      ["npm test", "npm test", when("github.base_ref == 'x'")],
      ["npm test", "npm test", when("github.actor == 'x'")],
      ["npm test", "npm test", when("github.event.pull_request.merged")],
      ["npm test", "npm test", when("contains(github.event.pull_request.labels.*.name, 'test me')")],
      ["npm test", "npm test", when("contains(github.event.head_commit.message, '[test]')")],
      ["npm test", "npm test", when("startsWith(github.head_ref, 'release/')")],
      ["npm test", "npm test", "        env: { RUN: 'no' }\n        if: env.RUN == 'yes'\n"],
      ["npm test", "npm test", when(expression("false && always()"))],
      ["npm test", "npm test", when("1 > 2")],
      ["npm test", "npm test", when(expression("!github.event.pull_request"))],
      ["npm test", "npm test", when("github.event.pull_request.draft")],
      ["npm test", "npm test", when("inputs.tests == 'true'")],
      ["npm test", "npm test", when(expression("'a' == 'b' || 0"))],
    ),
    ...rerun(
      "harness-kept",
      ["npm test", "npm test", when("always()")],
      ["npm test", "npm test", when("success()")],
      ["npm test", "npm test", when("github.base_ref == 'main'")],
      ["npm test", "npm test", when(expression("!contains(github.event.pull_request.labels.*.name, 'skip')"))],
      ["npm test", "npm test", when(expression("!startsWith(github.head_ref, 'docs/')"))],
      ["npm test", "npm test", when("env.CI == 'true'")],
      ["npm test", "npm test", when(expression("!cancelled()"))],
      ["npm test", "npm test", when("false || success()")],
      ["npm test", "npm test", when("github.event_name == 'pull_request'")],
      ["npm test", "npm test", when("github.event.pull_request.draft == false && github.actor != 'x'")],
      ["npm test", "npm test", when("matrix.os == 'ubuntu-latest'")],
      ["npm test", "npm test", when("needs.changes.outputs.code == 'true'")],
      ["npm test", "npm test", when("hashFiles('package.json') != ''")],
      ["npm test", "npm test", when("contains(fromJSON('[1]'), 1)")],
      ["npm test", "npm test", when("steps.a.outputs.b == '(&& false'")],
      ["npm test", "npm test", when(`${expression("github.actor")} && false`)],
      [
        "npm test",
        "npm test",
        when(">\n          github.event_name == 'pull_request' &&\n          github.repository == 'a/b'"),
      ],
      ["npm test", "npm test", when("|\n          !github.event.pull_request.draft &&\n          github.actor != 'x'")],
      ["npm test", "npm test", "        # if: false\n"],
    ),
    ...[
      "    if: false\n",
      "    if: github.event_name == 'schedule'\n",
      "    if: >\n      github.event_name == 'pull_request'\n      && false\n",
    ].map((job) =>
      row(`T076: a job with ${job}`, "job-skipped", [
        ci,
        workflow(run("npm test")),
        workflow(run("npm test"), undefined, job),
      ]),
    ),
    row("a job that needs one that never runs", "job-skipped", [
      ci,
      workflow(run("npm test")),
      `${workflow(run("npm test"), undefined, "    needs: never\n")}  never:\n    if: false\n    steps: []\n`,
    ]),
    row("a job that needs one that may run", "harness-kept", [
      ci,
      workflow(run("npm test")),
      `${workflow(run("npm test"), undefined, "    needs: [changes]\n")}  changes:\n    if: github.actor != 'x'\n    steps: []\n`,
    ]),
    row("a job that asks how one ended that never runs", "harness-kept", [
      ci,
      workflow(run("npm test")),
      `${workflow(run("npm test"), undefined, "    needs: never\n    if: always()\n")}  never:\n    if: false\n    steps: []\n`,
    ]),
    row("a condition beside both events, where one of them stays", "harness-kept", [
      ci,
      workflow(run("npm test"), both),
      workflow(run("npm test"), both, "    if: github.event_name == 'pull_request'\n"),
    ]),
    ...grows("harness-kept", [ci, tested, "      - { run: npm run lint, if: false }\n"]),
    row("a step that never runs in a new workflow", "harness-kept", [ci, null, `${tested}        if: false\n`]),
  ]);
});
