import { describe, expect, test } from "@jest/globals";
import { pathsToRead } from "../../../core/gates/registry.ts";
import { known, unknown } from "../../../core/known.ts";
import { byDefault, changeOf, type File, unreadable } from "../../builders/changed-files.ts";
import { ask, table } from "../../builders/gate-table.ts";
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

  test("it asks for tests, snapshots and thresholds alone, and for nothing when it is off", () => {
    const paths = ["a.test.ts", "src/a.ts", "jest.config.ts", "b/c.snap", "checks/a.ts", "test/logo.png"];
    const reading = { changes: paths.map((path) => change(path)), record: null };
    const policy = 'version: 1\ngates: { tests: [{ when: "src/**", need: "checks/**" }] }';
    expect(pathsToRead(reading, policyOf(policy))).toEqual(["a.test.ts", "b/c.snap", "checks/a.ts", "jest.config.ts"]);
    expect(pathsToRead(reading, policyOf("version: 1"))).toEqual([]);
  });
});
