import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { readCode } from "../../../core/analysis/code-text.ts";
import { readTests } from "../../../core/analysis/test-reading.ts";
import { testLanguage } from "../../../core/languages/test-languages.ts";

function read(path: string, text: string) {
  const reading = readTests(path, text);
  if (reading === null) throw new Error(`${path} is in no language`);
  const all = [...reading.cases, ...reading.helpers.values()];
  return {
    ...reading,
    executed: reading.cases.filter(({ state }) => state !== "never").length,
    assertions: all.reduce((sum, one) => sum + one.assertions.length, 0),
  };
}

/** Text, cases that run, assertions. */
type Row = [text: string, executed: number, assertions: number];

function languages(path: string, rows: Row[]) {
  test.each(rows)(`${path}: %j`, (text, executed, assertions) => {
    const reading = read(path, text);
    expect({ executed: reading.executed, assertions: reading.assertions }).toEqual({ executed, assertions });
  });
}

describe("what runs and what is asserted", () => {
  languages("a.test.ts", [
    ['it("a", () => { expect(a()).toBe(1); });', 1, 1],
    ['it("a", function () {\n  assert.equal(a(), 1);\n});', 1, 1],
    ['test.each([[1, (2)]])("a %s", (a) => { expect(a).toBe(1); });', 1, 1],
    ['test.each<[string]>([["a"]])("a %s", (a) => { expect(a).toBe(1); });', 1, 1],
    ['test.each`a | b`("a", ({ a }) => { expect(a).toBe(1); });', 1, 1],
    ['t.test("a", (t) => { t.equal(a(), 1); });', 1, 1],
    ['Deno.test("a", () => { assertEquals(a(), 1); });', 1, 1],
    ['test("a", () => {});', 0, 0],
    ['test("a", async ({ page }) => { });', 0, 0],
    ['test.skip("a", () => { expect(a()).toBe(1); });\ntest("b", () => { expect(b()).toBe(1); });', 1, 2],
    ['test.skip.each(rows)("a", () => { expect(a()).toBe(1); });\ntest("b", b);', 1, 1],
    ['describe.skip("a", () => { describe("b", () => { it("c", c); it.skip("d", d); }); });\nit("e", e);', 1, 0],
    ['it("a", function () {\n  this.skip();\n  expect(a()).toBe(1);\n});', 0, 1],
    ['it("a", function () {\n  setUp();\n  this.skip();\n});', 0, 0],
    ["test.todo('a');", 0, 0],
    ['test.skip("a, never closed', 0, 0],
    ["test.beforeEach(() => {}); test.describe('a', () => {}); contest('a', b); a.test('b');", 0, 0],
    ["expect(true).toBe(true); assert(true); expect(1).toBe(1);", 0, 0],
    ["const a = /[\"'`/]/; it('a', () => { expect(a).toMatch(/\\/*`/); });", 1, 1],
    ["const half = a / 2; it('a', () => { expect(b / c).toBe('/'); });", 1, 1],
    [`const a = \`it('a') \${list.map((b) => { return \`it('b') \${b}\`; })} it('c')\`; it('d', d);`, 1, 0],
    [`const a = \`\${f({}, test("a", () => { expect(a()).toBe(1); }))} it("b")\`;`, 1, 1],
    ["const a = 'it(\\'a\\')'; // it('b')\n/* it('c') */ it('d', d);", 1, 0],
    ["it('a', a); /* never closed\nit('b', b);", 1, 0],
    ["it('a', a); const b = `never closed\nit('c', c);", 1, 0],
    ["const a = `\\``; it('a', a);", 1, 0],
    ["<p>don't</p>\nit('a', a);", 1, 0],
  ]);
  languages("test_a.py", [
    ["def test_a():\n    assert a() == 1\n", 1, 1],
    ["async def test_a(self):\n    self.assertEqual(a(), 1)\n", 1, 1],
    ["def test_a(): assert a()\n", 1, 1],
    ['def test_a():\n    """Text."""\n    pass\n', 0, 0],
    ["def test_a():\n    assert True\n", 1, 0],
    ['"""\ndef test_a():\n    assert a()\n"""\n# def test_b():\n', 0, 0],
    ["@pytest.mark.skip\n@other\ndef test_a():\n    assert a()\n\ndef test_b():\n    assert b()\n", 1, 2],
    ["@unittest.skip\nclass A:\n    def test_a(self):\n        self.fail()\ndef test_b():\n    assert b()\n", 1, 2],
    ["pytestmark = pytest.mark.skip\ndef test_a():\n    assert a()\n", 0, 1],
    ["def test_a():\n    pytest.skip()\n    assert a()\n", 0, 1],
    ["def helper():\n    assert a()\n", 0, 1],
  ]);
  languages("a_test.go", [
    ['func TestA(t *testing.T) {\n\tt.Run("a", func(t *testing.T) { t.Fatal() })\n}\n', 2, 2],
    ["func (s *Suite) TestA() {\n\ts.Error(a())\n}\n", 1, 1],
    ["func TestMain(m *testing.M) { m.Run() }\n", 0, 0],
    ["func TestA(t *testing.T) {}\n", 0, 0],
    ["func TestA(t *testing.T) {\n\tt.Skip()\n\tt.Error()\n}\n", 0, 1],
    ["func TestA(t *testing.T) {\n\tif testing.Short() {\n\t\tt.Skip()\n\t}\n\tt.Error()\n}\n", 1, 1],
    ["//go:build ignore\n\nfunc TestA(t *testing.T) { t.Error() }\n", 0, 1],
    ["const a = `\nfunc TestA(t *testing.T) { t.Error() }\n`\n", 0, 0],
  ]);
  languages("tests/a.rs", [
    ["#[test]\nfn a() { assert!(b::<'a>()); }\n#[tokio::test]\nasync fn c() { assert_eq!(c(), 'c'); }\n", 2, 2],
    ["#[ignore]\n#[test]\nfn a() { assert!(a()); }\n#[test]\nfn b() { assert!(b()); }\n", 1, 2],
    ['#[test]\n#[ignore = "slow"]\nfn a() { assert!(a()); }\n', 0, 1],
    ["#[test]\nfn a() {}\n", 0, 0],
  ]);
  languages("ATest.java", [
    ['@Test\nvoid a() { assertEquals("}", a()); }\n', 1, 1],
    ["@Test @Disabled void a() { fail(); }\n@Test void b() { assertTrue(true); }\n", 1, 1],
    ["@Disabled\nclass A {\n  @Test void a() { fail(); }\n}\nclass B {\n  @Test void b() { fail(); }\n}\n", 1, 2],
  ]);
  languages("ATests.cs", [
    [
      '[Fact]\npublic void A() { Assert.True(A()); }\n[Fact(Skip = "x")]\npublic void B() { B().Should().Be(1); }\n',
      1,
      2,
    ],
    ["[Theory, Ignore]\npublic void A() => Assert.Equal(1, A());\n[Fact] public void B() { Assert.Fail(); }\n", 1, 2],
  ]);
  languages("a_spec.rb", [
    ['it "a" do\n  expect(a).to eq 1\nend\nit { is_expected.to be }\n', 2, 2],
    ['xit "a" do\n  expect(a).to eq 1\nend\nit "b", skip: true do\n  assert b\nend\n', 0, 2],
    ['xdescribe "a" do\n  it "b" do\n    assert b\n  end\nend\nit "c" do\n  assert c\nend\n', 1, 2],
    ['it "a" do\n  skip "x"\nend\nit "b" do\nend\n', 0, 0],
  ]);
  languages("a.php", [
    [
      "public function testA() { $this->assertSame(1, a()); }\n#[Test]\npublic function b() { $this->markTestSkipped(); }\n",
      1,
      1,
    ],
  ]);
  languages("A.swift", [
    ["func testA() { XCTAssertEqual(a(), 1) }\n@Test(.disabled) func b() { #expect(b()) }\n", 1, 2],
  ]);
  languages("a.cpp", [["TEST(A, B) { EXPECT_EQ(a(), 1); }\nTEST(A, DISABLED_C) { ASSERT_TRUE(c()); }\n", 1, 2]]);
  languages("a.bats", [['@test "a" {\n  run a\n  [ "$status" -eq 0 ]\n}\n@test "b" {\n  skip\n}\n', 1, 1]]);
  languages("a.feature", [["@skip\nScenario: a\n  Then b\nScenario: c\n  Then d\n", 1, 2]]);
  languages("a_test.exs", [['test "a" do\n  assert a() == 1\nend\n# test "b" do\n', 1, 1]]);

  test.each(["a.md", "a.json", "a.png", "Makefile", "a.", "a.snap"])("%s holds no tests", (path) => {
    expect(testLanguage(path)).toBeNull();
    expect(readTests(path, "it('a', a);")).toBeNull();
  });
});

test("a case is known by its title, what its annotation stands before, or its line", () => {
  expect(read("a.ts", 'it("adds", a);\nit(\n  "takes",\n  b,\n);\nit(name, c);').cases.map(({ name }) => name)).toEqual(
    ["adds", "takes", "it(name, c);"],
  );
  expect(read("A.java", "@Test\n  void adds() {}").cases.map(({ name }) => name)).toEqual(["adds"]);
});

test("a mark has its line, also behind many others and at the end", () => {
  const text = `${"\n".repeat(40)}it.skip("a", a);\n\nit.only("b", b); it.only("c", c);\nxit("d", d);`;
  const { cases, focused } = read("a.ts", text);
  expect(cases.map(({ off }) => off?.line)).toEqual([41, undefined, undefined, 44]);
  expect(focused.map(({ line }) => line)).toEqual([43]);
});

test.each([
  ["a.ts", "// why\rdescribe.skip('all', () => {\n  it('a', a);\n});\n"],
  ["a.ts", "// why\u2028it.skip('a', a);\n"],
  ["test_a.py", "# why\r@pytest.mark.skip\ndef test_a():\n    assert a()\n"],
  ["ATest.java", "// why\r@Disabled\n@Test void a() { fail(); }\n"],
  ["ATests.cs", "// why\u0085[Ignore]\n[Fact] public void A() { Assert.Fail(); }\n"],
])("in %s a comment ends where the language ends its line: %j", (path, text) => {
  expect(read(path, text)).toMatchObject({ executed: 0, cases: [{ state: "never" }] });
});

test.each([
  ["a_test.go", "// why\rfunc TestA(t *testing.T) { t.Error() }\n"],
  ["a.sh", "# why\rtest_a() { assert a; }\n"],
])("in %s a carriage return ends no comment: %j", (path, text) => {
  expect(read(path, text)).toMatchObject({ cases: [], assertions: 0 });
});

const pieces = fc.constantFrom(
  ...'\n ` \' " \\ / * # { } ( ) [ ] ; @ = ${ // /* */ """ \'\'\' r#" it( it.skip( describe.skip( test.each` def test_a(): @skip class func TestA( t.Skip( #[test] #[ignore] @Test @Disabled { skip: true xit( skip fit('.split(
    " ",
  ),
  "\n",
  "    ",
  "\u{1F600}",
);
const hostile = fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join(""));
const endings = ["ts", "py", "go", "rs", "java", "cs", "rb", "php", "swift", "cpp", "sh", "feature", "lua"];

test("any text is read: every character stays where it was, and counts agree", () => {
  fc.assert(
    fc.property(fc.constantFrom(...endings), hostile, (ending, text) => {
      const language = testLanguage(`a.${ending}`);
      if (language === null) throw new Error(`no language for ${ending}`);
      for (const side of Object.values(readCode(text, language.syntax))) {
        expect(side.length).toBe(text.length);
        expect(side.split("\n").length).toBe(text.split("\n").length);
      }
      const reading = read(`a.${ending}`, text);
      expect(reading.executed).toBeLessThanOrEqual(reading.cases.length);
      for (const { line } of [...reading.cases, ...reading.focused]) {
        expect(line).toBeGreaterThan(0);
        expect(line).toBeLessThanOrEqual(text.split("\n").length);
      }
    }),
  );
});

test.each([
  "it(",
  "it.skip(`a`,",
  "(/[",
  "'\\",
  "`${",
  "/*",
  "@Test @Disabled ",
  "it(\n",
  "// a\r",
  "def test_a():\n",
  " ",
  "expect(\n",
  "assert ",
  "return\n",
  "it.each([",
  "if (false) {",
  "} catch (e) {",
  "except:\n",
  "#if 0\n",
  "@a(\n",
])("T038: a fifth of a megabyte of %j is read in linear time", (piece) => {
  const text = piece.repeat(200_000 / piece.length);
  for (const ending of endings) expect(readTests(`a.${ending}`, text)).not.toBeNull();
});
