import type { SecretForm } from "../../schemas/secret-form.ts";
import { formSearch } from "./forms.ts";
import { isMadeUp, isMadeUpAddress } from "./made-up.ts";

/**
 * A secret in a text: the rule that found it, its 1-based line, and its value, which is compared and never reported.
 */
export type Hit = { rule: string; line: number; start: number; end: number; value: string };

/** Finds the secrets in one text. Some rules apply only to files with certain names: see `nameKind`. */
export type Scan = (text: string, fileName: string) => Promise<Hit[]>;

/** The endings of file names that rules depend on. */
const namesThatCount = [".npmrc", "package.json", "package-lock.json"];

/** The part of a file's name that rules depend on: a text gives the same hits under all names of one kind. */
export function nameKind(path: string): string {
  return namesThatCount.find((ending) => path.endsWith(ending)) ?? "other";
}

type Range = Pick<Hit, "rule" | "start" | "end">;

/** Longer texts are scanned in windows of `length` characters, which overlap by more than the longest secret. */
const window = { length: 1_000_000, overlap: 25_000 };

/** A text with more finds is given up, because it was made to take up memory. */
const maxRanges = 200_000;

/**
 * Rules of the preset that are left out. `filter-comments` would let the author of a change disable the others with a
 * comment; `gcp` opens a file of the given name on this machine, and its secrets in JSON are also found as private
 * keys.
 */
const leftOut = new Set(["@secretlint/secretlint-rule-filter-comments", "@secretlint/secretlint-rule-gcp"]);

/** Rules whose findings are no tokens: a password of an example is told by itself, a key by its rule. */
const notTokens = new Set(["basicauth", "database-connection-string", "privatekey"]);

/**
 * Creates a scanner with secretlint's recommended rules, our own, and the forms that a policy adds; placeholders are
 * left out. The rules are slow to load, so they are loaded only here.
 * Source: github.com/secretlint/secretlint, packages `core` and `secretlint-rule-preset-recommend`.
 */
export async function loadScan(additions: readonly SecretForm[] = []): Promise<Scan> {
  const searchForms = formSearch(additions);
  const [{ lintSource }, { rules: preset }, { secretLintProfiler }] = await Promise.all([
    import("@secretlint/core"),
    import("@secretlint/secretlint-rule-preset-recommend"),
    import("@secretlint/profiler"),
  ]);
  // It keeps a few entries for every rule and text, for as long as the process runs.
  secretLintProfiler.setEnabled(false);
  const used = preset.filter((rule) => !leftOut.has(rule.meta.id));
  const lint = async (content: string, fileName: string): Promise<Range[]> => {
    const ranges: Range[] = [];
    // Reports are taken from the rules themselves: the library compares each of its messages with all others, which
    // takes hours on a file full of strings that look like tokens.
    const rules = used.map((rule) => ({
      id: rule.meta.id,
      rule: {
        ...rule,
        create: (context: Parameters<typeof rule.create>[0], options: Parameters<typeof rule.create>[1]) =>
          rule.create(
            {
              ...context,
              report: ({ message, range: [start, end] }) => {
                // An access key id shows that a key was pasted; an account id is not a secret.
                if (
                  message.messageId !== "AWSAccountID" &&
                  !isExample(shortName(rule.meta.id), content.slice(start, end))
                )
                  ranges.push({ rule: shortName(rule.meta.id), start, end });
              },
            },
            options,
          ),
      },
      ...(rule.meta.id.endsWith("-aws") ? { options: { enableIDScanRule: true } } : {}),
    }));
    await lintSource({
      // The library would remove a byte order mark and shift every offset by one.
      source: {
        filePath: nameKind(fileName),
        ext: "",
        content: content.replace(/^\uFEFF/, " "),
        contentType: "text",
      },
      options: { config: { rules }, noPhysicFilePath: true },
    });
    return ranges;
  };
  return async (text, fileName) => {
    const ranges: Range[] = [];
    for (const from of windowsOf(text)) {
      if (ranges.length > maxRanges) throw new RangeError("the text holds more finds than are kept");
      // An escaped line break is no part of the word behind it; two blanks leave every place as it is.
      const part = text.slice(from, from + window.length).replace(/\\[nrt]/g, "  ");
      for (const { rule, start, end } of [...(await lint(part, fileName)), ...ownRanges(part), ...searchForms(part)])
        ranges.push({ rule, start: from + start, end: from + end });
    }
    return hitsOf(text, ranges);
  };
}

function isExample(rule: string, value: string): boolean {
  return notTokens.has(rule) ? isMadeUpAddress(value) : isMadeUp(value);
}

function shortName(ruleId: string): string {
  return ruleId.replace(/^.*secretlint-rule-/, "");
}

function windowsOf(text: string): number[] {
  const starts = [0];
  const step = window.length - window.overlap;
  for (let from = step; from + window.overlap < text.length; from += step) starts.push(from);
  return starts;
}

/** A line break inside a token: concatenated strings, a continued line, a wrapped or quoted text. */
const lineBreak = String.raw`["'\x60]?[ \t]*(?:[+\\][ \t]*)?\r?\n[ \t]*(?:[+>#*|][ \t]*)?["'\x60]?`;
const breaks = new RegExp(lineBreak, "g");
// A break must be followed by a character of the token: so there is only one way to match, and no text is slow.
const tokens = new RegExp(`(gh[pousr]_|github_pat_)((?:(?:${lineBreak})?[A-Za-z0-9_.-]){36,2000})`, "g");
const keys = /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----/g;
const keyEnds = /-----END (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----/g;

/** How many characters of a private key are taken when its end is missing (`cut`), and how long a whole key may be. */
const keyLength = { cut: 800, whole: 20_000 };

/**
 * Secrets that the preset misses: GitHub's tokens that are wrapped over lines, adjacent to a word or not 36 characters
 * long, and private keys with headers, quoted line by line, or truncated.
 */
function ownRanges(text: string): Range[] {
  const ranges: Range[] = [];
  for (const { 0: all, 1: kind = "", 2: body = "", index: start } of text.matchAll(tokens)) {
    const token = body.replace(breaks, "");
    if (isToken(kind, token) && !isMadeUp(token)) ranges.push({ rule: "github", start, end: start + all.length });
  }
  const ends = Array.from(text.matchAll(keyEnds), (found) => found.index + found[0].length);
  let next = 0;
  for (const { index: start } of text.matchAll(keys)) {
    const block = text.slice(start, start + keyLength.cut);
    // In documentation the words alone are followed by no key.
    if (!/[A-Za-z0-9+/]{30}/.test(block)) continue;
    while ((ends[next] ?? text.length) < start) next += 1;
    const end = ends[next] ?? Number.POSITIVE_INFINITY;
    ranges.push({
      rule: "privatekey",
      start,
      end: end - start < keyLength.whole ? end : start + block.length,
    });
  }
  return ranges;
}

/** Source: GitHub's changelog on token formats, 2021-04-05, 2022-10-18 and 2026-04-24 (`ghs_<app id>_<JWT>`). */
function isToken(kind: string, body: string): boolean {
  if (kind === "github_pat_") return /^[A-Za-z0-9]{22}_[A-Za-z0-9]{59}/.test(body);
  if (/^[0-9]{1,20}_eyJ[\w-]+\.[\w-]+\.[\w-]{10}/.test(body)) return true;
  const start = /^[A-Za-z0-9]{36}/.exec(body)?.[0] ?? "";
  return /[0-9]/.test(start) && /[a-z]/.test(start) && /[A-Z]/.test(start);
}

/** Merges overlapping ranges into one hit, with the rule of the first range: rules overlap, and so do windows. */
function hitsOf(text: string, ranges: readonly Range[]): Hit[] {
  const hits: Hit[] = [];
  let [line, lineEnd, covered] = [1, endOfLine(text, 0), 0];
  for (const { rule, start, end } of ranges.toSorted((one, other) => one.start - other.start)) {
    const last = hits.at(-1);
    if (last !== undefined && start < covered) {
      covered = Math.max(covered, end);
      last.end = covered;
      last.value = text.slice(last.start, covered);
      continue;
    }
    for (; lineEnd < start; line += 1) lineEnd = endOfLine(text, lineEnd + 1);
    covered = end;
    hits.push({ rule, line, start, end, value: text.slice(start, end) });
  }
  return hits;
}

/** Called once per line, not per hit: the next line end may be far away. */
function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end;
}
