import { describe } from "@jest/globals";
import { byDefault, changeOf, type File } from "../../builders/changed-files.ts";
import { type Row, table } from "../../builders/gate-table.ts";

const kept = (told: string, path: string, before: string | null, after: string): Row => [
  `${path}: ${told}`,
  byDefault([path, before, after]),
  "pass",
  ["tests-kept"],
];
const loses = (told: string, path: string, before: string, after: string, code = "fewer-assertions"): Row => [
  `${path}: ${told}`,
  byDefault([path, before, after]),
  "fail",
  [code],
];

const js = 'it("a", () => {\n  expect(f()).toBe(1)\n})\n';
const jsBody = (body: string) => `it("a", () => {\n${body}})\n`;
const py = "def test_a():\n    assert f() == 1\n";
const go = 'func TestA(t *testing.T) {\n\tif f() != 1 {\n\t\tt.Error("x")\n\t}\n}\n';
const java = "@Test void a() {\n  assertEquals(1, f());\n}\n";

describe("an assertion that can no longer fail", () => {
  table("tests", [
    loses("after a return", "a.test.ts", js, jsBody("  return\n  expect(f()).toBe(1)\n")),
    loses("after a return with a value", "a.test.ts", js, jsBody("  return f();\n  expect(f()).toBe(1)\n")),
    loses("after a throw", "a.test.ts", js, jsBody("  throw done;\n  expect(f()).toBe(1)\n")),
    loses("in `if (false)`", "a.test.ts", js, jsBody("  if (false) {\n    expect(f()).toBe(1)\n  }\n")),
    loses("in an empty loop", "a.test.ts", js, jsBody("  for (const a of []) {\n    expect(f()).toBe(1)\n  }\n")),
    loses("in a try that forgets", "a.test.ts", js, jsBody("  try {\n    expect(f()).toBe(1)\n  } catch (e) {}\n")),
    loses(
      "in a function that is never called",
      "a.test.ts",
      js,
      jsBody("  const later = () => {\n    expect(f()).toBe(1)\n  }\n"),
    ),
    loses("of a literal", "a.test.ts", js, jsBody("  expect(true).toBe(true)\n")),
    loses("of a thing with itself", "a.test.ts", js, jsBody("  expect(a).toBe(a)\n")),
    loses("without a matcher", "a.test.ts", js, jsBody("  expect(f())\n")),
    loses(
      "with `|| true`",
      "a.test.ts",
      'it("a", () => {\n  assert(f())\n})\n',
      'it("a", () => {\n  assert(f() || true)\n})\n',
    ),
    loses("as a comment", "a.test.ts", js, jsBody("  // expect(f()).toBe(1)\n")),
    loses("after a return", "test_a.py", py, "def test_a():\n    return\n    assert f() == 1\n"),
    loses("in `if False`", "test_a.py", py, "def test_a():\n    if False:\n        assert f() == 1\n"),
    loses(
      "taken by an except",
      "test_a.py",
      py,
      "def test_a():\n    try:\n        assert f() == 1\n    except Exception:\n        pass\n",
    ),
    loses(
      "suppressed",
      "test_a.py",
      py,
      "def test_a():\n    with suppress(AssertionError):\n        assert f() == 1\n",
    ),
    loses("`or True`", "test_a.py", py, "def test_a():\n    assert f() == 1 or True\n"),
    loses("`assert True`", "test_a.py", py, "def test_a():\n    f()\n    assert True\n"),
    loses("of a tuple", "test_a.py", py, 'def test_a():\n    assert (f() == 1, "x")\n'),
    loses(
      "in a function that is never called",
      "test_a.py",
      py,
      "def test_a():\n    def later():\n        assert f() == 1\n",
    ),
    loses("after a return", "a_test.go", go, go.replace("{\n", "{\n\treturn\n")),
    loses("in `if false`", "a_test.go", go, go.replace("f() != 1", "false")),
    loses("after a return", "ATest.java", java, java.replace("  assert", "  return;\n  assert")),
    loses("of a literal", "ATest.java", java, "@Test void a() {\n  assertTrue(true);\n}\n"),
    loses(
      "taken by a catch",
      "ATest.java",
      java,
      "@Test void a() {\n  try {\n    assertEquals(1, f());\n  } catch (Throwable e) {\n  }\n}\n",
    ),
    loses(
      "after a return",
      "tests/a.rs",
      "#[test]\nfn a() {\n  assert_eq!(f(), 1);\n}\n",
      "#[test]\nfn a() {\n  return;\n  assert_eq!(f(), 1);\n}\n",
    ),
    loses(
      "of a literal",
      "tests/a.rs",
      "#[test]\nfn a() { assert!(f()); }\n",
      "#[test]\nfn a() { f(); assert!(true); }\n",
    ),
    loses(
      "after a return",
      "a_spec.rb",
      'it "a" do\n  expect(f).to eq 1\nend\n',
      'it "a" do\n  return\n  expect(f).to eq 1\nend\n',
    ),
    kept("a guard before it is none", "a.test.ts", js, jsBody("  if (!g()) return\n  expect(f()).toBe(1)\n")),
    kept("what is returned counts", "a.test.ts", js, jsBody("  return expect(f()).toBe(1)\n")),
    kept(
      "a handler that asserts hears it",
      "a.test.ts",
      js,
      jsBody("  try {\n    f()\n  } catch (e) {\n    expect(e).toBe(1)\n  }\n"),
    ),
    kept(
      "a catch of another error",
      "ATest.java",
      java,
      "@Test void a() {\n  try {\n    assertEquals(1, f());\n  } catch (IOException e) {\n  }\n}\n",
    ),
  ]);
});

const three = (one: (a: number) => string) => [1, 2, 3].map(one).join("\n");

describe("the same proof in other words", () => {
  table("tests", [
    kept("a line break", "a.test.ts", js, jsBody("  expect(\n    f(),\n  ).toBe(1)\n")),
    kept("a line break before the matcher", "a.test.ts", js, jsBody("  expect(f())\n    .toBe(1)\n")),
    kept("a poll", "a.test.ts", js, jsBody("  await expect\n    .poll(() => f())\n    .toBe(1)\n")),
    kept(
      "a line break",
      "test_a.py",
      "def test_a(self):\n    self.assertEqual(f(), 1)\n",
      "def test_a(self):\n    self.assertEqual(\n        f(),\n        1,\n    )\n",
    ),
    kept(
      "a match for a text",
      "test_a.py",
      "def test_a():\n    with pytest.raises(E) as e:\n        f()\n    assert 'x' in str(e.value)\n",
      "def test_a():\n    with pytest.raises(E, match='x'):\n        f()\n",
    ),
    kept(
      "a record for its parts",
      "a.test.ts",
      jsBody("  expect(a.x).toBe(1)\n  expect(a.y).toBe(2)\n"),
      jsBody("  expect(a).toEqual({ x: 1, y: 2 })\n"),
    ),
    kept(
      "a table for copies",
      "a.test.ts",
      three((a) => `it("adds ${a}", () => { expect(add(${a})).toBe(${a}) })`),
      'it.each([1, 2, 3])("adds %i", (a) => { expect(add(a)).toBe(a) })\n',
    ),
    kept(
      "a table for copies",
      "test_a.py",
      three((a) => `def test_add_${a}():\n    assert add(${a}) == ${a}\n`),
      '@pytest.mark.parametrize("a", [1, 2, 3])\ndef test_add(a):\n    assert add(a) == a\n',
    ),
    kept(
      "a table for copies",
      "ATests.cs",
      three((a) => `[Fact] public void Adds${a}() { Assert.Equal(${a}, Add(${a})); }`),
      "[Theory]\n[InlineData(1)]\n[InlineData(2)]\n[InlineData(3)]\npublic void Adds(int a) { Assert.Equal(a, Add(a)); }\n",
    ),
    kept(
      "a loop for copies",
      "a.test.ts",
      three((a) => `it("adds ${a}", () => { expect(add(${a})).toBe(${a}) })`),
      "for (const a of [1, 2, 3]) {\n  it('adds ' + a, () => { expect(add(a)).toBe(a) })\n}\n",
    ),
    loses(
      "fewer rows",
      "test_a.py",
      '@pytest.mark.parametrize("a", [1, 2, 3])\ndef test_add(a):\n    assert add(a) == a\n',
      '@pytest.mark.parametrize("a", [1])\ndef test_add(a):\n    assert add(a) == a\n',
      "fewer-cases",
    ),
    kept(
      "a helper that asserts",
      "a.test.ts",
      jsBody("  expect(a.x).toBe(1)\n  expect(a.y).toBe(2)\n"),
      `function holds(a) {\n  expect(a.x).toBe(1)\n  expect(a.y).toBe(2)\n}\n${jsBody("  holds(a)\n")}`,
    ),
    kept(
      "a helper that asserts",
      "a_test.go",
      go,
      'func isOne(t *testing.T, a int) {\n\tif a != 1 {\n\t\tt.Error("x")\n\t}\n}\nfunc TestA(t *testing.T) {\n\tisOne(t, f())\n}\n',
    ),
    loses(
      "a helper that no longer asserts",
      "a.test.ts",
      `function holds(a) {\n  expect(a.x).toBe(1)\n}\n${jsBody("  holds(a)\n")}`,
      `function holds(a) {\n}\n${jsBody("  holds(a)\n")}`,
    ),
    kept(
      "throws for a catch that fails",
      "Tests/ATests.swift",
      'func testA() {\n  do {\n    XCTAssertNil(try f())\n  } catch {\n    XCTFail("x")\n  }\n}\n',
      "func testA() throws {\n  XCTAssertNil(try f())\n}\n",
    ),
    kept(
      "should_panic for a caught panic",
      "tests/a.rs",
      "#[test]\nfn a() { assert!(catch_unwind(f).is_err()); }\n",
      "#[test]\n#[should_panic]\nfn a() { f(); }\n",
    ),
    kept(
      "another name",
      "a.test.ts",
      'it("adds two numbers", () => { expect(add(one, two)).toBe(three) })\n',
      'it("sums up", () => { expect(add(one, two)).toBe(three) })\n',
    ),
    kept("a copy less", "a.test.ts", `${js}it("b", () => {\n  expect(f()).toBe(1)\n})\n`, js),
    loses(
      "another case in its place",
      "a.test.ts",
      'it("refuses an old token", () => { expect(login(expired).status).toBe(401) })\n',
      'it("shows the title", () => { expect(render(page).title).toBe("x") })\n',
      "fewer-cases",
    ),
  ]);
});

describe("a helper in another file of the change", () => {
  const uses = 'it("a", () => { holds(a) })\n';
  const asserts = "export function holds(a) {\n  expect(a.x).toBe(1)\n  expect(a.y).toBe(2)\n}\n";
  table("tests", [
    [
      "stands for what a case asserted itself",
      byDefault(
        ["tests/h.ts", null, asserts],
        ["tests/a.test.ts", jsBody("  expect(a.x).toBe(1)\n  expect(a.y).toBe(2)\n"), uses],
      ),
      "pass",
      ["tests-kept"],
    ],
    [
      "takes the proof of its cases along when it asserts nothing any more",
      byDefault(
        ["tests/h.ts", asserts, "export function holds(a) {\n}\n"],
        ["tests/a.test.ts", uses, `${uses}// why\n`],
      ),
      "fail",
      ["fewer-assertions"],
    ],
  ]);
});

const session = (inner: string, last: string) =>
  `def test_session(client):\n${inner}    assert client.get("/") == ${last}\n\ndef test_other(client):\n    assert client.get("/y") == 4\n    client.get("/z")\n`;

describe("a helper is known by more than its name", () => {
  table("tests", [
    kept(
      "a function within a case is that case's own",
      "tests/test_a.py",
      session("    def get():\n        assert accessed\n        return 1\n", "get()"),
      session("", "1\n    assert accessed"),
    ),
    loses(
      "a method that asserts is one",
      "tests/test_a.py",
      "class T(TestCase):\n    def holds(self, a):\n        self.assertEqual(a, 1)\n    def test_a(self):\n        self.holds(f())\n",
      "class T(TestCase):\n    def holds(self, a):\n        self.assertEqual(a, 1)\n    def test_a(self):\n        f()\n",
    ),
  ]);
});

describe("a case that runs as much as before, or more", () => {
  table("tests", [
    kept(
      "a new one that needs a system",
      "a.test.ts",
      js,
      `${js}test.runIf(isWindows)("b", () => { expect(b()).toBe(1) })\n`,
    ),
    kept("a new one that is off", "a.test.ts", js, `${js}test.skip("b", () => { expect(b()).toBe(1) })\n`),
    kept(
      "a new guard",
      "a_test.go",
      null,
      'func TestA(t *testing.T) {\n\tif runtime.GOOS == "windows" {\n\t\tt.Skip("x")\n\t}\n\tt.Fatal("x")\n}\n',
    ),
    kept(
      "a new version",
      "test_a.py",
      py,
      `${py}\n@pytest.mark.skipif(sys.version_info < (3, 12), reason="x")\ndef test_b():\n    assert g() == 1\n`,
    ),
    kept(
      "a narrower skip",
      "a.test.ts",
      'test.skip("b", () => { expect(b()).toBe(1) })\n',
      'test.skipIf(isWindows)("b", () => { expect(b()).toBe(1) })\n',
    ),
    kept(
      "another condition",
      "a.test.ts",
      'test.runIf(a)("b", () => { expect(b()).toBe(1) })\n',
      'test.runIf(!c)("b", () => { expect(b()).toBe(1) })\n',
    ),
    kept(
      "another word for it",
      "a.test.js",
      'xit("b", () => { expect(b()).toBe(1) })\n',
      'it.skip("b", () => {\n  expect(b()).toBe(1);\n});\n',
    ),
    kept(
      "another reason",
      "test_a.py",
      `@pytest.mark.skip(reason="flaky")\n${py}`,
      `@pytest.mark.skip(reason="see #12")\n${py}`,
    ),
    kept("another annotation", "ATest.java", `@Ignore("slow")\n${java}`, `@Disabled("slow")\n${java}`),
    kept(
      "one of two is on again",
      "tests/a.rs",
      "#[test]\n#[ignore]\nfn a() { assert_eq!(f(), 1); }\n#[test]\n#[ignore]\nfn b() { assert_eq!(g(), 1); }\n",
      '#[test]\nfn a() { assert_eq!(f(), 1); }\n#[test]\n#[ignore = "x"]\nfn b() { assert_eq!(g(), 1); }\n',
    ),
    loses(
      "one more condition in a file that has one",
      "tests/a.rs",
      '#![cfg(feature = "full")]\n#[test]\nfn a() { assert_eq!(f(), 1); }\n',
      '#![cfg(feature = "full")]\n#[test]\n#[cfg_attr(miri, ignore)]\nfn a() { assert_eq!(f(), 1); }\n',
      "test-skipped",
    ),
    kept(
      "a condition of the file becomes one of the case",
      "tests/a.rs",
      '#![cfg(feature = "full")]\n#![cfg(not(miri))]\n#[test]\nfn a() { assert_eq!(f(), 1); }\n',
      '#![cfg(feature = "full")]\n#[test]\n#[cfg_attr(miri, ignore)]\nfn a() { assert_eq!(f(), 1); }\n',
    ),
    kept(
      "what is deprecated runs",
      "Tests/ATests.swift",
      "final class A {\n  func testA() {\n    XCTAssertEqual(f(), 1)\n  }\n}\n",
      "@available(iOS, deprecated: 17)\nfinal class A {\n  func testA() {\n    XCTAssertEqual(f(), 1)\n  }\n}\n",
    ),
    loses(
      "one more condition in a block that has one",
      "a.test.ts",
      'describe.skipIf(a)("x", () => {\n  test("b", () => { expect(b()).toBe(1) })\n})\n',
      'describe.skipIf(a)("x", () => {\n  test.skipIf(c)("b", () => { expect(b()).toBe(1) })\n})\n',
      "test-skipped",
    ),
    kept(
      "one of two ways to run has a name",
      "a.test.js",
      'describe("x", () => {\n  it("b", () => { expect(b()).toBe(1) })\n})\n',
      'const maybe = has ? describe : describe.skip;\ndescribe("x", () => {\n  it("b", () => { expect(b()).toBe(1) })\n})\n',
    ),
    loses(
      "one of two ways to run",
      "a.test.js",
      'describe("x", () => {\n  it("b", () => { expect(b()).toBe(1) })\n})\n',
      '(has ? describe : describe.skip)("x", () => {\n  it("b", () => { expect(b()).toBe(1) })\n})\n',
      "test-skipped",
    ),
    kept(
      "conditions of the file, in one list",
      "tests/a.rs",
      "#![cfg(all(\n  unix,\n  not(miri)\n))]\n#[test]\nfn a() { assert_eq!(f(), 1); }\n",
      "#![cfg(unix)]\n#[test]\n#[cfg_attr(miri, ignore)]\nfn a() { assert_eq!(f(), 1); }\n",
    ),
    loses(
      "a skip becomes wider",
      "a.test.ts",
      'test.skipIf(isWindows)("b", () => { expect(b()).toBe(1) })\n',
      'test.skip("b", () => { expect(b()).toBe(1) })\n',
      "test-skipped",
    ),
  ]);
});

describe("a test in which nothing is recognised is not read, never none", () => {
  const pairs = 'version: 1\nextends: default\ngates:\n  tests: [{ when: "src/**", need: "tests/**" }]\n';
  const asks = (path: string, text: string): Row => [
    path,
    changeOf(pairs, ["src/a.txt", "a\n", "a\nb\n"], [path, null, text]),
    "pass",
    ["tests-kept"],
  ];
  table("tests", [
    asks("tests/regression.rs", 'rgtest!(r16, |dir: Dir| {\n    eqnice!("x", dir);\n});\n'),
    asks("tests/a_test.exs", "defmodule ATest do\n  use ExUnit.Case\n  doctest A\nend\n"),
    asks("tests/a.test.ts", 'describe.runIf(isBuild)("b", () => {\n  test("a", () => { expect(f()).toBe(1) })\n})\n'),
    asks("tests/a.spec.ts", 'table("rows", rows);\n'),
  ]);
});

describe("the branches of a condition, of which one runs", () => {
  const both =
    "func TestA(t *testing.T) {\n\tif old {\n\t\tassert.Equal(t, 1, f())\n\t} else {\n\t\tassert.Equal(t, 2, f())\n\t}\n}\n";
  const pyBoth = "def test_a():\n    if old:\n        assert f() == 1\n    else:\n        assert f() == 2\n";
  table("tests", [
    kept(
      "the branch for old platforms goes",
      "a_test.go",
      both,
      "func TestA(t *testing.T) {\n\tassert.Equal(t, 1, f())\n}\n",
    ),
    kept(
      "a chain of them goes",
      "a_test.go",
      both.replace("} else {", "} else if older {\n\t\tassert.Equal(t, 3, f())\n\t} else {"),
      "func TestA(t *testing.T) {\n\tassert.Equal(t, 1, f())\n}\n",
    ),
    kept("the branch for old platforms goes", "test_a.py", pyBoth, "def test_a():\n    assert f() == 1\n"),
    loses("one of them is emptied", "a_test.go", both, both.replace("assert.Equal(t, 2, f())", "f()")),
    loses("one of them goes", "a_test.go", both, both.replace(/ else \{[^}]*\}/, "")),
    loses("one of them goes", "test_a.py", pyBoth, pyBoth.slice(0, pyBoth.indexOf("    else"))),
    loses("both go", "a_test.go", both, "func TestA(t *testing.T) {\n\tf()\n}\n"),
    loses(
      "all that stood before them goes",
      "a_test.go",
      both.replace("{\n\tif", "{\n\tassert.Equal(t, 0, g())\n\tassert.Equal(t, 1, g())\n\tif"),
      "func TestA(t *testing.T) {\n\tassert.Equal(t, 1, f())\n}\n",
    ),
  ]);
});

describe("what proves as much in other words", () => {
  const php = (body: string) => `function testA() {\n  $this->assertSame(1, $a->f());\n  ${body}\n}\n`;
  const rust = (body: string) =>
    `impl Io {\n  fn poll(self) {\n    assert!(self.ok);\n  }\n}\n#[test]\nfn a() {\n  assert_ok!(${body});\n}\n`;
  table("tests", [
    kept(
      "a mock that names the call",
      "ATest.php",
      php("$m->shouldNotHaveBeenCalled();"),
      php("$m->shouldNotHaveReceived('f');"),
    ),
    loses("a mock that is asked nothing", "ATest.php", php("$m->shouldNotHaveReceived('f');"), php("")),
    kept("a method that bears a helper's name", "tests/a.rs", rust("io.poll()"), rust("poll_now(io)")),
    kept(
      "mocks that expect, in short",
      "ATest.php",
      php("$m->shouldReceive('f')->once();\n  $n->shouldReceive('g');"),
      php("File::expects('f');\n  $n->expects('g');"),
    ),
    loses("a mock that only stands in", "ATest.php", php("$m->expects('f');"), php("$m->shouldReceive('f');")),
    kept(
      "the answer of a request, in one call",
      "a.test.js",
      'it("a", (done) => {\n  request(app).get("/").end((err, res) => {\n    res.text.should.equal("b");\n    res.statusCode.should.equal(200);\n    done();\n  });\n});\n',
      'it("a", (done) => {\n  request(app)\n    .get("/")\n    .expect(200, "b", done);\n});\n',
    ),
    loses(
      "a request that is asked nothing",
      "a.test.js",
      'it("a", (done) => {\n  request(app).get("/").expect(200, done);\n});\n',
      'it("a", (done) => {\n  request(app).get("/").end(done);\n});\n',
    ),
    kept(
      "helpers named `expect…`",
      "a_test.go",
      'func TestA(t *testing.T) {\n\tif f() != 1 {\n\t\tt.Error("x")\n\t}\n}\n',
      'func expectOne(n int, t *testing.T) {\n\tif n != 1 {\n\t\tt.Error("x")\n\t}\n}\nfunc TestA(t *testing.T) {\n\texpectOne(f(), t)\n}\n',
    ),
    kept(
      "an assertion with a message before it",
      "ATest.java",
      '@Test void a() {\n  assertEquals("m", 1, f());\n}\n',
      '@Test void a() {\n  assertWithMessage("m").that(f()).isEqualTo(1);\n}\n',
    ),
    kept(
      "a loop over a list",
      "a_test.go",
      'func TestA(t *testing.T) {\n\tif a != 1 {\n\t\tt.Error("a")\n\t}\n\tif b != 1 {\n\t\tt.Error("b")\n\t}\n}\n',
      'func TestA(t *testing.T) {\n\tfor _, v := range []struct {\n\t\tname string\n\t\tgot  int\n\t}{\n\t\t{"a", a},\n\t\t{"b", b},\n\t} {\n\t\tif v.got != 1 {\n\t\t\tt.Error(v.name)\n\t\t}\n\t}\n}\n',
    ),
    loses(
      "a loop over less",
      "test_a.py",
      "def test_a():\n    assert f(1) == 1\n    assert f(2) == 2\n    assert f(3) == 3\n",
      "def test_a():\n    for x in [1, 2]:\n        assert f(x) == x\n",
    ),
    kept(
      "a text compared whole",
      "ATest.java",
      '@Test void a() {\n  assertThat(json).contains("year");\n  assertThat(json).contains("month");\n}\n',
      '@Test void a() {\n  assertThat(json).isEqualTo("{\\"year\\":2018,\\"month\\":5}");\n}\n',
    ),
    kept(
      "what cannot fail, told in an arm of its own",
      "tests/a.rs",
      '#[test]\nfn a() {\n  assert_eq!(f(), 1);\n  match g() {\n    Ok(x) => x,\n    Err(e) => {\n      panic!("no: {e}");\n    }\n  }\n}\n',
      "#[test]\nfn a() {\n  assert_eq!(f(), 1);\n  h()\n}\n",
    ),
    kept(
      "a list compared whole",
      "ATest.kt",
      "@Test\nfun a() {\n  assertThat(r.size).isEqualTo(2)\n  assertThat(r).contains(f(1))\n  assertThat(r).contains(f(2))\n}\n",
      "@Test\nfun a() {\n  assertThat(r).containsExactly(f(1), f(2))\n}\n",
    ),
  ]);
});

const hasNo = "function shouldHaveNo(name) {\n  return (res) => assert.equal(res.headers[name], undefined);\n}\n";
const lacks = (call: string) =>
  `it("a", (done) => {\n  request(app).get("/").expect(${call}("vary")).expect(200, done);\n});\n`;
describe("a helper that moves to another file", () => {
  table("tests", [
    [
      "counts under the name of its module",
      byDefault(
        ["test/a.test.js", hasNo + lacks("shouldHaveNo"), lacks("utils.shouldHaveNo")],
        ["test/support/utils.test.js", null, `exports.shouldHaveNo = shouldHaveNo;\n${hasNo}`],
      ),
      "pass",
      ["tests-kept"],
    ],
  ]);
});

const goBody = (...lines: string[]) => `func TestA(t *testing.T) {\n${lines.map((line) => `\t${line}\n`).join("")}}\n`;
const goCheck = "assert.Equal(t, 1, f(a))";
const javaBody = (...lines: string[]) => `@Test void a() {\n  ${lines.join("\n  ")}\n}\n`;

describe("an assertion that a thing is there which was just made", () => {
  const asks = "assert.NotNil(t, a)";
  const without = (made: string) =>
    kept(`made by \`${made}\``, "a_test.go", goBody(`a := ${made}`, asks, goCheck), goBody(`a := ${made}`, goCheck));
  const still = (...made: string[]) =>
    loses(`not made by \`${made.join("; ")}\``, "a_test.go", goBody(...made, asks, goCheck), goBody(...made, goCheck));
  table("tests", [
    ...["new(T)", "&T{}", "make([]int, 3)", "bytes.NewBuffer([]byte{})", "&T{\n\t\tb: g(),\n\t}"].map(without),
    still("a := load()"),
    still("a := new(T).Load()"),
    still("a := &T{}.b"),
    still("a := new(T)", "a = load()"),
    still("a, err := load()"),
    still("a := load()", "if b {", "\ta = new(T)", "}"),
    still("a := new(T)", "load(&a)"),
    still("b := new(T)", "a := b.c"),
    still("ba := new(T)"),
    kept(
      "`new` in Java",
      "ATest.java",
      javaBody("A a = new A(1);", "assertNotNull(a);", "assertEquals(1, a.b());"),
      javaBody("A a = new A(1);", "assertEquals(1, a.b());"),
    ),
    loses(
      "what Java's `new` is asked for",
      "ATest.java",
      javaBody("B a = new A(1).b();", "assertNotNull(a);", "assertEquals(1, a.b());"),
      javaBody("B a = new A(1).b();", "assertEquals(1, a.b());"),
    ),
    kept(
      "`new` in a script",
      "a.test.ts",
      jsBody("  const a = new A();\n  expect(a).toBeDefined();\n  expect(a.b()).toBe(1);\n"),
      jsBody("  const a = new A();\n  expect(a.b()).toBe(1);\n"),
    ),
    loses(
      "what a script gets",
      "a.test.ts",
      jsBody("  const a = await get();\n  expect(a).toBeDefined();\n  expect(a.b()).toBe(1);\n"),
      jsBody("  const a = await get();\n  expect(a.b()).toBe(1);\n"),
    ),
    loses("is worth nothing where another stood", "a_test.go", goBody(goCheck), goBody("a := new(T)", asks)),
  ]);
});

describe("an assertion in a teardown", () => {
  const cleanup = (line: string) => goBody(goCheck, "t.Cleanup(func() {", `\t${line}`, "})");
  table("tests", [
    kept("of the test's own file", "a_test.go", cleanup('assert.NoError(t, os.Remove("a"))'), goBody(goCheck)),
    loses("of what is tested", "a_test.go", cleanup("assert.NoError(t, db.Close())"), goBody(goCheck)),
    loses("of the calls on a double", "a_test.go", cleanup("assert.True(t, double.Done())"), goBody(goCheck)),
    loses(
      "no teardown: the file has to be there",
      "a_test.go",
      goBody(goCheck, 'assert.NoError(t, os.Remove("a"))'),
      goBody(goCheck),
    ),
    kept("of the test's own file", "a.test.ts", `afterEach(() => {\n  expect(rmSync("a")).toBe(1)\n})\n${js}`, js),
    loses("of what is tested", "a.test.ts", `afterEach(() => {\n  expect(warned).toEqual([])\n})\n${js}`, js),
  ]);
});

describe("doubles that give way to a fake", () => {
  const php = (...lines: string[]) => `public function testA() {\n  ${lines.join("\n  ")}\n}\n`;
  const result = "$this->assertSame(1, $a->get());";
  const doubles = ["$http = Mockery::mock(Http::class);", "$http->expects('get')->with('a')->andReturn(1);"];
  const fake = ["$http = new Http;", "$http->fake(['a' => 1]);"];
  table("tests", [
    kept("answers of the double", "ATest.php", php(...doubles, result), php(...fake, result)),
    loses("no fake", "ATest.php", php(...doubles, result), php("$http = new Http;", result)),
    loses("no assertion of what comes of it", "ATest.php", php(...doubles, result), php(...fake)),
    loses("the double stays", "ATest.php", php(...doubles, result), php(doubles[0] ?? "", ...fake, result)),
    loses(
      "an expectation that answers nothing",
      "ATest.php",
      php(...doubles, "$http->shouldHaveReceived('get');", "$http->shouldNotHaveReceived('put');", result),
      php(...fake, result),
    ),
  ]);
});

describe("a test that moves as it is", () => {
  const helper = "class Checks {\n  void assertOne(int a) {\n    assertEquals(1, a);\n  }\n}\n";
  const calls = "class ATest {\n  @Test void a() {\n    assertOne(f());\n    assertTrue(g());\n  }\n}\n";
  const from = ["src/test/ATest.java", calls, null] as const;
  const to = (after: string): File => ["src/testFixtures/ATest.java", null, after];
  table("tests", [
    [
      "proves what it did, wherever its helper moves",
      byDefault([...from], to(calls), ["src/test/Checks.java", helper, null]),
      "pass",
      ["tests-kept"],
    ],
    [
      "is told with what it loses on the way",
      byDefault([...from], to(calls.replace("    assertTrue(g());\n", ""))),
      "fail",
      ["fewer-assertions"],
    ],
  ]);
});

describe("a case that is renamed and written anew", () => {
  const one = (name: string, call: string) => `@Test void ${name}() {\n  assertThat(${call}).isEmpty();\n}\n`;
  table("tests", [
    kept(
      "under almost the same name",
      "ATest.java",
      one("parse_classes_returns_empty_when_null", "A.parse(null)"),
      one("parse_classes_returns_none_when_null", "B.predicate(0)"),
    ),
    loses(
      "under the name of something else",
      "ATest.java",
      one("parse_classes_returns_empty_when_null", "A.parse(null)"),
      one("build_classes_throws_error_when_null", "B.predicate(0)"),
      "fewer-cases",
    ),
    loses(
      "under a short name",
      "ATest.java",
      one("parse_when_null", "A.parse(null)"),
      one("parse_if_null", "B.predicate(0)"),
      "fewer-cases",
    ),
    [
      "a case without a title is not known by its line in another file",
      byDefault(
        ["tests/samples/a/_config.js", "export default test({\n  run() {\n    assert.equal(f(), 1);\n  }\n});\n", null],
        [
          "tests/samples/b/_config.js",
          null,
          "export default test({\n  go({ logs }) {\n    assert.ok(logs);\n  }\n});\n",
        ],
      ),
      "fail",
      ["test-deleted"],
    ],
    kept(
      "with shoulda",
      "test/test_a.rb",
      'context "a" do\n  should "add" do\n    assert_equal 1, f\n  end\nend\n',
      'context "a" do\n  should "add" do\n    assert_equal 1, g(1)\n  end\nend\n',
    ),
    loses(
      "with shoulda, which goes",
      "test/test_a.rb",
      'context "a" do\n  should "add" do\n    assert_equal 1, f\n  end\n  should "take" do\n    assert_nil g(0)\n  end\nend\n',
      'context "a" do\n  should "add" do\n    assert_equal 1, f\n  end\nend\n',
      "fewer-cases",
    ),
  ]);
});

describe("a function of the project that skips", () => {
  const skips = "private Class<?> getOrSkip(String name) {\n  Assume.assumeTrue(has(name));\n  return load(name);\n}\n";
  const calling = (first: string) => `@Test void a() {\n  ${first}\n  assertEquals(1, f());\n}\n`;
  const goSkips = "func slow(t *testing.T) {\n\tif short {\n\t\tt.Skip()\n\t}\n}\n";
  table("tests", [
    kept("is a condition", "ATest.java", skips + calling('getOrSkip("a");'), skips + calling("assumeTrue(b);")),
    kept(
      "is a condition through another one",
      "ATest.java",
      `${skips}private void verify(String name) {\n  getOrSkip(name);\n}\n${calling('verify("a");')}`,
      `private void verify(String name) {\n  assumeTrue(has(name));\n}\n${calling('verify("a");')}`,
    ),
    loses("is one more", "ATest.java", skips + java, skips + calling('getOrSkip("a");'), "test-skipped"),
    loses("is one more", "a_test.go", goSkips + go, goSkips + go.replace("{\n", "{\n\tslow(t)\n"), "test-skipped"),
    kept("of another thing is none", "ATest.java", skips + java, skips + calling('b.getOrSkip("a");')),
    kept("that the case does not call is none", "ATest.java", java, skips + java),
  ]);
});

describe("the conditions of a whole file", () => {
  const file = (cfg: string) => `#![cfg(all(unix, ${cfg}))]\n#[test]\nfn a() {\n  assert_eq!(f(), 1);\n}\n`;
  table("tests", [
    kept("one more alternative", "tests/a.rs", file("any(a, b)"), file("any(\n  a,\n  b,\n  c,\n)")),
    kept("a list on lines of its own", "tests/a.rs", file("any(a, b)"), file("\n  any(a, b),\n")),
    loses("one more condition", "tests/a.rs", file("any(a, b)"), file("any(a, b), not(miri)"), "test-skipped"),
  ]);
});
