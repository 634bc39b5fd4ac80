import { matcher } from "../paths/patterns.ts";
import { indentOf } from "./code-blocks.ts";
import { readCode } from "./code-text.ts";

/** A number that decides whether a check passes: its name with its parent keys, and its line (1-based). */
export type Threshold = { name: string; value: number; line: number };

/** A threshold that was weakened; `to` is null if it is gone or no longer a plain number. */
export type Lowered = { name: string; from: number; to: number | null; line: number };

const scripts = matcher(
  [
    "**/jest.config.*",
    "**/vitest.config.*",
    "**/vitest.workspace.*",
    "**/vite.config.*",
    "**/nyc.config.*",
    "**/package.json",
    "**/.nycrc",
    "**/.nycrc.json",
    "**/.c8rc",
    "**/.c8rc.json",
    "**/stryker.conf*",
  ],
  "deny",
);
const settings = matcher(
  [
    "**/codecov.yml",
    "**/codecov.yaml",
    "**/.codecov.yml",
    "**/.codecov.yaml",
    "**/.nycrc.yml",
    "**/.nycrc.yaml",
    "**/.coveragerc",
    "**/pyproject.toml",
    "**/setup.cfg",
    "**/tox.ini",
    "**/pytest.ini",
    "**/noxfile.py",
    "**/.simplecov",
    "**/Makefile",
    ".github/workflows/*",
  ],
  "deny",
);

/** Whether a file can hold coverage thresholds: settings of test runners, coverage services and workflows. */
export function holdsThresholds(path: string): boolean {
  return scripts.matches(path) !== null || settings.matches(path) !== null;
}

const measures = "branches|lines|functions|statements";
const measure = new RegExp(`^(?:${measures}|check-coverage|100|high|low|break)$`);
const ownFile = /(?:^|\/)\.?(?:nycrc|c8rc|nyc\.config)/i;

/** People do not nest settings deeper; the cost of each number grows with its parent keys. */
const maxDepth = 50;

/**
 * The name of a threshold, from the first of these keys on, so that settings may move between files; null if it is
 * none.
 */
function nameOf(path: string, keys: readonly string[]): string | null {
  const top = keys.findIndex((key) => ["coverageThreshold", "thresholds", "nyc", "c8", "coverage"].includes(key));
  if (top === -1) return ownFile.test(path) ? ["nyc", ...keys].join(".") : null;
  return keys.slice(top).join(".");
}

/** Reads `key: number` with its parent keys in JavaScript or JSON; computed values are not read. */
function fromScript(path: string, text: string): Threshold[] {
  const { uncommented, bare } = readCode(text, {
    lineComments: ["//"],
    blockComments: [["/*", "*/"]],
    quotes: [
      { open: '"', close: '"', escapes: true },
      { open: "'", close: "'", escapes: true },
    ],
    lineEnds: "\r\u2028\u2029",
    script: true,
  });
  const found: Threshold[] = [];
  // A brace without a key, such as a function's, adds an empty one.
  const keys: string[] = [];
  const tokens =
    /(?:(["'`]) {0,200}\1|(?<![\w$])[\w$-]{1,100})\s{0,99}:\s{0,99}(?:\{|true\b|-?[0-9][0-9_.]{0,20})|[{}]|\n/g;
  let line = 1;
  for (const match of bare.matchAll(tokens)) {
    const [token] = match;
    const own = uncommented.slice(match.index, match.index + token.length);
    const key = /^(?:["'`](.*?)["'`]|([\w$-]+))/.exec(own);
    const name = key?.[1] ?? key?.[2] ?? "";
    if (token === "}") keys.pop();
    else if (token.endsWith("{")) keys.push(name);
    else if (token !== "\n") {
      const full = measure.test(name)
        ? nameOf(
            path,
            [...keys.slice(-maxDepth), name].filter((one) => one !== ""),
          )
        : null;
      const digits = /(-?[0-9][0-9_.]*)$/.exec(token)?.[1]?.replaceAll("_", "");
      const value = token.endsWith("true") ? 1 : Number(digits);
      if (full !== null && !Number.isNaN(value)) found.push({ name: full, value, line });
    }
    line += token.split("\n").length - 1;
  }
  return found;
}

const setting = new RegExp(
  `^["']?(fail_under|fail-under|target|threshold|minimum_coverage|check-coverage|${measures})["']?[ \\t]{0,9}[:= ][ \\t]{0,9}["']?(-?[0-9][0-9.]{0,9}|true)`,
);

/** Reads `key: number` and `key = number` line by line, with the parent keys by indentation, or the section. */
function fromSettings(path: string, text: string): Threshold[] {
  const above: { indent: number; key: string }[] = [];
  let section = "";
  return text.split("\n").flatMap((whole, index): Threshold[] => {
    const comment = whole.search(/(?:^|\s)#/);
    const line = whole.slice(0, comment === -1 ? 500 : Math.min(comment, 500));
    const indent = indentOf(line);
    if (indent === null) return [];
    const plain = line.trim();
    section = /^\[([^\]]{1,200})\]/.exec(plain)?.[1] ?? section;
    while ((above.at(-1)?.indent ?? -1) >= indent) above.pop();
    const key = /^["']?([\w.-]{1,100})["']?:/.exec(plain)?.[1];
    if (key !== undefined && above.length < maxDepth) above.push({ indent, key });
    const [, name, value] = setting.exec(plain) ?? [];
    if (name === undefined || !isSetting(path, name)) return [];
    const keys = key === undefined ? [section, name] : above.map((one) => one.key);
    return [
      {
        name: keys.filter((one) => one !== "").join("."),
        value: Number(value === "true" ? 1 : value),
        line: index + 1,
      },
    ];
  });
}

function isSetting(path: string, name: string): boolean {
  if (name === "target" || name === "threshold") return /codecov/i.test(path);
  return /^(?:fail|minimum)/.test(name) || ownFile.test(path);
}

const flags = new RegExp(
  `--((?:cov-)?fail-under|coverage-threshold|(?:coverageThreshold[.\\w]{0,60}))[= ]([0-9][0-9.]{0,9})|\\bc8\\b.{0,200}?--(${measures})[= ]([0-9]{1,3})`,
  "g",
);

/**
 * Reads the flags of commands, such as `--cov-fail-under=80`. The same flag on several lines is numbered in order.
 * Twice on one line it keeps its name: the command takes one of the two.
 */
function fromFlags(text: string): Threshold[] {
  const seen = new Map<string, number>();
  return text.split("\n").flatMap((line, index) => {
    const earlier = new Map(seen);
    return [
      ...line
        .replace(/^\s*(?:#|\/\/).*$/, "")
        .slice(0, 2_000)
        .matchAll(flags),
    ].map((match) => {
      const flag = `--${match[1] ?? match[3]}`;
      const count = (earlier.get(flag) ?? 0) + 1;
      seen.set(flag, count);
      const name = count === 1 ? flag : `${flag} (${count})`;
      return { name, value: Number(match[2] ?? match[4]), line: index + 1 };
    });
  });
}

/** The coverage thresholds that one file sets, read by pattern, line by line or brace by brace: nothing is run. */
export function thresholdsIn(path: string, text: string): Threshold[] {
  const script = scripts.matches(path) !== null;
  return [...(script ? fromScript(path, text) : fromSettings(path, text)), ...fromFlags(text)];
}

/** Codecov's `threshold` is the allowed drop in coverage: there, a larger value is weaker. */
const isRising = (name: string) => /(?:^|\.)threshold$/.test(name);

/** The thresholds by name, the strictest first. */
function byName(thresholds: readonly Threshold[]): Map<string, Threshold[]> {
  const named = new Map<string, Threshold[]>();
  const strictestFirst = thresholds.toSorted((one, other) =>
    isRising(one.name) ? one.value - other.value : other.value - one.value,
  );
  for (const one of strictestFirst) {
    const others = named.get(one.name);
    if (others === undefined) named.set(one.name, [one]);
    else others.push(one);
  }
  return named;
}

/**
 * The thresholds of a file that are weaker than before or gone. `elsewhere` holds those of the other changed files: a
 * threshold that moved there unchanged is not gone. A threshold that is set again to a weaker value counts as weaker,
 * because a reader may take the last of several settings.
 */
export function lowered(before: Threshold[], after: Threshold[], elsewhere: Threshold[]): Lowered[] {
  const [old, now, others] = [byName(before), byName(after), byName(elsewhere)];
  const names = new Set([...before, ...after.filter(({ name }) => isRising(name))].map(({ name }) => name));
  return [...names].flatMap((name): Lowered[] => {
    const was = old.get(name) ?? [];
    const own = now.get(name) ?? [];
    const is = [...own, ...(others.get(name) ?? []).slice(0, Math.max(0, was.length - own.length))];
    return Array.from({ length: Math.max(was.length, is.length) }).flatMap((_, index): Lowered[] => {
      const one = was[index];
      const from = (one ?? was.at(-1))?.value ?? 0;
      const current = is[index];
      if (current === undefined) return isRising(name) ? [] : [{ name, from, to: null, line: one?.line ?? 1 }];
      const falls = isRising(name) ? current.value > from : current.value < from;
      return falls ? [{ name, from, to: current.value, line: current.line }] : [];
    });
  });
}
