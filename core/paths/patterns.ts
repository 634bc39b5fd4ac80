import { braceExpand, Minimatch } from "minimatch";
import { foldConfusables, isTooLong, nameProblem } from "../file-names.ts";

export { nameProblem };

/** Returns the first pattern of a list that a path matches; null if none does. */
export type Matcher = { matches(path: string): string | null };

/** A rejected pattern: its index in the given list, the pattern, and what is wrong in one line. */
export type PatternProblem = { index: number; pattern: string; message: string };

const options = {
  dot: true,
  nonegate: true,
  nocomment: true,
  noext: true,
  nobrace: true,
  platform: "linux",
} as const;

const limits = { length: 500, alternatives: 64, globstars: 6, stars: 6 };

/** Expands `{a,b}`; the pattern itself if it has no braces. Stops at one more alternative than allowed. */
function alternatives(pattern: string): string[] {
  return braceExpand(pattern, { ...options, nobrace: false, braceExpandMax: limits.alternatives + 1 });
}

function plainProblem(pattern: string): string | null {
  if (pattern === "") return "the pattern is empty";
  if (pattern.length > limits.length) return `the pattern is longer than ${limits.length} characters`;
  if (!pattern.isWellFormed() || /[\p{Cc}\u2028\u2029]/u.test(pattern)) return "the pattern holds a control character";
  if (/^[!#]/.test(pattern))
    return `a pattern does not start with \`${pattern.charAt(0)}\`: negation and comments are not patterns`;
  if (/^\.?\//.test(pattern)) return "write the path from the top of the repository, without `/` or `./` in front";
  if (pattern.includes("\\"))
    return "a pattern has no backslash: folders are parted by `/`, and brackets need no escape";
  const segments = pattern.replace(/\/$/, "").split("/");
  if (segments.some((segment) => segment === "." || segment === "..")) return "a pattern has no `.` or `..` folder";
  if (segments.includes("")) return "two slashes stand next to each other";
  if (segments.filter((segment) => segment === "**").length > limits.globstars)
    return `more than ${limits.globstars} \`**\` folders`;
  if (segments.some((segment) => (segment.match(/\*+/g) ?? []).length > limits.stars)) {
    return `more than ${limits.stars} \`*\` in one name`;
  }
  return bracketProblem(pattern);
}

/**
 * A deny compares names without case, so it takes brackets only if that loses no name: `[!a]` and `[A-z]` are rejected.
 */
function bracketProblem(pattern: string): string | null {
  if (/\[(?:[!^]|\[:)/.test(pattern))
    return "brackets list what is meant: `[!…]`, `[^…]` and `[[:…:]]` are not accepted";
  for (const [brackets] of pattern.matchAll(/\[\]?[^\]]*\]/g)) {
    for (const [, from = "", to = ""] of brackets.slice(1, -1).matchAll(/(?=(.)-(.))/gu)) {
      if (from < to && !/^(?:[a-z]{2}|[A-Z]{2}|[0-9]{2})$/.test(from + to))
        return `\`${from}-${to}\` in brackets is not within \`a-z\`, \`A-Z\` or \`0-9\`; for a bracket itself write \`[[]\``;
    }
  }
  const rest = pattern.replace(/\[\]?[^\]]*\]/g, "?");
  if (rest.includes("[") && /[*?]/.test(rest))
    return "nothing closes a bracket, and readers do not agree on what it matches beside wildcards; for the bracket itself write `[[]`";
  return null;
}

/** `**.ts` is rejected: some readers match it in any folder, others in this one only. */
function globstarProblem(pattern: string): string | null {
  const mixed = pattern.split("/").some((segment) => segment !== "**" && segment.includes("**"));
  return mixed ? "`**` stands between slashes: write `**/*.ts` for any folder, `*.ts` for this one" : null;
}

function patternProblem(pattern: string): string | null {
  const plain = plainProblem(pattern);
  if (plain !== null) return plain;
  const expanded = alternatives(pattern);
  if (expanded.length > limits.alternatives) return `the braces stand for more than ${limits.alternatives} patterns`;
  for (const one of expanded) {
    const folded = foldConfusables(one);
    const problem =
      plainProblem(one) ??
      globstarProblem(one) ??
      ((plainProblem(folded) ?? globstarProblem(folded)) ? "its Unicode look-alike form is not a pattern" : null);
    if (problem !== null) return one === pattern ? problem : `\`${one}\`, one of its alternatives: ${problem}`;
  }
  return null;
}

/**
 * The rejected patterns, with reasons. An accepted pattern is matched in bounded time on any path: the number of
 * wildcards is limited here and the length of paths in `isTooLong`.
 */
export function problems(patterns: readonly string[]): PatternProblem[] {
  return patterns.flatMap((pattern, index) => {
    const message = patternProblem(pattern);
    return message === null ? [] : [{ index, pattern, message: `\`${pattern}\` is not a path pattern: ${message}` }];
  });
}

/** Expands a folder's name to the folder itself and its content: `dir`, `dir/` and `dir/**` are the same. */
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
function compile(pattern: string): Glob[] {
  const literal = (text: string) => text.replaceAll("[", "[[]");
  const spelled = [pattern, ...alternatives(pattern)].flatMap((one) => [
    ...spelledOut(literal(one)),
    ...spelledOut(one),
  ]);
  return [...new Set(spelled)].map((one) => {
    const top = topOf(one);
    return { top: /[*?[]/.test(top) ? anyTop : top, match: lazily(() => new Minimatch(one, options)) };
  });
}

/** A compiled pattern, with the top-level name that a matching path must have. */
type Glob = { top: string; match(path: string): boolean };

/** Marks a glob that can match under any top-level name; no path has an empty name. */
const anyTop = "";

/** The first name in a path or pattern. */
function topOf(path: string): string {
  const slash = path.indexOf("/");
  return slash === -1 ? path : path.slice(0, slash);
}

/** Compiles on first use: compiling costs more than a match, and most patterns of a long list are never tried. */
function lazily(make: () => Minimatch): (path: string) => boolean {
  let made: Minimatch | null = null;
  return (path) => {
    made ??= make();
    return made.match(path);
  };
}

type Form = (text: string) => string;
const raw: Form = (text) => text;
const forms: readonly Form[] = [raw, foldConfusables, (text) => text.normalize("NFC"), (text) => text.normalize("NFD")];

/**
 * One matcher for every list of paths in a policy or plan. A deny matches the name as it is and every form of it that
 * a file system or a reader could take for the same (Unicode-normalised, case-folded, invisible characters left out);
 * a name too long to match is denied by the first pattern. An allow matches the raw name only, and never a
 * hostile one. Patterns must have passed `problems`; anyone who can push a branch chose the paths.
 *
 * Compared with git's `:(glob)` pathspec: `{a,b}` means both, a backslash is no escape, and brackets also match
 * themselves; `problems` refuses what readers of such patterns do not agree on.
 */
export function matcher(patterns: readonly string[], mode: "allow" | "deny"): Matcher {
  if (patterns.length === 0) return { matches: () => null };
  const used = mode === "deny" ? forms : [raw];
  // Built on the first match: many lists are never compared with a path.
  let lists: Map<string, Rule[]>[] | null = null;
  return {
    matches(path) {
      lists ??= used.map((_, form) => indexed(patterns, used, form));
      if (isTooLong(path)) return mode === "allow" ? null : (patterns[0] ?? null);
      const names = used.map((form) => form(path));
      let first = patterns.length;
      for (const [form, name] of names.entries()) {
        // Most names and patterns have only one form: a pair that was tried already is skipped.
        const isTried = ({ texts }: Rule) =>
          names.some((other, earlier) => earlier < form && other === name && texts[earlier] === texts[form]);
        for (const top of [topOf(name), anyTop]) {
          for (const rule of lists[form]?.get(top) ?? []) {
            if (rule.index >= first) break;
            if (!isTried(rule) && rule.glob.match(name)) first = rule.index;
          }
        }
      }
      const pattern = patterns[first] ?? null;
      return pattern !== null && mode === "allow" && nameProblem(path) !== null ? null : pattern;
    },
  };
}

/** One glob of a pattern: the pattern's index in its list and its text in every form. */
type Rule = { index: number; texts: readonly string[]; glob: Glob };

/** The globs of one form by the top-level name of a path, so that a long policy is not tried in full on each path. */
function indexed(patterns: readonly string[], used: readonly Form[], form: number): Map<string, Rule[]> {
  const rules = new Map<string, Rule[]>();
  for (const [index, pattern] of patterns.entries()) {
    const texts = used.map((one) => one(pattern));
    for (const glob of compile(texts[form] ?? pattern)) {
      const list = rules.get(glob.top) ?? [];
      list.push({ index, texts, glob });
      rules.set(glob.top, list);
    }
  }
  return rules;
}

/** Orders by the bytes of the path in UTF-8, as git orders a tree's full names; the same on every machine. */
export function byPath(one: { path: string }, other: { path: string }): number {
  const [a, b] = [one.path, other.path];
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at += 1) {
    const difference = byteRank(a.charCodeAt(at)) - byteRank(b.charCodeAt(at));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** UTF-16 sorts the surrogates of characters past U+FFFF before U+E000; UTF-8 sorts them last. */
function byteRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
