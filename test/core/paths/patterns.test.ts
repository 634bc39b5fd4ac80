import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { isTooLong } from "../../../core/file-names.ts";
import { byPath, matcher, nameProblem, problems } from "../../../core/paths/patterns.ts";

const denies = (pattern: string, path: string) => matcher([pattern], "deny").matches(path) !== null;
const allows = (pattern: string, path: string) => matcher([pattern], "allow").matches(path) !== null;

describe("both ways", () => {
  test.each([
    ["vendor/**", "vendor", "T008 a submodule at the folder's own name"],
    ["vendor", "vendor", "T008"],
    ["**", ".env", "T033 dotfiles are seen"],
    ["src/*", "src/.hidden", "T033"],
    ["**", "src/.hidden/x", "T033"],
    ["app/[id]/page.tsx", "app/[id]/page.tsx", "T034 a literal bracket"],
    ["app/[id]/**", "app/[id]/a/b.tsx", "T034 below a literal bracket"],
    ["app/[...slug]/*.tsx", "app/[...slug]/page.tsx", "T034 a wildcard beside a literal bracket"],
    ["app/(auth)/**", "app/(auth)/login.tsx", "T034 parentheses are plain"],
    ["infra", "infra/main.tf", "T036 a bare folder"],
    ["infra/", "infra/a/main.tf", "T036 a folder with its slash"],
    ["infra/**", "infra/a/main.tf", "T036 a folder spelled out"],
    ["infra*/", "infra-old/a/main.tf", "T036 a wildcard folder with its slash"],
    ["**/secrets", "a/b/secrets/key", "a folder anywhere"],
    ["**/secrets", "secrets", "anywhere begins at the top"],
    ["*.{ts,tsx}", "a.tsx", "braces stand for either"],
    ["docs/{{name}}.md", "docs/{{name}}.md", "braces that are part of the name"],
    ["a/**/b", "a/b", "two stars stand for no folder too"],
  ])("%s matches %s (%s)", (pattern, path) => {
    expect([denies(pattern, path), allows(pattern, path)]).toEqual([true, true]);
  });

  test.each([
    ["*.ts", "src/a.ts", "one star stays in its folder"],
    ["src/*", "src/a/b.ts", "one star stays in its folder"],
    ["vendor", "vendored/a", "a name is matched whole"],
    ["vendor", "src/vendor/a", "a path begins at the top"],
    ["a/*/b", "a/b", "one star stands for one name"],
    ["!(a)", "b", "no extended patterns"],
  ])("%s does not match %s (%s)", (pattern, path) => {
    expect([denies(pattern, path), allows(pattern, path)]).toEqual([false, false]);
  });
});

describe("a deny matches every form of a name, an allow the name as it is", () => {
  test.each([
    ["sécret/**", "sécret/a".normalize("NFD"), "T026 decomposed"],
    ["sécret/**".normalize("NFD"), "sécret/a", "T026 composed"],
    [".github/**", ".GitHub/workflows/ci.yml", "another case"],
    [".GitHub/**", ".github/workflows/ci.yml", "another case in the rule"],
    [".github/**", "\uFF0Egithub/workflows/ci.yml", "T027 a fullwidth dot"],
    [".github/**", ".git\u200Bhub/workflows/ci.yml", "T027 a zero-width space"],
    ["kelvin/**", "\u212Aelvin/a", "T027 the Kelvin sign"],
    ["strasse/**", "straße/a", "full case folding"],
  ])("%s denies %j (%s)", (pattern, path) => {
    expect([denies(pattern, path), allows(pattern, path)]).toEqual([true, false]);
  });

  test("T028: an allow never takes a name with a line break", () => {
    expect([allows("src/**", "src/x\nallowed"), denies("src/**", "src/x\nallowed")]).toEqual([false, true]);
  });

  test("a name too long to look at is denied and never allowed", () => {
    const path = "a/".repeat(200);
    expect([denies("zzz", path), allows("**", path), isTooLong(path)]).toEqual([true, false, true]);
  });

  test("T039: an empty list allows nothing", () => {
    expect(matcher([], "allow").matches("a")).toBeNull();
  });
});

describe("patterns that are refused", () => {
  test.each([
    ["", "empty"],
    ["!src/**", "`!`"],
    ["#src", "`#`"],
    ["./src/**", "without `/` or `./`"],
    ["/src/**", "without `/` or `./`"],
    ["src/../a", "`..`"],
    ["src//a", "two slashes"],
    ["src\\a", "backslash"],
    ["src/\u0000", "control character"],
    ["src/\na", "control character"],
    ["{a,/b}", "one of its alternatives"],
    ["{a,..}/b", "one of its alternatives"],
    ["{1..100000}", "more than 64 patterns"],
    ["{a,b}".repeat(9), "more than 64 patterns"],
    [`${"*a".repeat(30)}X`, "T038 more than 6 `*`"],
    [`${"**/".repeat(11)}x`, "T038 more than 6 `**`"],
    ["a".repeat(501), "longer than 500"],
    ["\uD800", "control character"],
  ])("%j: %s", (pattern, why) => {
    expect(problems([pattern])).toEqual([
      { index: 0, pattern, message: expect.stringContaining(why.replace(/^T\d+ /, "")) },
    ]);
  });

  test("T037: of three spellings of one rule, one is accepted", () => {
    expect(problems(["src/**", "./src/**", "/src/**"]).map((one) => one.index)).toEqual([1, 2]);
  });

  test("T038: the worst pattern that is accepted comes to an end on the worst path", () => {
    const pattern = `${"**/".repeat(6)}${"*a".repeat(6)}X`;
    expect(problems([pattern])).toEqual([]);
    const path = `${"a/".repeat(120)}${"a".repeat(255)}`;
    expect([denies(pattern, path), allows(pattern, path)]).toEqual([false, false]);
  });

  test("T038: nested extended patterns are plain characters", () => {
    expect(denies("*(*(*(a|b)))", "a".repeat(200))).toBe(false);
  });
});

describe("hostile names", () => {
  test.each([
    ["src/x\nallowed", "U+000A", "T028"],
    ["src/\u202Egpj.ts", "U+202E", "T027"],
    [".github\u200B/a", "U+200B", "T027"],
    ["\uFF0Egithub/a", "U+FF0E", "T027"],
    ["a/\u{E0041}b", "U+E0041", "a tag character"],
    [".GIT/config", "git's own folder", "T031"],
    ["a/git~1/config", "git's own folder", "T031"],
    [".g\u200Dit/x", "U+200D", "T031"],
    [".git ./x", "git's own folder", "T031"],
    ["con", "device", "T032"],
    ["a/NUL.txt", "device", "T032"],
    ["a./b", "dot or a space", "T032"],
    ["a /b", "dot or a space", "T032"],
    ["x::$DATA", "colon", "T032"],
    ["src\\..\\y", "backslash", "T032"],
    ["a/../b", "`..`", "T032"],
    ["a//b", "empty name", "T032"],
    ["", "empty name", "T032"],
    ["a\uFFFDb", "UTF-8", "T032"],
    ["a\uD800", "U+D800", "T032"],
    ["a".repeat(256), "longer", "T032"],
  ])("%j: %s (%s)", (path, why) => {
    expect(nameProblem(path)).toContain(why);
  });

  test.each([
    "src/a.ts",
    ".github/workflows/ci.yml",
    "docs/naïve café.md",
    "文档/读我.md",
    "app/[id]/(x)/page.tsx",
    ".gitignore",
    "a-b_c+d@e.ts",
  ])("%s is plain", (path) => {
    expect(nameProblem(path)).toBeNull();
  });
});

test("paths are ordered by their bytes", () => {
  const paths = ["b", "a/b", "a", "\u{1F600}", "\uFF5E", "a.b"].map((path) => ({ path }));
  expect(paths.toSorted(byPath).map((one) => one.path)).toEqual(["a", "a.b", "a/b", "b", "\uFF5E", "\u{1F600}"]);
});

test("the matcher answers on any path and any accepted pattern, and what is allowed raw is denied too", () => {
  const word = fc.stringMatching(/^[aA.é*?[\]{},-]{1,8}$/);
  const pattern = fc
    .array(fc.oneof(word, fc.constant("**")), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join("/"));
  fc.assert(
    fc.property(
      pattern,
      fc.oneof(fc.string({ unit: "binary", maxLength: 30 }), fc.stringMatching(/^[aAé./]{1,12}$/)),
      (rule, path) => {
        fc.pre(problems([rule]).length === 0);
        expect(denies(rule, path) || !allows(rule, path)).toBe(true);
      },
    ),
    { numRuns: 2_000 },
  );
});
