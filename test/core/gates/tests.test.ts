import { describe, expect, test } from "@jest/globals";
import { gates, pathsToRead } from "../../../core/gates/registry.ts";
import { known, unknown } from "../../../core/known.ts";
import { byDefault, changeOf, type File, unreadable } from "../../builders/changed-files.ts";
import { ask, type Row, table } from "../../builders/gate-table.ts";
import { change, policyOf } from "../../builders/pull-facts.ts";

const pairs = 'version: 1\ngates:\n  tests: [{ when: "src/**", need: "test/**" }]\n';
const asks = (...files: File[]) => changeOf(pairs, ["src/a.ts", "old", "new"], ...files);

// Threats near these that other gates answer: T041 (nothing changed) forbidden-paths, T018 and T043 (every commit of a range)
// secrets, T044 (files that steer agents) protected and scope, T046 (text that widens its scope) scope, T218 secrets.
const adds = 'test("adds", () => {\n  expect(add(1, 1)).toBe(2);\n});\n';
const takes = 'test("takes", () => {\n  expect(take(1, 1)).toBe(0);\n});\n';

describe("tests that a change must bring", () => {
  table("tests", [
    ["passes with a new test", asks(["test/a.test.ts", null, adds]), "pass", ["tests-kept"]],
    ["passes with a test that gains a case", asks(["test/a.test.ts", adds, adds + takes]), "pass", ["tests-kept"]],
    [
      "passes with a changed expectation",
      asks(["test/a.test.ts", adds, adds.replace("toBe(2)", "toBe(3)")]),
      "pass",
      ["tests-kept"],
    ],
    ["fails without one", asks(), "fail", ["tests-missing"]],
    ["fails with a test in another place", asks(["spec/a.test.ts", null, adds]), "fail", ["tests-missing"]],
    [
      "T036: fails with a twin of the folder in another case",
      asks(["Test/a.test.ts", null, adds]),
      "fail",
      ["tests-missing"],
    ],
    ["asks for a file in another case, too", changeOf(pairs, ["SRC/a.ts", null, "new"]), "fail", ["tests-missing"]],
    ["asks nothing of a deletion", changeOf(pairs, ["src/a.ts", "old", null]), "pass", ["tests-kept"]],
    ["asks nothing of other folders", changeOf(pairs, ["web/a.ts", "old", "new"]), "pass", ["tests-kept"]],
    ["a deleted test is none", asks(["test/a.test.ts", adds, null]), "fail", ["tests-missing", "test-deleted"]],
    [
      "T042: a comment is no test",
      asks(["test/a.test.ts", null, `// ${adds.replaceAll("\n", " ")}\n/*\n${adds}*/\n`]),
      "fail",
      ["tests-empty"],
    ],
    [
      "T042: a string is no test",
      asks(["test/a.test.ts", null, `const text = \`${adds}\`;\n`]),
      "fail",
      ["tests-empty"],
    ],
    ["T042: an empty file is no test", asks(["test/a.test.ts", null, ""]), "fail", ["tests-empty"]],
    [
      "T042: an empty case is no test",
      asks(["test/a.test.ts", null, 'it("adds", async () => {});\n']),
      "fail",
      ["tests-empty"],
    ],
    [
      "T042: a skipped case is no test",
      asks(["test/a.test.ts", null, adds.replace("test(", "test.skip(")]),
      "fail",
      ["tests-empty"],
    ],
    [
      "T042: a case in a skipped block is no test",
      asks(["test/a.test.ts", null, `describe.skip("sums", () => {\n${adds}});\n`]),
      "fail",
      ["tests-empty"],
    ],
    [
      "T042: a comment in an old test is no test",
      asks(["test/a.test.ts", adds, `// see a.ts\n${adds}`]),
      "fail",
      ["tests-empty"],
    ],
    ["T042: prose in the folder of tests is no test", asks(["test/README.md", null, adds]), "fail", ["tests-empty"]],
    [
      "T042: a link in the folder of tests is no test",
      {
        ...asks(["test/a.test.ts", null, adds]),
        texts: known([
          { path: "test/a.test.ts", before: { state: "absent" }, after: { state: "opaque", why: "link" } },
        ]),
      },
      "fail",
      ["tests-empty"],
    ],
    [
      "a test beside its source needs no other test",
      changeOf('version: 1\ngates:\n  tests: [{ when: "src/**", need: "src/**/*.test.ts" }]\n', [
        "src/a.test.ts",
        adds,
        `// why\n${adds}`,
      ]),
      "pass",
      ["tests-kept"],
    ],
    [
      "a test asks for another where its own place is not what is needed",
      changeOf(pairs, ["src/a.test.ts", adds, adds + takes]),
      "fail",
      ["tests-missing"],
    ],
    [
      "a file that holds cases is a test, whatever its name, where tests are needed",
      changeOf('version: 1\ngates:\n  tests: [{ when: "checks/**", need: "checks/**" }]\n', [
        "checks/a.ts",
        adds,
        `// why\n${adds}`,
      ]),
      "pass",
      ["tests-kept"],
    ],
    [
      "a file that calls nothing is no test there",
      changeOf('version: 1\ngates:\n  tests: [{ when: "checks/**", need: "checks/**" }]\n', [
        "checks/a.ts",
        "const a = 1;\n",
        "const a = 2;\n",
      ]),
      "fail",
      ["tests-empty"],
    ],
    [
      "a file that calls something may be a test there",
      changeOf('version: 1\ngates:\n  tests: [{ when: "checks/**", need: "checks/**" }]\n', [
        "checks/a.ts",
        "a();\n",
        "b();\n",
      ]),
      "pass",
      ["tests-kept"],
    ],
    [
      "tells every pair that is missed",
      changeOf(
        'version: 1\ngates:\n  tests:\n    - { when: "src/**", need: "test/**" }\n    - { when: ["web/**", "src/**"], need: ["e2e/**", "web/test/**"] }\n',
        ["src/a.ts", "old", "new"],
        ["web/a.ts", "old", "new"],
      ),
      "fail",
      ["tests-missing", "tests-missing"],
    ],
    [
      "does not apply when the policy asks for nothing",
      changeOf("version: 1", ["src/a.ts", "old", "new"], ["test/a.test.ts", adds, null]),
      "not-applicable",
      ["not-configured"],
    ],
  ]);

  test("says of one file no more than that, of the second rule its own line, and what changed and proves nothing", () => {
    const two =
      "version: 1\ngates:\n  tests:\n    - { when: lib, need: spec }\n    - { when: src, need: [test, checks] }\n";
    const said = (...files: File[]) =>
      ask("tests", changeOf(two, ["src/a.ts", "old", "new"], ...files)).reasons.map((one) => [
        one.message,
        one.policyLine,
      ]);
    expect(said()).toEqual([["The change touches this file under `src` and no test under `test` or `checks`.", 5]]);
    expect(said(["test/a.test.ts", adds, `// a\n${adds}`])).toEqual([
      [
        "The change touches this file under `src`; what it changes under `test` or `checks`, such as `test/a.test.ts`, adds or changes no case that runs.",
        5,
      ],
    ]);
  });

  test("a test that is weakened names the line of the policy that asks for tests", () => {
    const deleted: File = ["test/a.test.ts", adds, null];
    const lines = [pairs, "version: 1\nextends: default\n"].map((policy) =>
      ask("tests", changeOf(policy, deleted)).reasons.map(({ policyLine }) => policyLine),
    );
    expect(lines).toEqual([[3], [2]]);
  });

  test("a pass counts the cases, and names what is called a test and holds no case", () => {
    const said = (...files: File[]) => ask("tests", byDefault(...files)).reasons.map(({ message }) => message);
    const kept = "No test is weakened. Cases in the tests that the change touches:";
    const calls = "check(add(1, 1));\n";
    expect(said(["a.test.ts", adds, adds + takes], ["b.test.ts", null, takes])).toEqual([`${kept} 1 before, 3 after.`]);
    expect(said(["a.test.ts", adds, adds], ["b.test.ts", null, calls], ["test/c.ts", null, calls])).toEqual([
      `${kept} 1 before, 1 after. Not read, because no case is recognised in it: \`b.test.ts\`.`,
    ]);
    expect(said(["b.test.ts", null, calls], ["c.test.ts", null, calls])).toEqual([
      `${kept} 0 before, 0 after. Not read, because no case is recognised in it: \`b.test.ts\` and 1 more.`,
    ]);
  });

  test("a refusal tells the file, the rule, the line of the policy and the next step", () => {
    expect(ask("tests", changeOf(pairs, ["src/a.ts", "old", "new"], ["src/b.ts", null, "new"])).reasons).toEqual([
      {
        code: "tests-missing",
        message: "The change touches this file and 1 more under `src/**` and no test under `test/**`.",
        path: "src/a.ts",
        policyLine: 3,
        next: {
          step: "Add or change a test under `test/**` that covers this file and runs.",
          who: "@ada, the author",
        },
      },
    ]);
  });
});

describe("what cannot be read", () => {
  const old = { state: "text", text: adds } as const;
  const large = { state: "opaque", why: "too-large" } as const;
  table("tests", [
    [
      "T017: a test that becomes too large is unknown, never empty",
      unreadable("a.test.ts", old, "too-large"),
      "unknown",
      ["tests-unreadable"],
    ],
    ["T012: so is one with a zero byte", unreadable("a.test.ts", old, "binary"), "unknown", ["tests-unreadable"]],
    [
      "so is one that is longer than is read here",
      byDefault(["a.test.ts", adds, `${adds}${"//\n".repeat(400_000)}`]),
      "unknown",
      ["tests-unreadable"],
    ],
    [
      "one that is as long as is read here",
      byDefault(["a.test.ts", adds, `${adds}${"\n".repeat(1_000_000 - adds.length)}`]),
      "pass",
      ["tests-kept"],
    ],
    [
      "one that could not be read before is unknown",
      { ...byDefault(["a.test.ts", "", ""]), texts: known([{ path: "a.test.ts", before: large, after: old }]) },
      "unknown",
      ["tests-unreadable"],
    ],
    ...(["link", "submodule"] as const).map(
      (why): Row => [
        `T006: a test that becomes a ${why} is gone`,
        {
          ...byDefault(["a.test.ts", "", ""]),
          texts: known([{ path: "a.test.ts", before: old, after: { state: "opaque", why } }]),
        },
        "fail",
        ["test-deleted"],
      ],
    ),
    ["a new one weakens nothing", unreadable("a.test.ts", { state: "absent" }, "binary"), "pass", ["tests-kept"]],
    [
      "a text that was not read is unknown",
      { ...byDefault(["a.test.ts", adds, adds]), texts: known([]) },
      "unknown",
      ["tests-unreadable"],
    ],
    [
      "unread texts are unknown",
      { ...byDefault(["a.test.ts", adds, adds]), texts: unknown("cut short") },
      "unknown",
      ["texts-unknown"],
    ],
    [
      "unread changes are unknown",
      { ...byDefault(["a.test.ts", adds, adds]), changes: unknown("cut short") },
      "unknown",
      ["changes-unknown"],
    ],
  ]);

  test.each([
    ["a.test.tsx", true],
    ["a.spec.mts", true],
    ["a_test.go", true],
    ["a-spec.js", true],
    ["LoginTest.java", true],
    ["Latest.java", false],
    ["test_a.py", true],
    ["a.bats", true],
    ["a.feature", true],
    ["__tests__/a.ts", true],
    ["__Tests__/a.ts", true],
    ["tests/a.py", true],
    ["spec/a.rb", true],
    ["e2e/a.ts", true],
    ["a.snap", true],
    ["__snapshots__/a.txt", true],
    ["__Snapshots__/a.txt", true],
    ["src/a.ts", false],
  ])("%s is read: %s", (path, isRead) => {
    const read = gates.tests.reads?.(
      { changes: [change(path)], record: null },
      policyOf("version: 1\nextends: default"),
    );
    expect(read).toEqual(isRead ? [path] : []);
  });

  test("it asks for tests, snapshots and thresholds alone, and for nothing when it is off", () => {
    const paths = ["a.test.ts", "src/a.ts", "jest.config.ts", "b/c.snap", "checks/a.ts", "test/logo.png"];
    const reading = { changes: paths.map((path) => change(path)), record: null };
    const policy =
      'version: 1\ngates: { tests: [{ when: "src/**", need: "checks/**" }, { when: "lib/**", need: "other/**" }] }';
    expect(pathsToRead(reading, policyOf(policy))).toEqual(["a.test.ts", "b/c.snap", "checks/a.ts", "jest.config.ts"]);
    expect(pathsToRead(reading, policyOf("version: 1"))).toEqual([]);
  });
});
