import { describe, expect, test } from "@jest/globals";
import type { PullFacts } from "../../../core/facts.ts";
import { byDefault, unreadable } from "../../builders/changed-files.ts";
import { ask, table } from "../../builders/gate-table.ts";

const adds = 'test("adds", () => {\n  expect(add(1, 1)).toBe(2);\n});\n';
const takes = 'test("takes", () => {\n  expect(take(1, 1)).toBe(0);\n});\n';

const javascript = (body: string) => `import { test } from "x";\n${adds}${body}`;
const python = "def test_a():\n    assert add(1, 1) == 2\n";
const go = 'func TestA(t *testing.T) {\n\tif add(1, 1) != 2 {\n\t\tt.Error("no")\n\t}\n}\n';

describe("tests that a change weakens", () => {
  table("tests", [
    [
      "T042: fails on three assertions fewer",
      byDefault(["src/a.test.ts", `${adds}${"expect(x).toBe(1);\n".repeat(3)}`, adds]),
      "fail",
      ["fewer-assertions"],
    ],
    [
      "assertions may move",
      byDefault(
        ["a.test.ts", adds.replace(");\n}", ");\n  expect(y).toBe(1);\n}"), adds],
        ["b.test.ts", takes, takes.replace(");\n}", ");\n  expect(y).toBe(1);\n}")],
      ),
      "pass",
      ["tests-kept"],
    ],
    [
      "an assertion that is made a comment is gone",
      byDefault(["a.test.ts", adds, adds.replace("  expect", "  // expect")]),
      "fail",
      ["fewer-assertions"],
    ],
    [
      "an assertion of the obvious does not make up for one",
      byDefault(["a.test.ts", adds, adds.replace("expect(add(1, 1)).toBe(2)", "expect(true).toBe(true)")]),
      "fail",
      ["fewer-assertions"],
    ],
    ["fails on a case fewer", byDefault(["a.test.ts", adds + takes, adds]), "fail", ["fewer-cases"]],
    [
      "cases may move to another test",
      byDefault(["a.test.ts", adds + takes, adds], ["b.test.ts", null, takes]),
      "pass",
      ["tests-kept"],
    ],
    ["fails on a deleted test, and tells it once", byDefault(["a.test.ts", adds, null]), "fail", ["test-deleted"]],
    [
      "a test may be renamed",
      byDefault(["a.test.ts", adds, null], ["b/c.test.ts", null, adds]),
      "pass",
      ["tests-kept"],
    ],
    [
      "a test may be renamed and mended",
      byDefault(["a.test.js", adds, null], ["a.test.ts", null, `// typed\n${adds}${takes}`]),
      "pass",
      ["tests-kept"],
    ],
    [
      "T002: fails on a test renamed to what no runner takes",
      byDefault(["a.test.ts", adds, null], ["a.test.ts.old", null, adds]),
      "fail",
      ["test-deleted"],
    ],
    [
      "fails on a test that is renamed and loses a case",
      byDefault(["a.test.ts", adds + takes, null], ["b.test.ts", null, adds]),
      "fail",
      ["test-deleted"],
    ],
    [
      "a case that stood elsewhere before does not stand for a deleted one",
      byDefault(["a.test.ts", adds, null], ["b.test.ts", adds, `${adds}// more\n`]),
      "fail",
      ["test-deleted"],
    ],
    [
      "fails on a deleted test without a case that can be read",
      byDefault(["a.spec.ts", 'table("rows", rows);\n', null]),
      "fail",
      ["test-deleted"],
    ],
    [
      "such a test may be renamed as it is",
      byDefault(["a.spec.ts", 'table("rows", rows);\n', null], ["b.spec.ts", null, 'table("rows", rows);\n']),
      "pass",
      ["tests-kept"],
    ],
    [
      "what only helps tests may go",
      byDefault(["test/sample.ts", "const a = 1;\n", null], ["test/data.json", "{}", null]),
      "pass",
      ["tests-kept"],
    ],
    [
      "a test that is made a link is gone",
      unreadable("a.test.ts", { state: "text", text: adds }, "link"),
      "fail",
      ["test-deleted"],
    ],
    [
      "T014: what is called generated counts like all else",
      byDefault(
        [".gitattributes", null, "*.test.ts linguist-generated -diff\n"],
        ["a.test.ts", `// @generated\n${adds}${takes}`, `// @generated\n${adds}`],
      ),
      "fail",
      ["fewer-cases"],
    ],
  ]);
  const off = (
    path: string,
    before: string,
    after: string,
    code = "test-skipped",
  ): [string, PullFacts, string, string[]] => [
    `${path}: fails on ${after.trim()}`,
    byDefault([path, before, after]),
    "fail",
    [code],
  ];
  const b = 'test("b", () => { expect(b()).toBe(1); });\n';
  const java = "@Test void a() { assertEquals(1, a()); }\n";
  table("tests", [
    off("a.test.ts", b, 'test.skip("b", () => { expect(b()).toBe(1); });\n'),
    off("a.test.ts", b, 'it["skip"]("b", () => { expect(b()).toBe(1); });\n'),
    off("a.test.ts", b, 'test.todo("b");\n'),
    off("a.test.ts", b, 'xit("b", () => { expect(b()).toBe(1); });\n'),
    off("a.test.ts", b, `xdescribe("all", () => {\n  ${b}});\n`),
    off("a.test.ts", b, 'test.skip.each(rows)("b", () => { expect(b()).toBe(1); });\n'),
    off("a.test.ts", b, 'test.skipIf(true)("b", () => { expect(b()).toBe(1); });\n'),
    off("a.test.ts", b, 'test.skipIf(isSlow)("b", () => { expect(b()).toBe(1); });\n'),
    off("a.test.ts", b, 'test("b", { skip: true }, () => { expect(b()).toBe(1); });\n'),
    off("a.test.ts", b, 'test("b", function () {\n  this.skip();\n  expect(b()).toBe(1);\n});\n'),
    off("a.test.ts", b, `beforeEach(function () {\n  this.skip();\n});\n${b}`),
    off("a.test.ts", b, 'Deno.test.ignore("b", () => { expect(b()).toBe(1); });\n'),
    off("a.test.ts", b, 'const later = test.skip;\nlater("b", () => { expect(b()).toBe(1); });\n', "fewer-cases"),
    off("a.test.ts", b, 'test.only("b", () => { expect(b()).toBe(1); });\n', "test-focused"),
    off("a.test.ts", b, `describe.only("all", () => {\n  ${b}});\n`, "test-focused"),
    off("a.test.ts", b, 'fit("b", () => { expect(b()).toBe(1); });\n', "test-focused"),
    off("test_a.py", python, `@pytest.mark.skip(reason="slow")\n${python}`),
    off("test_a.py", python, `@pytest.mark.skipif(\n    sys.platform == "x",\n    reason="x",\n)\n${python}`),
    off("test_a.py", python, `pytestmark = pytest.mark.skip\n${python}`),
    off("test_a.py", python, "def test_a():\n    pytest.skip()\n    assert add(1, 1) == 2\n"),
    off("test_a.py", python, `@unittest.expectedFailure\n${python}`),
    off("a_test.go", go, go.replace("{\n", '{\n\tt.Skip("later")\n')),
    off("a_test.go", go, go.replace("{\n", "{\n\tif slow {\n\t\tt.SkipNow()\n\t}\n")),
    off("ATest.java", java, java.replace("@Test", "@Test @Disabled")),
    off("ATest.kt", java, java.replace("@Test", "@EnabledOnOs(OS.LINUX)\n@Test")),
    off(
      "tests/a.rs",
      "#[test]\nfn b() { assert_eq!(1, b()); }\n",
      "#[test]\n#[ignore]\nfn b() { assert_eq!(1, b()); }\n",
    ),
    off("a_test.cpp", "TEST(A, B) { EXPECT_EQ(1, b()); }\n", "#if 0\nTEST(A, B) { EXPECT_EQ(1, b()); }\n#endif\n"),
    off(
      "ATests.cs",
      "[Fact] public void B() { Assert.Equal(1, B()); }\n",
      '[Fact(Skip = "later")] public void B() { Assert.Equal(1, B()); }\n',
    ),
    off("spec/a_spec.rb", 'it "b" do\n  expect(b).to eq 1\nend\n', 'xit "b" do\n  expect(b).to eq 1\nend\n'),
    off("a_test.exs", 'test "b" do\n  assert b() == 1\nend\n', '@tag :skip\ntest "b" do\n  assert b() == 1\nend\n'),
    off(
      "ATests.swift",
      "func testB() { XCTAssertEqual(b(), 1) }\n",
      'func testB() throws {\n  throw XCTSkip("x")\n  XCTAssertEqual(b(), 1)\n}\n',
    ),
    off(
      "tests/ATest.php",
      "public function testB() { $this->assertSame(1, b()); }\n",
      "public function testB() {\n  $this->markTestSkipped();\n  $this->assertSame(1, b());\n}\n",
    ),
    [
      "a build tag that leaves a file of Go out",
      byDefault(["a_test.go", go, `//go:build ignore\n\n${go}`]),
      "fail",
      ["test-skipped"],
    ],
    [
      "a skip that was there may stay",
      byDefault(["a.test.ts", javascript('it.skip("b", b);\n'), javascript(`it.skip("b", b);\n${takes}`)]),
      "pass",
      ["tests-kept"],
    ],
    [
      "a skip may move along with its file",
      byDefault(
        ["a.test.ts", javascript('it.skip("b", b);\n'), null],
        ["b.test.ts", null, javascript('it.skip("b", b);\n')],
      ),
      "pass",
      ["tests-kept"],
    ],
    [
      "a skip that moves from one case to another is new",
      byDefault([
        "test_a.py",
        `@skip\n${python}\ndef test_b():\n    assert b()\n`,
        `${python}\n@skip\ndef test_b():\n    assert b()\n`,
      ]),
      "fail",
      ["test-skipped"],
    ],
    [
      "a case before a skipped block changes nothing",
      byDefault([
        "a.test.ts",
        `${adds}describe.skip("b", () => {});\n`,
        `${adds}${takes}describe.skip("b", () => {});\n`,
      ]),
      "pass",
      ["tests-kept"],
    ],
    [
      "a skip in a comment or a string is none",
      byDefault(["a.test.ts", adds, `${adds}// it.skip("b")\nconst a = 'it.only("b")';\n`]),
      "pass",
      ["tests-kept"],
    ],
    [
      "a method of another name is none",
      byDefault(["a.test.ts", adds, `${adds}query.skip(5);\nmodel.fit("x");\nfind({ skip: 5 });\n`]),
      "pass",
      ["tests-kept"],
    ],
    [
      "a skip outside of tests is none of its business",
      byDefault(["src/a.ts", "", 'it.skip("b");\n']),
      "pass",
      ["tests-kept"],
    ],
  ]);

  test("a new skip is told with its line in the new file", () => {
    const answer = ask("tests", byDefault(["a.test.ts", `it("b", b);\n${adds}`, `${adds}\n\nit.skip("b", b);\n`]));
    expect(answer.reasons[0]).toMatchObject({ path: "a.test.ts", line: 6, policyLine: 2 });
    expect(answer.reasons[0]?.message).toBe('The case `b` (line 6) ran and no longer runs: `it.skip("b", b);`.');
  });
});
