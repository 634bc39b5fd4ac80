import { braceExpand, Minimatch } from "minimatch";
import { fold, isTooLong, nameProblem } from "./names.ts";

export { nameProblem };

/** Answers which pattern of a list a path matches; null when none does. */
export type Matcher = { matches(path: string): string | null };

/** A pattern that is refused: its place in the list that was given, the pattern, and what is wrong in one line. */
export type PatternProblem = { index: number; pattern: string; message: string };

const options = {
  dot: true,
  nonegate: true,
  nocomment: true,
  noext: true,
  nobrace: true,
  platform: "linux",
} as const;

const most = { length: 500, alternatives: 64, globstars: 6, stars: 6 };

/** The patterns that `{a,b}` stands for; the pattern itself when there are no braces. One more than allowed is enough to refuse. */
function alternatives(pattern: string): string[] {
  return braceExpand(pattern, { ...options, nobrace: false, braceExpandMax: most.alternatives + 1 });
}

function plainProblem(pattern: string): string | null {
  if (pattern === "") return "the pattern is empty";
  if (pattern.length > most.length) return `the pattern is longer than ${most.length} characters`;
  if (!pattern.isWellFormed() || /[\p{Cc}\u2028\u2029]/u.test(pattern))
    return "the pattern holds a control character";
  if (/^[!#]/.test(pattern))
    return `a pattern does not start with \`${pattern.charAt(0)}\`: negation and comments are not patterns`;
  if (/^\.?\//.test(pattern))
    return "write the path from the top of the repository, without `/` or `./` in front";
  if (pattern.includes("\\"))
    return "a pattern has no backslash: folders are parted by `/`, and brackets need no escape";
  const segments = pattern.replace(/\/$/, "").split("/");
  if (segments.some((segment) => segment === "." || segment === ".."))
    return "a pattern has no `.` or `..` folder";
  if (segments.includes("")) return "two slashes stand next to each other";
  if (segments.filter((segment) => segment === "**").length > most.globstars)
    return `more than ${most.globstars} \`**\` folders`;
  if (segments.some((segment) => (segment.match(/\*+/g) ?? []).length > most.stars)) {
    return `more than ${most.stars} \`*\` in one name`;
  }
  return null;
}

function patternProblem(pattern: string): string | null {
  const plain = plainProblem(pattern);
  if (plain !== null) return plain;
  const expanded = alternatives(pattern);
  if (expanded.length > most.alternatives)
    return `the braces stand for more than ${most.alternatives} patterns`;
  for (const one of expanded) {
    const problem =
      plainProblem(one) ??
      (plainProblem(fold(one)) === null ? null : "its Unicode look-alike form is not a pattern");
    if (problem !== null)
      return one === pattern ? problem : `\`${one}\`, one of its alternatives: ${problem}`;
  }
  return null;
}

/**
 * The patterns that are not accepted, with why. What passes is matched in bounded time on any path: the number of
 * wildcards is capped here and the length of paths in `isTooLong`.
 */
export function problems(patterns: readonly string[]): PatternProblem[] {
  return patterns.flatMap((pattern, index) => {
    const message = patternProblem(pattern);
    return message === null
      ? []
      : [{ index, pattern, message: `\`${pattern}\` is not a path pattern: ${message}` }];
  });
}

/** Spells out that a folder's name stands for the folder itself and all in it: `dir`, `dir/` and `dir/**` are one. */
function spelledOut(pattern: string): string[] {
  let base = pattern.replace(/\/$/, "");
  const wasFolder = base !== pattern || base.endsWith("/**");
  while (base.endsWith("/**")) base = base.slice(0, -3);
  const last = base.slice(base.lastIndexOf("/") + 1);
  if (last === "**") return ["**"];
  return !wasFolder && /[*?[]/.test(last.replaceAll("[[]", "")) ? [base] : [base, `${base}/**`];
}

/**
 * Compiles one pattern. A name with brackets or braces, such as `app/[id]/page.tsx`, means the file of that very name
 * as well as what the characters would mean as a pattern.
 */
function compile(pattern: string): (path: string) => boolean {
  const literal = (text: string) => text.replaceAll("[", "[[]");
  const spelled = [pattern, ...alternatives(pattern)].flatMap((one) => [
    ...spelledOut(literal(one)),
    ...spelledOut(one),
  ]);
  const matchers = [...new Set(spelled)].map((one) => new Minimatch(one, options));
  return (path) => matchers.some((one) => one.match(path));
}

type Form = (text: string) => string;
const raw: Form = (text) => text;
const forms: readonly Form[] = [raw, fold, (text) => text.normalize("NFC"), (text) => text.normalize("NFD")];

/**
 * One matcher for every list of paths in a policy or plan. A deny matches the name as it is and every form of it that
 * a file system or a reader could take for the same (Unicode-normalised, case-folded, invisible characters left out);
 * a name too long to be looked at is denied by the first pattern. An allow matches the raw name only, and never a
 * hostile one. Patterns must have passed `problems`; anyone who can push a branch chose the paths.
 *
 * Compared with git's `:(glob)` pathspec: `{a,b}` stands for both, a backslash is no escape, and brackets also match
 * themselves.
 */
export function matcher(patterns: readonly string[], mode: "allow" | "deny"): Matcher {
  const used = mode === "deny" ? forms : [raw];
  const compiled = patterns.map((pattern) => {
    const texts = used.map((form) => form(pattern));
    return { pattern, texts, tests: texts.map(compile) };
  });
  return {
    matches(path) {
      if (mode === "allow" && nameProblem(path) !== null) return null;
      if (isTooLong(path)) return patterns[0] ?? null;
      const names = used.map((form) => form(path));
      // Most names and patterns have one form only: a pair that was tried already is not tried again.
      const found = compiled.find(({ texts, tests }) =>
        tests.some((test, place) => {
          const name = names[place] ?? path;
          const tried = names.some(
            (other, earlier) => earlier < place && other === name && texts[earlier] === texts[place],
          );
          return !tried && test(name);
        }),
      );
      return found?.pattern ?? null;
    },
  };
}

/** Orders by the bytes of the path, as git orders a tree's full names; the same on every machine. */
export function byPath(one: { path: string }, other: { path: string }): number {
  return Buffer.compare(Buffer.from(one.path), Buffer.from(other.path));
}
