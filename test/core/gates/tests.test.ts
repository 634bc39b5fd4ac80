import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import type { Change, FileText } from "../../../core/facts.ts";
import { pathsToRead } from "../../../core/gates.ts";
import { known, unknown } from "../../../core/known.ts";
import { change, facts, policyOf, text } from "../sample-facts.ts";
import { ask, table } from "./table.ts";

/** One file of a change: its path, what it was and what it is; null where it is not there. */
type File = [path: string, before: string | null, after: string | null];

const blob = (content: string) => createHash("sha1").update(content).digest("hex");

function changed([path, before, after]: File): Change {
  const side = (content: string | null) => (content === null ? null : { mode: "100644", sha: blob(content) });
  return change(path, { before: side(before), after: side(after) });
}

const texts = (...files: File[]): FileText[] =>
  files.map(([path, before, after]) => text(path, after, before));

function given(policy: string, ...files: File[]) {
  return facts({ policy, changes: files.map(changed), texts: known(texts(...files)) });
}

const pairs = 'version: 1\ngates:\n  tests: [{ when: "src/**", need: "test/**" }]\n';
const byDefault = "version: 1\nextends: default\n";
const asks = (...files: File[]) => given(pairs, ["src/a.ts", "old", "new"], ...files);
const kept = (...files: File[]) => given(byDefault, ...files);

// Threats near these that other gates answer: T041 (nothing changed) forbidden-paths, T018 and T043 (every commit of a range)
// secrets, T044 (files that steer agents) protected and scope, T046 (text that widens its scope) scope, T218 secrets.
const adds = 'test("adds", () => {\n  expect(add(1, 1)).toBe(2);\n});\n';
const takes = 'test("takes", () => {\n  expect(take(1, 1)).toBe(0);\n});\n';

describe("tests that a change must bring", () => {
  table("tests", [
    ["passes with a new test", asks(["test/a.test.ts", null, adds]), "pass", ["tests-kept"]],
    [
      "passes with a test that gains a case",
      asks(["test/a.test.ts", adds, adds + takes]),
      "pass",
      ["tests-kept"],
    ],
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
    [
      "asks for a file in another case, too",
      given(pairs, ["SRC/a.ts", null, "new"]),
      "fail",
      ["tests-missing"],
    ],
    ["asks nothing of a deletion", given(pairs, ["src/a.ts", "old", null]), "pass", ["tests-kept"]],
    ["asks nothing of other folders", given(pairs, ["web/a.ts", "old", "new"]), "pass", ["tests-kept"]],
    [
      "a deleted test is none",
      asks(["test/a.test.ts", adds, null]),
      "fail",
      ["tests-missing", "test-deleted"],
    ],
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
      ["tests-empty", "test-skipped"],
    ],
    [
      "T042: a case in a skipped block is no test",
      asks(["test/a.test.ts", null, `describe.skip("sums", () => {\n${adds}});\n`]),
      "fail",
      ["tests-empty", "test-skipped"],
    ],
    [
      "T042: a comment in an old test is no test",
      asks(["test/a.test.ts", adds, `// see a.ts\n${adds}`]),
      "fail",
      ["tests-empty"],
    ],
    [
      "T042: prose in the folder of tests is no test",
      asks(["test/README.md", null, adds]),
      "fail",
      ["tests-empty"],
    ],
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
      given('version: 1\ngates:\n  tests: [{ when: "src/**", need: "src/**/*.test.ts" }]\n', [
        "src/a.test.ts",
        adds,
        `// why\n${adds}`,
      ]),
      "pass",
      ["tests-kept"],
    ],
    [
      "tells every pair that is missed",
      given(
        'version: 1\ngates:\n  tests:\n    - { when: "src/**", need: "test/**" }\n    - { when: ["web/**", "src/**"], need: ["e2e/**", "web/test/**"] }\n',
        ["src/a.ts", "old", "new"],
        ["web/a.ts", "old", "new"],
      ),
      "fail",
      ["tests-missing", "tests-missing"],
    ],
    [
      "does not apply when the policy asks for nothing",
      given("version: 1", ["src/a.ts", "old", "new"], ["test/a.test.ts", adds, null]),
      "not-applicable",
      ["not-configured"],
    ],
  ]);

  test("a refusal tells the file, the rule, the line of the policy and the next step", () => {
    expect(ask("tests", given(pairs, ["src/a.ts", "old", "new"], ["src/b.ts", null, "new"])).reasons).toEqual(
      [
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
      ],
    );
  });
});

const javascript = (body: string) => `import { test } from "x";\n${adds}${body}`;
const python = "def test_a():\n    assert add(1, 1) == 2\n";
const go = 'func TestA(t *testing.T) {\n\tif add(1, 1) != 2 {\n\t\tt.Error("no")\n\t}\n}\n';

describe("tests that a change weakens", () => {
  table("tests", [
    [
      "T042: fails on three assertions fewer",
      kept(["src/a.test.ts", `${adds}${"expect(x).toBe(1);\n".repeat(3)}`, adds]),
      "fail",
      ["fewer-assertions"],
    ],
    [
      "assertions may move",
      kept(
        ["a.test.ts", adds.replace(");\n}", ");\n  expect(y).toBe(1);\n}"), adds],
        ["b.test.ts", takes, takes.replace(");\n}", ");\n  expect(y).toBe(1);\n}")],
      ),
      "pass",
      ["tests-kept"],
    ],
    [
      "an assertion that is made a comment is gone",
      kept(["a.test.ts", adds, adds.replace("  expect", "  // expect")]),
      "fail",
      ["fewer-assertions"],
    ],
    [
      "an assertion of the obvious does not make up for one",
      kept(["a.test.ts", adds, adds.replace("expect(add(1, 1)).toBe(2)", "expect(true).toBe(true)")]),
      "fail",
      ["fewer-assertions"],
    ],
    [
      "fails on a case fewer",
      kept(["a.test.ts", adds + takes, adds]),
      "fail",
      ["fewer-cases", "fewer-assertions"],
    ],
    [
      "cases may move to another test",
      kept(["a.test.ts", adds + takes, adds], ["b.test.ts", null, takes]),
      "pass",
      ["tests-kept"],
    ],
    ["fails on a deleted test, and tells it once", kept(["a.test.ts", adds, null]), "fail", ["test-deleted"]],
    [
      "a test may be renamed",
      kept(["a.test.ts", adds, null], ["b/c.test.ts", null, adds]),
      "pass",
      ["tests-kept"],
    ],
    [
      "a test may be renamed and mended",
      kept(["a.test.js", adds, null], ["a.test.ts", null, `// typed\n${adds}${takes}`]),
      "pass",
      ["tests-kept"],
    ],
    [
      "T002: fails on a test renamed to what no runner takes",
      kept(["a.test.ts", adds, null], ["a.test.ts.old", null, adds]),
      "fail",
      ["test-deleted"],
    ],
    [
      "fails on a test that is renamed and loses a case",
      kept(["a.test.ts", adds + takes, null], ["b.test.ts", null, adds]),
      "fail",
      ["test-deleted"],
    ],
    [
      "a case that stood elsewhere before does not stand for a deleted one",
      kept(["a.test.ts", adds, null], ["b.test.ts", adds, `${adds}// more\n`]),
      "fail",
      ["test-deleted"],
    ],
    [
      "fails on a deleted test without a case that can be read",
      kept(["a.spec.ts", 'table("rows", rows);\n', null]),
      "fail",
      ["test-deleted"],
    ],
    [
      "such a test may be renamed as it is",
      kept(["a.spec.ts", 'table("rows", rows);\n', null], ["b.spec.ts", null, 'table("rows", rows);\n']),
      "pass",
      ["tests-kept"],
    ],
    [
      "what only helps tests may go",
      kept(["test/sample.ts", "const a = 1;\n", null], ["test/data.json", "{}", null]),
      "pass",
      ["tests-kept"],
    ],
    [
      "a test that is made a link is gone",
      {
        ...kept(["a.test.ts", adds, ""]),
        texts: known([
          {
            path: "a.test.ts",
            before: { state: "text", text: adds },
            after: { state: "opaque", why: "link" },
          },
        ]),
      },
      "fail",
      ["test-deleted"],
    ],
    [
      "T014: what is called generated counts like all else",
      kept(
        [".gitattributes", null, "*.test.ts linguist-generated -diff\n"],
        ["a.test.ts", `// @generated\n${adds}${takes}`, `// @generated\n${adds}`],
      ),
      "fail",
      ["fewer-cases", "fewer-assertions"],
    ],
  ]);
  const off = (path: string, before: string, after: string, code = "test-skipped") =>
    [
      `${path}: fails on ${after.trim().split("\n").at(-1)}`,
      kept([path, before, before + after]),
      "fail",
      [code],
    ] as const;
  table("tests", [
    ...[
      off("a.test.ts", adds, 'test.skip("b", () => { expect(b()).toBe(1); });\n'),
      off("a.test.ts", adds, 'it["skip"]("b", () => { expect(b()).toBe(1); });\n'),
      off("a.test.ts", adds, 'test.todo("b");\n'),
      off("a.test.ts", adds, 'xit("b", () => { expect(b()).toBe(1); });\n'),
      off("a.test.ts", adds, 'xdescribe("b", () => {});\n'),
      off("a.test.ts", adds, 'test.skip.each(rows)("b", () => { expect(b()).toBe(1); });\n'),
      off("a.test.ts", adds, 'test.skipIf(true)("b", () => { expect(b()).toBe(1); });\n'),
      off("a.test.ts", adds, 'test("b", { skip: true }, () => { expect(b()).toBe(1); });\n'),
      off("a.test.ts", adds, "const later = test.skip;\n"),
      off("a.test.ts", adds, 'Deno.test.ignore("b", () => { expect(b()).toBe(1); });\n'),
      off("a.test.ts", adds, 'test.only("b", () => { expect(b()).toBe(1); });\n', "test-focused"),
      off("a.test.ts", adds, 'describe.only("b", () => {});\n', "test-focused"),
      off("a.test.ts", adds, 'fit("b", () => { expect(b()).toBe(1); });\n', "test-focused"),
      off("test_a.py", python, '@pytest.mark.skip(reason="slow")\ndef test_b():\n    assert b()\n'),
      off("test_a.py", python, "pytestmark = pytest.mark.skip\n"),
      off("test_a.py", python, "def test_b():\n    pytest.skip()\n"),
      off("test_a.py", python, "@unittest.expectedFailure\ndef test_b():\n    assert b()\n"),
      off("a_test.go", go, 'func TestB(t *testing.T) {\n\tt.Skip("later")\n}\n'),
      off("a_test.go", go, "func TestB(t *testing.T) { t.SkipNow() }\n"),
      off(
        "ATest.java",
        "@Test void a() { assertEquals(1, a()); }\n",
        "@Test @Disabled\nvoid b() { assertEquals(1, b()); }\n",
      ),
      off(
        "tests/a.rs",
        "#[test]\nfn a() { assert_eq!(1, a()); }\n",
        "#[test]\n#[ignore]\nfn b() { assert_eq!(1, b()); }\n",
      ),
      off(
        "ATests.cs",
        "[Fact] public void A() { Assert.Equal(1, A()); }\n",
        '[Fact(Skip = "later")] public void B() { Assert.Equal(1, B()); }\n',
      ),
      off(
        "spec/a_spec.rb",
        'it "a" do\n  expect(a).to eq 1\nend\n',
        'xit "b" do\n  expect(b).to eq 1\nend\n',
      ),
    ].map(([told, of, status, codes]): [string, typeof of, string, string[]] => [
      told,
      of,
      status,
      [...codes],
    ]),
    [
      "a build tag that leaves a file of Go out",
      kept(["a_test.go", go, `//go:build ignore\n\n${go}`]),
      "fail",
      ["test-skipped"],
    ],
    [
      "a skip that was there may stay",
      kept(["a.test.ts", javascript('it.skip("b", b);\n'), javascript(`it.skip("b", b);\n${takes}`)]),
      "pass",
      ["tests-kept"],
    ],
    [
      "a skip may move along with its file",
      kept(
        ["a.test.ts", javascript('it.skip("b", b);\n'), null],
        ["b.test.ts", null, javascript('it.skip("b", b);\n')],
      ),
      "pass",
      ["tests-kept"],
    ],
    [
      "a skip that moves from one case to another is new",
      kept([
        "test_a.py",
        `@skip\n${python}\ndef test_b():\n    assert b()\n`,
        `${python}\n@skip\ndef test_b():\n    assert b()\n`,
      ]),
      "fail",
      ["test-skipped"],
    ],
    [
      "a case before a skipped block changes nothing",
      kept([
        "a.test.ts",
        `${adds}describe.skip("b", () => {});\n`,
        `${adds}${takes}describe.skip("b", () => {});\n`,
      ]),
      "pass",
      ["tests-kept"],
    ],
    [
      "a skip in a comment or a string is none",
      kept(["a.test.ts", adds, `${adds}// it.skip("b")\nconst a = 'it.only("b")';\n`]),
      "pass",
      ["tests-kept"],
    ],
    [
      "a method of another name is none",
      kept(["a.test.ts", adds, `${adds}query.skip(5);\nmodel.fit("x");\nfind({ skip: 5 });\n`]),
      "pass",
      ["tests-kept"],
    ],
    [
      "a skip outside of tests is none of its business",
      kept(["src/a.ts", "", 'it.skip("b");\n']),
      "pass",
      ["tests-kept"],
    ],
  ]);

  test("a new skip is told with its line in the new file", () => {
    const answer = ask("tests", kept(["a.test.ts", adds, `${adds}\n\nit.skip("b", b);\n`]));
    expect(answer.reasons[0]).toMatchObject({ path: "a.test.ts", line: 6, policyLine: 2 });
    expect(answer.reasons[0]?.message).toContain('`it.skip("b", b);`');
  });
});

const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, place) => `exports[\`a ${from + place}\`] = ${from + place};`).join(
    "\n",
  );
const snapshot = "src/__snapshots__/a.test.ts.snap";

describe("snapshots", () => {
  table("tests", [
    [
      "fails when most of a snapshot is made anew",
      kept([snapshot, lines(0, 20), lines(11, 31)]),
      "fail",
      ["snapshot-rewritten"],
    ],
    ["half of it may change", kept([snapshot, lines(0, 20), lines(10, 30)]), "pass", ["tests-kept"]],
    [
      "more may change with a new case",
      kept([snapshot, lines(0, 20), lines(20, 40)], ["src/a.test.ts", adds, adds + takes]),
      "pass",
      ["tests-kept"],
    ],
    [
      "fails from ten lines on",
      kept([snapshot, lines(0, 10), lines(10, 20)]),
      "fail",
      ["snapshot-rewritten"],
    ],
    ["a short one may change", kept([snapshot, lines(0, 9), lines(9, 18)]), "pass", ["tests-kept"]],
    ["fails when it is deleted", kept([snapshot, lines(0, 20), null]), "fail", ["snapshot-rewritten"]],
    [
      "it may move along",
      kept([snapshot, lines(0, 20), null], ["src/__snapshots__/b.test.ts.snap", null, lines(0, 20)]),
      "pass",
      ["tests-kept"],
    ],
    [
      "it goes with its test, which is told",
      kept([snapshot, lines(0, 20), null], ["src/a.test.ts", adds, null]),
      "fail",
      ["test-deleted"],
    ],
    [
      "a picture is not compared",
      {
        ...kept(["__snapshots__/a.png", "", ""]),
        texts: known([
          {
            path: "__snapshots__/a.png",
            before: { state: "opaque", why: "binary" },
            after: { state: "opaque", why: "binary" },
          },
        ]),
      },
      "pass",
      ["tests-kept"],
    ],
  ]);
});

const jest = (branches: string) =>
  `export default {\n  coverageThreshold: {\n    global: { branches: ${branches}, lines: 90 },\n  },\n};\n`;

describe("thresholds", () => {
  table("tests", [
    ["fails on a lower one", kept(["jest.config.ts", jest("80"), jest("70")]), "fail", ["threshold-lowered"]],
    ["a higher one passes", kept(["jest.config.ts", jest("80"), jest("90")]), "pass", ["tests-kept"]],
    [
      "fails on one that is no longer a number",
      kept(["jest.config.ts", jest("80"), jest("least")]),
      "fail",
      ["threshold-lowered"],
    ],
    [
      "fails on all that are gone",
      kept(["jest.config.ts", jest("80"), "export default {};\n"]),
      "fail",
      ["threshold-lowered", "threshold-lowered"],
    ],
    [
      "one in a comment is gone",
      kept(["jest.config.ts", jest("80"), jest("80").replace("branches: 80,", "/* branches: 80, */")]),
      "fail",
      ["threshold-lowered"],
    ],
    [
      "they may move to another file",
      kept(
        ["jest.config.ts", jest("80"), null],
        [
          "package.json",
          "{}",
          '{ "jest": { "coverageThreshold": { "global": { "branches": 80, "lines": 95 } } } }',
        ],
      ),
      "pass",
      ["tests-kept"],
    ],
    [
      "a number of another meaning may fall",
      kept(["package.json", '{ "config": { "lines": 80 } }', '{ "config": { "lines": 7 } }']),
      "pass",
      ["tests-kept"],
    ],
    [
      "fails in Vitest's settings",
      kept([
        "vitest.config.ts",
        "export default { test: { coverage: { thresholds: { lines: 80 } } } };",
        "export default { test: { coverage: { thresholds: { lines: 8 } } } };",
      ]),
      "fail",
      ["threshold-lowered"],
    ],
    [
      "fails in nyc's",
      kept([".nycrc", '{ "check-coverage": true, "lines": 95 }', '{ "check-coverage": false, "lines": 95 }']),
      "fail",
      ["threshold-lowered"],
    ],
    [
      "fails on Codecov's target",
      kept([
        "codecov.yml",
        "coverage:\n  status:\n    project:\n      default:\n        target: 80%\n",
        "coverage:\n  status:\n    project:\n      default:\n        target: 8%\n",
      ]),
      "fail",
      ["threshold-lowered"],
    ],
    [
      "fails on a fall that Codecov newly lets pass",
      kept([
        "codecov.yml",
        "coverage:\n  status:\n    project:\n      default:\n        target: auto\n",
        "coverage:\n  status:\n    project:\n      default:\n        target: auto\n        threshold: 50%\n",
      ]),
      "fail",
      ["threshold-lowered"],
    ],
    [
      "fails in coverage.py's settings",
      kept([
        "pyproject.toml",
        "[tool.coverage.report]\nfail_under = 80\n",
        "[tool.coverage.report]\nfail_under = 50\n",
      ]),
      "fail",
      ["threshold-lowered"],
    ],
    [
      "fails on a command's flag",
      kept([
        ".github/workflows/ci.yml",
        "- run: pytest --cov-fail-under=85\n",
        "- run: pytest --cov-fail-under=5\n",
      ]),
      "fail",
      ["threshold-lowered"],
    ],
    [
      "a new file with low ones passes",
      kept(["codecov.yml", null, "coverage:\n  status:\n    project:\n      default:\n        target: 1%\n"]),
      "pass",
      ["tests-kept"],
    ],
  ]);

  test("old and new number are told, with the line", () => {
    const answer = ask("tests", kept(["jest.config.ts", jest("80"), jest("70")]));
    expect(answer.reasons[0]).toMatchObject({ path: "jest.config.ts", line: 3, policyLine: 2 });
    expect(answer.reasons[0]?.message).toBe(
      "The threshold `coverageThreshold.global.branches` was 80 and is 70: it lets more through.",
    );
    const gone = ask("tests", kept(["jest.config.ts", jest("80"), null]));
    expect(gone.reasons[0]).not.toHaveProperty("line");
    expect(gone.reasons[0]?.message).toContain("was 80 and is no longer set (line 3 of the old file)");
  });
});

describe("what cannot be read", () => {
  const opaque = (path: string, why: "binary" | "too-large", before: FileText["before"]) => ({
    ...kept([path, "", ""]),
    texts: known([{ path, before, after: { state: "opaque" as const, why } }]),
  });
  const old = { state: "text", text: adds } as const;
  table("tests", [
    [
      "T017: a test that becomes too large is unknown, never empty",
      opaque("a.test.ts", "too-large", old),
      "unknown",
      ["tests-unreadable"],
    ],
    ["T012: so is one with a zero byte", opaque("a.test.ts", "binary", old), "unknown", ["tests-unreadable"]],
    [
      "so is one that is longer than is read here",
      kept(["a.test.ts", adds, `${adds}${"//\n".repeat(400_000)}`]),
      "unknown",
      ["tests-unreadable"],
    ],
    ["a new one weakens nothing", opaque("a.test.ts", "binary", { state: "absent" }), "pass", ["tests-kept"]],
    [
      "a text that was not read is unknown",
      { ...kept(["a.test.ts", adds, adds]), texts: known([]) },
      "unknown",
      ["tests-unreadable"],
    ],
    [
      "unread texts are unknown",
      { ...kept(["a.test.ts", adds, adds]), texts: unknown("cut short") },
      "unknown",
      ["texts-unknown"],
    ],
    [
      "unread changes are unknown",
      { ...kept(["a.test.ts", adds, adds]), changes: unknown("cut short") },
      "unknown",
      ["changes-unknown"],
    ],
  ]);

  test("it asks for tests, snapshots and thresholds alone, and for nothing when it is off", () => {
    const paths = ["a.test.ts", "src/a.ts", "jest.config.ts", "b/c.snap", "checks/a.ts", "test/logo.png"];
    const reading = { changes: paths.map((path) => change(path)), record: null };
    const policy = 'version: 1\ngates: { tests: [{ when: "src/**", need: "checks/**" }] }';
    expect(pathsToRead(reading, policyOf(policy))).toEqual([
      "a.test.ts",
      "b/c.snap",
      "checks/a.ts",
      "jest.config.ts",
    ]);
    expect(pathsToRead(reading, policyOf("version: 1"))).toEqual([]);
  });
});
