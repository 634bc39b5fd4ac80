import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { matcher, nameProblem, problems } from "../../../core/paths/patterns.ts";

const seeds: [string, number][] = [
  ["the fixed seed", 20_261_121],
  ["a new seed", Date.now() % 2 ** 31],
];

let folder = "";
const env = {
  PATH: process.env.PATH ?? "",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  LC_ALL: "C",
};
const git = (args: string[], input?: string) =>
  execFileSync("git", ["-C", folder, ...args], { env, input, encoding: "utf8", maxBuffer: 1 << 26 });

let blob = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sallyport-oracle-"));
  git(["init", "-q"]);
  blob = git(["hash-object", "-w", "--stdin"], "x").trim();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Puts exactly these paths into git's index; a path that is a folder of another one is left out. */
function index(paths: readonly string[]): string[] {
  const kept = [...new Set(paths)].filter(
    (path) => nameProblem(path) === null && !paths.some((other) => other.startsWith(`${path}/`)),
  );
  git(["read-tree", "--empty"]);
  git(["update-index", "-z", "--index-info"], kept.map((path) => `100644 ${blob}\t${path}\0`).join(""));
  return kept;
}

/** A pattern with what its braces stand for, worked out by the one who wrote it. */
type Rule = { pattern: string; expanded: string[] };

/**
 * Our grammar in git's words. Where we differ on purpose:
 * - a plain last name (`[[]` is a plain bracket), and any name with `/` or `/**` behind it, means the file or folder of
 *   that name and all in it;
 * - `{a,b}` stands for both, where git knows no braces; the braces also stand for themselves;
 * - brackets also stand for themselves, so every pattern is asked a second time with its brackets escaped.
 * Left out of the comparison: what `problems` refuses, such as backslashes and `a**b`; a slash between brackets, where
 * git reads a class that matches nothing and we read two names; characters of several bytes under `?` and `[…]`, where
 * git counts bytes; and names that hold a wildcard, which git also takes at its word.
 */
function spelledForGit({ pattern, expanded }: Rule): string[] {
  const spelled = [pattern, ...expanded].flatMap((one) => [one, one.replaceAll("[", "\\[")]);
  return [...new Set(spelled.flatMap(withFolder))].map((one) => `:(top,glob)${one}`);
}

function withFolder(pattern: string): string[] {
  const named = pattern.replace(/\/$/, "").replace(/(?:\/\*\*)+$/, "");
  const last = named.split("/").at(-1) ?? "";
  if (last === "**") return ["**"];
  const isPlain = !/[*?[]/.test(last.replace(/\\\[|\[\[\]/g, ""));
  return isPlain || named !== pattern ? [named, `${named}/**`] : [pattern];
}

const name = fc.oneof(
  fc.constantFrom("a", "b", "src", "lib", "a.ts", "b.ts", ".a", ".github", "ab", "aab", "A", "é", "文", "a b"),
  fc.constantFrom("[a]", "[id]", "(x)", "{a,b}", "[a-b]", "]", "a]", "[", "!a", "^a", "-", "a-b", "a,b", "#a"),
  fc.stringMatching(/^[ab.\-é[\]]{1,4}$/),
);
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));

const bracket = fc.constantFrom("[a]", "[ab]", "[a-c]", "[]a]", "[a-]", "[-b]", "[[]", "[A-Z.]", "[[a]");
const piece = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("a", "b", ".", "-", "é", "src", "ts") },
  { weight: 3, arbitrary: fc.constantFrom("*", "?", "*", "**") },
  { weight: 1, arbitrary: bracket },
);
const segment = fc.oneof(
  { weight: 3, arbitrary: name },
  { weight: 3, arbitrary: fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join("")) },
  { weight: 2, arbitrary: fc.constantFrom("*", "**") },
);
const ending = fc.constantFrom("", "", "", "/", "/**", "/**/", "/*");
const invented = fc
  .tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), ending)
  .map(([parts, end]) => parts.join("/") + end);

/** A path made more general, so that patterns and paths meet often. */
const generalised = fc
  .tuple(path, fc.nat(), fc.constantFrom("*", "**", "?", "a*", "*.ts", "[ab]", "[a-z]*"), ending)
  .map(([one, which, wildcard, end]) => {
    const parts = one.split("/");
    return parts.with(which % parts.length, wildcard).join("/") + end;
  });
const rule: fc.Arbitrary<Rule> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .oneof(invented, generalised, path)
      .filter((one) => !/[{}]/.test(one))
      .map((pattern) => ({ pattern, expanded: [pattern] })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom("", "src/", "**/"),
        fc.uniqueArray(fc.constantFrom("a", "b", "a*", "src/a", "**", "[a]"), { minLength: 2, maxLength: 3 }),
        fc.constantFrom("", ".ts", "/b", "/**", "/"),
      )
      .map(([before, words, after]) => ({
        pattern: `${before}{${words.join(",")}}${after}`,
        expanded: words.map((word) => before + word + after),
      })),
  },
);

const comparable = (pattern: string, one: string) => !/[^ -~]/.test(one) || !/[?[]/.test(pattern);

describe.each(seeds)("git's own :(glob) pathspec and an allow select the same files, with %s", (_, seed) => {
  test("10,000 pairs of a pattern and a path", () => {
    const seen = { pairs: 0, matched: 0 };
    const groups = fc.tuple(
      fc.array(path, { minLength: 250, maxLength: 300 }),
      fc.array(rule, { minLength: 30, maxLength: 40 }),
    );
    fc.assert(
      fc.property(groups, ([wanted, rules]) => {
        const paths = index(wanted);
        for (const one of rules) {
          if (problems([one.pattern]).length > 0 || /\[\]?[^\]]*\//.test(one.pattern)) continue;
          const theirs = new Set(git(["ls-files", "-z", "--", ...spelledForGit(one)]).split("\0"));
          const allow = matcher([one.pattern], "allow");
          const deny = matcher([one.pattern], "deny");
          const compared = paths.filter((file) => comparable(one.pattern, file));
          const ours = compared.filter((file) => allow.matches(file) !== null);
          expect({ pattern: one.pattern, files: ours }).toEqual({
            pattern: one.pattern,
            files: compared.filter((file) => theirs.has(file)),
          });
          expect(ours.filter((file) => deny.matches(file) === null)).toEqual([]);
          seen.pairs += compared.length;
          seen.matched += ours.length;
        }
      }),
      { seed, numRuns: 8, endOnFailure: true },
    );
    expect(seen.pairs).toBeGreaterThan(10_000);
    expect(seen.matched).toBeGreaterThan(500);
  });
});

/** Names that a file system, or a reader, may take for the one that was given. */
const twins: [string, (path: string) => string][] = [
  ["itself", (text) => text],
  ["upper case", (text) => text.toUpperCase()],
  ["lower case", (text) => text.toLowerCase()],
  ["decomposed", (text) => text.normalize("NFD")],
  ["composed", (text) => text.normalize("NFC")],
  ["T027 with what cannot be seen", (text) => text.replaceAll("a", "a\u200D")],
  ["T027 fullwidth", (text) => text.replace(/[a-z.]/g, (one) => String.fromCharCode(one.charCodeAt(0) + 0xfee0))],
];

/** A path and a pattern that was made from it by putting a wildcard in the place of one character. */
const met = fc
  .tuple(path, fc.nat(), fc.constantFrom("?", "*", "*?", "[a-z]", "[A-Z]", "[a-zA-Z]", "[.a-z-]", "[A-Z[]"), ending)
  .map(([file, which, wildcard, end]) => {
    const characters = [...file];
    return { file, pattern: characters.with(which % characters.length, wildcard).join("") + end };
  });

test.each([
  ["src/**.ts", "any folder for a workflow's filter, one folder for git"],
  ["a**b", "one star or two"],
  ["{**,a}.ts", "the same, in braces"],
  ["***/a", "any folder for git, one folder for others"],
  ["src/\uFF0A\uFF0A.ts", "two fullwidth stars"],
  ["[!a]*", "without its case, a name that is meant is lost"],
  ["[^a]*", "the same"],
  ["[[:upper:]]*", "the same"],
  ["[A-z]", "the same, for what stands between Z and a"],
  ["[Z-a]", "no range at all when folded"],
  ["app/[+-z]", "the same"],
  ["[à-ü]", "letters that have other cases outside"],
  ["[a-z]*/[", "a bracket for minimatch, nothing for git"],
  ["src/*[a", "the same"],
])("T037 %s is refused: readers do not agree, or a deny could not hold it (%s)", (pattern) => {
  expect(problems([pattern])).toHaveLength(1);
});

test.each([
  "app/[id]",
  "app/[...slug]",
  "app/[[...slug]]",
  "*/[[]",
  "a[b/c.ts",
  "[a-zA-Z0-9_-]*",
  "[user-Id]",
  "[[]step2-b]",
  "**",
  "a/**/b",
])("T034 %s is a pattern", (pattern) => {
  expect(problems([pattern])).toEqual([]);
});

describe.each(twins)("T026: what an allow takes, a deny of the same pattern takes too: %s", (_, twin) => {
  test("1,000 pairs", () => {
    let matched = 0;
    fc.assert(
      fc.property(met, ({ pattern, file }) => {
        fc.pre(problems([pattern]).length === 0);
        if (matcher([pattern], "allow").matches(file) === null) return;
        matched += 1;
        expect(matcher(["zzz", pattern], "deny").matches(twin(file))).toBe(pattern);
      }),
      { numRuns: 1_000 },
    );
    expect(matched).toBeGreaterThan(100);
  });
});

describe("git's own :(glob) pathspec as the judge", () => {
  const names = ["a", "b", "ab", ".a", "a.b", "b.a"];
  const paths = names
    .flatMap((one) => names.flatMap((two) => [`${one}/${two}/a`, `${one}/${two}/.a`, `${one}/ab.b/${two}`]))
    .concat(["top", "top.a", ".top"]);

  /**
   * We differ on purpose in one way that can be spelled for git: a plain last name means the folder and all in it even
   * after a wildcard, and `x/**` means `x` too. Left out: braces, backslashes, brackets (they also match themselves),
   * and `**` inside a name.
   */
  function spelledForGit(rule: string): string[] {
    const folder = rule.replace(/\/$/, "").replace(/(?:\/\*\*)+$/, "");
    const last = folder.slice(folder.lastIndexOf("/") + 1);
    if (last === "**") return [`:(glob)${folder}`];
    return folder !== rule || !/[*?]/.test(last) ? [`:(glob)${folder}`, `:(glob)${folder}/**`] : [`:(glob)${rule}`];
  }

  test("300 random patterns select the same files", () => {
    expect(index(paths)).toHaveLength(paths.length);
    const segment = fc.oneof(
      fc.constantFrom(...names, "top", "**", "*"),
      fc.stringMatching(/^[ab.?]{0,2}\*?[ab.?]{0,2}$/),
    );
    const pattern = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
    fc.assert(
      fc.property(pattern, (rule) => {
        fc.pre(problems([rule]).length === 0);
        const theirs = git(["ls-files", "-z", "--", ...spelledForGit(rule)])
          .split("\0")
          .filter((path) => path !== "");
        const ours = matcher([rule], "allow");
        expect(paths.filter((path) => ours.matches(path) !== null).sort()).toEqual(theirs.sort());
      }),
      { numRuns: 300 },
    );
  });
});
