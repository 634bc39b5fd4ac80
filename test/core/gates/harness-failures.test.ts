import { describe } from "@jest/globals";
import { byDefault, changeOf } from "../../builders/changed-files.ts";
import { table } from "../../builders/gate-table.ts";
import { ci, expression, grows, tested, workflow } from "../../builders/workflow.ts";

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
      [ci, tested, "      - run: npm run lint # why\r        continue-on-error: true\n"],
      [ci, tested, "      - run: npm run lint # why\u2028        continue-on-error: true\n"],
      [".gitlab-ci.yml", "test:\n", "  stage: test # why\u0085  allow_failure: true\n"],
      ["scripts/ci.sh", shell, 'npm test "\\" # " || true\n'],
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
      byDefault([ci, workflow("      - run: a || true\n"), workflow("      - run: a || true\n      - run: b\n")]),
      "pass",
      ["harness-kept"],
    ],
    [
      "its lines may be set in further and its comment may change",
      byDefault([ci, workflow("      - run: a || true # why\n"), workflow("        - run: a || true # because\n")]),
      "pass",
      ["harness-kept"],
    ],
    [
      "all around it may change",
      byDefault([
        ci,
        workflow("      - name: A\n        continue-on-error: true\n        run: a\n"),
        workflow("      - name: B\n        continue-on-error: true\n        run: b\n"),
      ]),
      "pass",
      ["harness-kept"],
    ],
    [
      "a second one of the same look is new",
      byDefault([
        ci,
        workflow("      - run: a || true\n"),
        workflow("      - run: a || true\n      - run: a || true\n"),
      ]),
      "fail",
      ["failure-ignored"],
    ],
    [
      "one that goes to another step is new",
      byDefault([
        ci,
        workflow("      - name: Lint\n        continue-on-error: true\n      - name: Test\n        run: test\n"),
        workflow("      - name: Lint\n      - name: Test\n        run: test\n        continue-on-error: true\n"),
      ]),
      "fail",
      ["failure-ignored"],
    ],
    [
      "the same when it stands first in its step",
      byDefault([
        ci,
        workflow("      - continue-on-error: true\n        run: lint\n      - name: Test\n        run: test\n"),
        workflow(
          "      - run: lint\n      - name: Test\n        run: test\n      - continue-on-error: true\n        run: more\n",
        ),
      ]),
      "fail",
      ["failure-ignored"],
    ],
    [
      "a step that has one may move",
      byDefault([
        ci,
        workflow("      - name: Lint\n        continue-on-error: true\n      - name: Test\n        run: test\n"),
        workflow("      - name: Test\n        run: test\n      - name: Lint\n        continue-on-error: true\n"),
      ]),
      "pass",
      ["harness-kept"],
    ],
    [
      "an exit that moves to the beginning is new",
      byDefault([".husky/pre-commit", `${shell}a\nb\nexit 0\n`, `${shell}exit 0\na\nb\n`]),
      "fail",
      ["failure-ignored"],
    ],
    [
      "a workflow that has one may be renamed",
      byDefault(
        [ci, workflow("      - run: a || true\n"), null],
        [".github/workflows/test.yml", null, `# renamed\n${workflow("      - run: a || true\n")}`],
      ),
      "pass",
      ["harness-kept"],
    ],
    [
      "a new workflow has none",
      byDefault([ci, null, workflow("      - run: a || true\n")]),
      "fail",
      ["failure-ignored"],
    ],
  ]);

  const scripts = (scripts: Record<string, string>, more = {}) =>
    JSON.stringify({ name: "a", scripts, ...more }, null, 2);
  table("harness", [
    [
      "T163: a script of a package ignores failures",
      byDefault(["package.json", scripts({ test: "jest" }), scripts({ test: "jest || true" })]),
      "fail",
      ["failure-ignored"],
    ],
    [
      "T163: a test that only prints",
      byDefault(["web/package.json", scripts({ test: "jest" }), scripts({ test: "echo fine" })]),
      "fail",
      ["failure-ignored"],
    ],
    [
      "a script that only ends",
      byDefault(["package.json", scripts({ pretest: "tsc" }), scripts({ pretest: "exit 0" })]),
      "fail",
      ["failure-ignored"],
    ],
    [
      "what a new package prints before it fails",
      byDefault(["package.json", null, scripts({ test: 'echo "no test" && exit 1' })]),
      "pass",
      ["harness-kept"],
    ],
    [
      "other parts of a package are no commands",
      byDefault(["package.json", scripts({}), scripts({}, { description: "a || true" })]),
      "pass",
      ["harness-kept"],
    ],
    [
      "a package that is no JSON is taken line by line",
      byDefault(["package.json", "{", '{\n"test": "jest || true",\n']),
      "fail",
      ["failure-ignored"],
    ],
    [
      "one hidden in a program's string",
      changeOf("version: 1\ngates: { harness: { files: [tools/check.ts] } }", [
        "tools/check.ts",
        "",
        'run("npm test || true");\n',
      ]),
      "fail",
      ["failure-ignored"],
    ],
    [
      "a file that the policy names",
      changeOf("version: 1\ngates: { harness: { files: [tools] } }", ["Tools/check", "", "npm test || true\n"]),
      "fail",
      ["failure-ignored"],
    ],
    [
      "does not apply when the policy asks for nothing",
      changeOf("version: 1", ["package.json", "{}", scripts({ test: "exit 0" })]),
      "not-applicable",
      ["not-configured"],
    ],
  ]);
});
