import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import type { Change, FileText } from "../../../core/facts.ts";
import { pathsToRead } from "../../../core/gates.ts";
import { known, unknown } from "../../../core/known.ts";
import { change, facts, policyOf, text } from "../sample-facts.ts";
import { ask, table } from "./table.ts";

/** One file of a change: its path, what it was and what it is; null where it is not there. */
type File = [path: string, before: string | null, after: string | null];

function changed([path, before, after]: File): Change {
  const side = (content: string | null) =>
    content === null ? null : { mode: "100644", sha: createHash("sha1").update(content).digest("hex") };
  return change(path, { before: side(before), after: side(after) });
}

function given(policy: string, ...files: File[]) {
  const texts: FileText[] = files.map(([path, before, after]) => text(path, after, before));
  return facts({ policy, changes: files.map(changed), texts: known(texts) });
}

/** An expression as workflows write it. */
const expression = (code: string) => `\${{ ${code} }}`;

const byDefault = "version: 1\nextends: default\n";
const kept = (...files: File[]) => given(byDefault, ...files);

const ci = ".github/workflows/ci.yml";
const workflow = (steps: string, on = "  pull_request:\n") =>
  `name: CI\non:\n${on}jobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v5\n${steps}`;
const tested = workflow("      - name: Test\n        run: npm test\n");

/** Rows of files that gain the last line or lines of what they are. */
const grows = (code: string, ...files: [path: string, before: string, added: string][]) =>
  files.map(([path, before, added]): [string, ReturnType<typeof kept>, string, string[]] => [
    `${path}: ${added.trim()}`,
    kept([path, before, before + added]),
    code === "harness-kept" ? "pass" : "fail",
    [code],
  ]);

const shell = "#!/bin/sh\nset -e\n";
const make = "test:\n";

describe("failures that are ignored", () => {
  table("harness", [
    ...grows(
      "failure-ignored",
      [ci, tested, "        continue-on-error: true\n"],
      [ci, tested, `        continue-on-error: ${expression("github.actor != 'ada'")}\n`],
      [ci, tested, "      - { run: npm run lint, continue-on-error: true }\n"],
      [ci, tested, "        \"continue-on-error\": 'true'\n"],
      [ci, tested, "      - run: npm run lint || true\n"],
      [ci, tested, '      - run: "npm run lint || :"\n'],
      [ci, tested, "      - run: npm run lint || exit 0\n"],
      [ci, tested, "      - run: npm run lint || echo failed\n"],
      [ci, tested, "      - run: npm run lint; true\n"],
      [ci, tested, "      - run: npm run lint; exit 0\n"],
      [ci, tested, "      - run: jest --passWithNoTests\n"],
      [ci, tested, "      - run: jest --forceExit\n"],
      [ci, tested, "      - shell: bash {0}\n"],
      [ci, tested, "      - run: |\n          set +e\n          npm run lint\n"],
      [ci, tested, "      - run: |\n          exit 0\n          npm run lint\n"],
      [
        ci,
        tested,
        "      - run: |\n          if true; then\n            exit 0\n          fi\n          npm run lint\n",
      ],
      ["scripts/ci.sh", shell, "npm test || (true)\n"],
      ["scripts/ci/test.sh", shell, "npm test || /bin/true\n"],
      [".husky/pre-commit", "npx lint-staged\n", "set +o errexit\n"],
      [".husky/pre-commit", shell, "exit 0\nnpx lint-staged\n"],
      ["scripts/ci.sh", "#!/bin/sh\nnpm test\n", "exit 0\n"],
      ["Makefile", make, "\t-npm test\n"],
      ["Makefile", make, "\tnpm test || true\n"],
      [".gitlab-ci.yml", "test:\n", "  allow_failure: true\n"],
    ),
    ...grows(
      "harness-kept",
      [ci, tested, "        continue-on-error: false\n"],
      [ci, tested, "      # continue-on-error: true\n"],
      [ci, tested, "      - run: npm run lint # never write || true\n"],
      [ci, tested, "      - run: npm run lint || exit 1\n"],
      [ci, tested, "      - run: npm run lint || { echo failed; exit 1; }\n"],
      [ci, tested, '      - run: npm run lint || echo "failed" && exit 1\n'],
      [ci, tested, "      - run: npm run lint || trueish\n"],
      [ci, tested, `        with: { cache: "${expression("inputs.cache || true")}" }\n`],
      [ci, tested, "        if: github.event_name == 'push' || true\n"],
      [ci, tested, "      - run: |\n          npm run lint\n          exit 0\n      - run: npm run build\n"],
      ["scripts/ci.sh", shell, "npm run lint\nexit 0\n"],
      [".github/workflows/README.md", "", "We never write `|| true`.\n"],
      ["Makefile", make, "\tnpm test\n-include local.mk\n"],
      ["src/a.sh", "", "npm test || true\n"],
      [".github/actions/a/index.js", "", "const open = given || true; // continue-on-error: true\n"],
    ),
    [
      "one that stood there may stay",
      kept([ci, workflow("      - run: a || true\n"), workflow("      - run: a || true\n      - run: b\n")]),
      "pass",
      ["harness-kept"],
    ],
    [
      "its lines may be set in further and its comment may change",
      kept([
        ci,
        workflow("      - run: a || true # why\n"),
        workflow("        - run: a || true # because\n"),
      ]),
      "pass",
      ["harness-kept"],
    ],
    [
      "all around it may change",
      kept([
        ci,
        workflow("      - name: A\n        continue-on-error: true\n        run: a\n"),
        workflow("      - name: B\n        continue-on-error: true\n        run: b\n"),
      ]),
      "pass",
      ["harness-kept"],
    ],
    [
      "a second one of the same look is new",
      kept([
        ci,
        workflow("      - run: a || true\n"),
        workflow("      - run: a || true\n      - run: a || true\n"),
      ]),
      "fail",
      ["failure-ignored"],
    ],
    [
      "one that goes to another step is new",
      kept([
        ci,
        workflow(
          "      - name: Lint\n        continue-on-error: true\n      - name: Test\n        run: test\n",
        ),
        workflow(
          "      - name: Lint\n      - name: Test\n        run: test\n        continue-on-error: true\n",
        ),
      ]),
      "fail",
      ["failure-ignored"],
    ],
    [
      "the same when it stands first in its step",
      kept([
        ci,
        workflow(
          "      - continue-on-error: true\n        run: lint\n      - name: Test\n        run: test\n",
        ),
        workflow(
          "      - run: lint\n      - name: Test\n        run: test\n      - continue-on-error: true\n        run: more\n",
        ),
      ]),
      "fail",
      ["failure-ignored"],
    ],
    [
      "a step that has one may move",
      kept([
        ci,
        workflow(
          "      - name: Lint\n        continue-on-error: true\n      - name: Test\n        run: test\n",
        ),
        workflow(
          "      - name: Test\n        run: test\n      - name: Lint\n        continue-on-error: true\n",
        ),
      ]),
      "pass",
      ["harness-kept"],
    ],
    [
      "an exit that moves to the beginning is new",
      kept([".husky/pre-commit", `${shell}a\nb\nexit 0\n`, `${shell}exit 0\na\nb\n`]),
      "fail",
      ["failure-ignored"],
    ],
    [
      "a workflow that has one may be renamed",
      kept(
        [ci, workflow("      - run: a || true\n"), null],
        [".github/workflows/test.yml", null, `# renamed\n${workflow("      - run: a || true\n")}`],
      ),
      "pass",
      ["harness-kept"],
    ],
    [
      "a new workflow has none",
      kept([ci, null, workflow("      - run: a || true\n")]),
      "fail",
      ["failure-ignored"],
    ],
  ]);

  const scripts = (scripts: Record<string, string>, more = {}) =>
    JSON.stringify({ name: "a", scripts, ...more }, null, 2);
  table("harness", [
    [
      "a script of a package ignores failures",
      kept(["package.json", scripts({ test: "jest" }), scripts({ test: "jest || true" })]),
      "fail",
      ["failure-ignored"],
    ],
    [
      "a test that only prints",
      kept(["web/package.json", scripts({ test: "jest" }), scripts({ test: "echo fine" })]),
      "fail",
      ["failure-ignored"],
    ],
    [
      "a script that only ends",
      kept(["package.json", scripts({ pretest: "tsc" }), scripts({ pretest: "exit 0" })]),
      "fail",
      ["failure-ignored"],
    ],
    [
      "what a new package prints before it fails",
      kept(["package.json", null, scripts({ test: 'echo "no test" && exit 1' })]),
      "pass",
      ["harness-kept"],
    ],
    [
      "other parts of a package are no commands",
      kept(["package.json", scripts({}), scripts({}, { description: "a || true" })]),
      "pass",
      ["harness-kept"],
    ],
    [
      "a package that is no JSON is taken line by line",
      kept(["package.json", "{", '{\n"test": "jest || true",\n']),
      "fail",
      ["failure-ignored"],
    ],
    [
      "one hidden in a program's string",
      given("version: 1\ngates: { harness: { files: [tools/check.ts] } }", [
        "tools/check.ts",
        "",
        'run("npm test || true");\n',
      ]),
      "fail",
      ["failure-ignored"],
    ],
    [
      "a file that the policy names",
      given("version: 1\ngates: { harness: { files: [tools] } }", ["Tools/check", "", "npm test || true\n"]),
      "fail",
      ["failure-ignored"],
    ],
    [
      "does not apply when the policy asks for nothing",
      given("version: 1", ["package.json", "{}", scripts({ test: "exit 0" })]),
      "not-applicable",
      ["not-configured"],
    ],
  ]);
});

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
      [ci, tested, "        if: false || success()\n"],
      [ci, tested, "        # if: false\n"],
    ),
    ["a job that is gone", kept([ci, two, tested]), "fail", ["job-removed"]],
    [
      "T076: a job that never runs again",
      kept([ci, two, two.replace("  lint:\n", "  lint:\n    if: false\n")]),
      "fail",
      ["job-skipped"],
    ],
    [
      "a new workflow may leave changes out",
      kept([ci, null, tested.replace("pull_request:\n", "pull_request:\n    paths-ignore: [docs]\n")]),
      "pass",
      ["harness-kept"],
    ],
    [
      "a step that never runs counts in a new workflow, too",
      kept([ci, null, `${tested}        if: false\n`]),
      "fail",
      ["job-skipped"],
    ],
    [
      "a job under another id is gone",
      kept([ci, two, two.replace("  lint:", "  style:")]),
      "fail",
      ["job-removed"],
    ],
    [
      "a job that is made a comment is gone",
      kept([ci, two, two.replace("  lint:", "  #lint:")]),
      "fail",
      ["job-removed"],
    ],
    [
      "jobs in braces cannot be told and count as gone",
      kept([ci, lint, "on: pull_request\njobs: { lint: { steps: [] } }\n"]),
      "fail",
      ["job-removed"],
    ],
    [
      "a job may move to another workflow",
      kept([ci, two, tested], [".github/workflows/lint.yml", null, lint]),
      "pass",
      ["harness-kept"],
    ],
    [
      "jobs may change their order",
      kept([ci, two, `on:\n  pull_request:\n${two.slice(two.indexOf("jobs:"))}`]),
      "pass",
      ["harness-kept"],
    ],
    ["a workflow that is gone", kept([ci, tested, null]), "fail", ["workflow-removed"]],
    [
      "T002: a workflow renamed to where none runs",
      kept([ci, tested, null], [`${ci}.off`, null, tested]),
      "fail",
      ["workflow-removed"],
    ],
    [
      "T002: a workflow in a folder of its own does not run",
      kept([ci, tested, null], [".github/workflows/old/ci.yml", null, tested]),
      "fail",
      ["workflow-removed"],
    ],
    [
      "a workflow may be renamed",
      kept([ci, tested, null], [".github/workflows/test.yaml", null, tested]),
      "pass",
      ["harness-kept"],
    ],
    [
      "one whose jobs cannot be told may be renamed as it is",
      kept(
        [ci, "on: push\njobs: { a: {} }\n", null],
        [".github/workflows/test.yml", null, "on: push\njobs: { a: {} }\n"],
      ),
      "pass",
      ["harness-kept"],
    ],
    [
      "an event that no longer starts it",
      kept([ci, tested, tested.replace("pull_request:", "workflow_dispatch:")]),
      "fail",
      ["job-skipped"],
    ],
    [
      "to no longer run on pushes is no loss beside pull requests",
      kept([ci, tested.replace("on:\n  pull_request:", "on: [push, pull_request]"), tested]),
      "pass",
      ["harness-kept"],
    ],
    [
      "to leave pull_request_target is safer",
      kept([ci, tested.replace("pull_request:", "pull_request_target:"), tested]),
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
    ...grows(
      "harness-kept",
      [ci, tested, "      - run: git commit -m x\n"],
      [ci, tested, "      # --no-verify\n"],
    ),
    ["a hook that is gone", kept([".husky/pre-commit", "npm test\n", null]), "fail", ["hook-bypassed"]],
    [
      "a hook may move",
      kept([".husky/pre-commit", "npm test\n", null], [".husky/pre-push", null, "npm test\n"]),
      "pass",
      ["harness-kept"],
    ],
    [
      "an entry that is gone",
      kept([".pre-commit-config.yaml", list, list.replace("      - id: types\n", "")]),
      "fail",
      ["hook-bypassed"],
    ],
    [
      "an entry may change its place",
      kept([".pre-commit-config.yaml", list, "repos:\n  - hooks:\n      - id: types\n      - id: lint\n"]),
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
      kept([ci, plain, on("pull_request_target", headSha)]),
      "fail",
      ["untrusted-checkout"],
    ],
    [
      "an event with secrets for a checkout of the head",
      kept([ci, on("pull_request", headSha), on("pull_request_target", headSha)]),
      "fail",
      ["job-skipped", "untrusted-checkout"],
    ],
    [
      "the same after another workflow",
      kept([ci, null, on("workflow_run", expression("github.event.workflow_run.head_sha"))]),
      "fail",
      ["untrusted-checkout"],
    ],
    [
      "no secrets, no harm",
      kept([ci, on("pull_request", "main"), on("pull_request", headSha)]),
      "pass",
      ["harness-kept"],
    ],
    ["the base's own code", kept([ci, null, plain]), "pass", ["harness-kept"]],
    [
      "one that stood there may stay",
      kept([ci, on("pull_request_target", headSha), `${on("pull_request_target", headSha)}      - run: a\n`]),
      "pass",
      ["harness-kept"],
    ],
  ]);
});

describe("answers", () => {
  test("a refusal tells the line, the code on it, the line of the policy and the next step", () => {
    const policy = "version: 1\ngates:\n  harness: { files: [tools] }\n";
    expect(ask("harness", given(policy, ["tools/a.sh", "a\n", "a\nb || true\n"])).reasons).toEqual([
      {
        code: "failure-ignored",
        message:
          "This line, which the change adds, lets the run go on as if nothing had failed: `b || true`.",
        path: "tools/a.sh",
        line: 2,
        policyLine: 3,
        next: { step: "Take this out, and let a failure stop the run.", who: "@ada, the author" },
      },
    ]);
  });

  const opaque = (path: string, why: "too-large" | "link"): ReturnType<typeof kept> => ({
    ...kept([path, tested, ""]),
    texts: known([{ path, before: { state: "text", text: tested }, after: { state: "opaque", why } }]),
  });
  table("harness", [
    [
      "T017: a workflow that is too large is unknown, never empty",
      opaque(ci, "too-large"),
      "unknown",
      ["harness-unreadable"],
    ],
    ["a workflow that is made a link is gone", opaque(ci, "link"), "fail", ["workflow-removed"]],
    [
      "a program's bundle may be large",
      opaque(".github/actions/a/dist/index.js", "too-large"),
      "pass",
      ["harness-kept"],
    ],
    [
      "a text that was not read is unknown",
      { ...kept([ci, tested, tested]), texts: known([]) },
      "unknown",
      ["harness-unreadable"],
    ],
    [
      "unread texts are unknown",
      { ...kept([ci, tested, tested]), texts: unknown("cut short") },
      "unknown",
      ["texts-unknown"],
    ],
    [
      "unread changes are unknown",
      { ...kept([ci, tested, tested]), changes: unknown("cut short") },
      "unknown",
      ["changes-unknown"],
    ],
    [
      "T033: a twin of the folder in another case counts",
      kept([".GitHub/Workflows/ci.yml", "", "a: b || true\n"]),
      "fail",
      ["failure-ignored"],
    ],
    ["a change of nothing that judges", kept(["src/a.ts", "a", "b"]), "pass", ["harness-kept"]],
  ]);

  test("it asks for what judges changes alone, and for nothing when it is off", () => {
    const paths = [
      ci,
      "web/package.json",
      "Makefile",
      "src/a.ts",
      ".github/workflows/logo.png",
      ".husky/pre-push",
    ];
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
