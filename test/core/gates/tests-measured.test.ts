import { describe, expect, test } from "@jest/globals";
import { known } from "../../../core/known.ts";
import { byDefault, unreadable } from "../../builders/changed-files.ts";
import { ask, type Row, table } from "../../builders/gate-table.ts";

const adds = 'test("adds", () => {\n  expect(add(1, 1)).toBe(2);\n});\n';
const takes = 'test("takes", () => {\n  expect(take(1, 1)).toBe(0);\n});\n';

const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `exports[\`a ${from + index}\`] = ${from + index};`).join("\n");
const snapshot = "src/__snapshots__/a.test.ts.snap";
const beside_ = "tests/a/__snapshots__/a.snap";

describe("snapshots", () => {
  table("tests", [
    [
      "fails when most of a snapshot is made anew",
      byDefault([snapshot, lines(0, 20), lines(11, 31)]),
      "fail",
      ["snapshot-rewritten"],
    ],
    ["half of it may change", byDefault([snapshot, lines(0, 20), lines(10, 30)]), "pass", ["tests-kept"]],
    [
      "more may change with a new case",
      byDefault([snapshot, lines(0, 20), lines(20, 40)], ["src/a.test.ts", adds, adds + takes]),
      "pass",
      ["tests-kept"],
    ],
    ["fails from ten lines on", byDefault([snapshot, lines(0, 10), lines(10, 20)]), "fail", ["snapshot-rewritten"]],
    ["a short one may change", byDefault([snapshot, lines(0, 9), lines(9, 18)]), "pass", ["tests-kept"]],
    ["fails when it is deleted", byDefault([snapshot, lines(0, 20), null]), "fail", ["snapshot-rewritten"]],
    [
      "it may move along",
      byDefault([snapshot, lines(0, 20), null], ["src/__snapshots__/b.test.ts.snap", null, lines(0, 20)]),
      "pass",
      ["tests-kept"],
    ],
    [
      "it may be made anew with the code of its test",
      byDefault([snapshot, lines(0, 20), lines(20, 40)], ["src/a.test.ts", adds, adds.replace("1, 1", "2, 0")]),
      "pass",
      ["tests-kept"],
    ],
    [
      "or with an input of tests beside it",
      byDefault(["tests/a/__snapshots__/a.snap", lines(0, 20), lines(20, 40)], ["tests/a/in.md", "a", "b"]),
      "pass",
      ["tests-kept"],
    ],
    ...(
      [
        ["only a comment of its test changed", "src/a.test.ts", `// a\n${adds}`, `// b\n${adds}`],
        ["only the code that it records changed", "src/a.ts", "a()", "b()"],
        ["only another test changed", "src/b.test.ts", adds, adds.replace("1, 1", "2, 0")],
        ["an input is only new", "src/__tests__/in.md", null, "a"],
      ] as const
    ).map(
      ([when, path, before, after]): Row => [
        `fails when ${when}`,
        byDefault([snapshot, lines(0, 20), lines(20, 40)], [path, before, after]),
        "fail",
        ["snapshot-rewritten"],
      ],
    ),
    [
      "or with the code of a test beside it",
      byDefault([beside_, lines(0, 20), lines(20, 40)], ["tests/a/b.test.ts", adds, adds.replace("1, 1", "2, 0")]),
      "pass",
      ["tests-kept"],
    ],
    [
      "fails when only a comment of a test beside it changed",
      byDefault([beside_, lines(0, 20), lines(20, 40)], ["tests/a/b.test.ts", `// a\n${adds}`, `// b\n${adds}`]),
      "fail",
      ["snapshot-rewritten"],
    ],
    [
      "fails when another snapshot is made anew beside it: neither stands for the other",
      byDefault([beside_, lines(0, 20), lines(20, 40)], ["tests/a/__snapshots__/b.snap", lines(0, 20), lines(20, 40)]),
      "fail",
      ["snapshot-rewritten", "snapshot-rewritten"],
    ],
    [
      "is unknown when it was not read",
      { ...byDefault([snapshot, lines(0, 20), lines(20, 40)]), texts: known([]) },
      "unknown",
      ["tests-unreadable"],
    ],
    [
      "fails when fewer cases are recorded, whatever else changed",
      byDefault([snapshot, lines(0, 20), lines(20, 39)], ["src/a.test.ts", adds, adds.replace("1, 1", "2, 0")]),
      "fail",
      ["snapshot-rewritten"],
    ],
    [
      "it goes with its test, which is told",
      byDefault([snapshot, lines(0, 20), null], ["src/a.test.ts", adds, null]),
      "fail",
      ["test-deleted"],
    ],
    [
      "a picture is not compared",
      unreadable("__snapshots__/a.png", { state: "opaque", why: "binary" }, "binary"),
      "pass",
      ["tests-kept"],
    ],
  ]);
});

const jest = (branches: string) =>
  `export default {\n  coverageThreshold: {\n    global: { branches: ${branches}, lines: 90 },\n  },\n};\n`;

describe("thresholds", () => {
  table("tests", [
    ["fails on a lower one", byDefault(["jest.config.ts", jest("80"), jest("70")]), "fail", ["threshold-lowered"]],
    ["a higher one passes", byDefault(["jest.config.ts", jest("80"), jest("90")]), "pass", ["tests-kept"]],
    [
      "fails when it is set once more, to less, where the last counts",
      byDefault(["jest.config.ts", jest("80"), jest("80, branches: 10")]),
      "fail",
      ["threshold-lowered"],
    ],
    [
      "fails on one of several that is lower",
      byDefault(["jest.config.ts", jest("80") + jest("50"), jest("60") + jest("50")]),
      "fail",
      ["threshold-lowered"],
    ],
    [
      "several may change places",
      byDefault(["jest.config.ts", jest("80") + jest("50"), jest("50") + jest("80")]),
      "pass",
      ["tests-kept"],
    ],
    [
      "one of several may move",
      byDefault(["jest.config.ts", jest("80") + jest("50"), jest("80")], ["web/jest.config.ts", null, jest("50")]),
      "pass",
      ["tests-kept"],
    ],
    [
      "fails on a flag that is given twice on a line, where the last counts",
      byDefault([
        "Makefile",
        "test:\n\tpytest --cov-fail-under=80\n",
        "test:\n\tpytest --cov-fail-under=80 --cov-fail-under=1\n",
      ]),
      "fail",
      ["threshold-lowered"],
    ],
    [
      "another command may have its own",
      byDefault([
        "Makefile",
        "test:\n\tpytest --cov-fail-under=80\n",
        "test:\n\tpytest --cov-fail-under=80\n\tpytest new --cov-fail-under=10\n",
      ]),
      "pass",
      ["tests-kept"],
    ],
    [
      "fails on one that is no longer a number",
      byDefault(["jest.config.ts", jest("80"), jest("least")]),
      "fail",
      ["threshold-lowered"],
    ],
    [
      "fails on all that are gone",
      byDefault(["jest.config.ts", jest("80"), "export default {};\n"]),
      "fail",
      ["threshold-lowered", "threshold-lowered"],
    ],
    [
      "one in a comment is gone",
      byDefault(["jest.config.ts", jest("80"), jest("80").replace("branches: 80,", "/* branches: 80, */")]),
      "fail",
      ["threshold-lowered"],
    ],
    [
      "they may move to another file",
      byDefault(
        ["jest.config.ts", jest("80"), null],
        ["package.json", "{}", '{ "jest": { "coverageThreshold": { "global": { "branches": 80, "lines": 95 } } } }'],
      ),
      "pass",
      ["tests-kept"],
    ],
    [
      "a number of another meaning may fall",
      byDefault(["package.json", '{ "config": { "lines": 80 } }', '{ "config": { "lines": 7 } }']),
      "pass",
      ["tests-kept"],
    ],
    [
      "fails in Vitest's settings",
      byDefault([
        "vitest.config.ts",
        "export default { test: { coverage: { thresholds: { lines: 80 } } } };",
        "export default { test: { coverage: { thresholds: { lines: 8 } } } };",
      ]),
      "fail",
      ["threshold-lowered"],
    ],
    [
      "fails in nyc's",
      byDefault([".nycrc", '{ "check-coverage": true, "lines": 95 }', '{ "check-coverage": false, "lines": 95 }']),
      "fail",
      ["threshold-lowered"],
    ],
    [
      "fails on Codecov's target",
      byDefault([
        "codecov.yml",
        "coverage:\n  status:\n    project:\n      default:\n        target: 80%\n",
        "coverage:\n  status:\n    project:\n      default:\n        target: 8%\n",
      ]),
      "fail",
      ["threshold-lowered"],
    ],
    [
      "fails on a fall that Codecov newly lets pass",
      byDefault([
        "codecov.yml",
        "coverage:\n  status:\n    project:\n      default:\n        target: auto\n",
        "coverage:\n  status:\n    project:\n      default:\n        target: auto\n        threshold: 50%\n",
      ]),
      "fail",
      ["threshold-lowered"],
    ],
    [
      "fails in coverage.py's settings",
      byDefault([
        "pyproject.toml",
        "[tool.coverage.report]\nfail_under = 80\n",
        "[tool.coverage.report]\nfail_under = 50\n",
      ]),
      "fail",
      ["threshold-lowered"],
    ],
    [
      "fails on a command's flag",
      byDefault([
        ".github/workflows/ci.yml",
        "- run: pytest --cov-fail-under=85\n",
        "- run: pytest --cov-fail-under=5\n",
      ]),
      "fail",
      ["threshold-lowered"],
    ],
    [
      "a new file with low ones passes",
      byDefault(["codecov.yml", null, "coverage:\n  status:\n    project:\n      default:\n        target: 1%\n"]),
      "pass",
      ["tests-kept"],
    ],
  ]);

  test("old and new number are told, with the line", () => {
    const answer = ask("tests", byDefault(["jest.config.ts", jest("80"), jest("70")]));
    expect(answer.reasons[0]).toMatchObject({ path: "jest.config.ts", line: 3, policyLine: 2 });
    expect(answer.reasons[0]?.message).toBe(
      "The threshold `coverageThreshold.global.branches` was 80 and is 70: it lets more through.",
    );
    const gone = ask("tests", byDefault(["jest.config.ts", jest("80"), null]));
    expect(gone.reasons[0]).not.toHaveProperty("line");
    expect(gone.reasons[0]?.message).toContain("was 80 and is no longer set (line 3 of the old file)");
  });
});
