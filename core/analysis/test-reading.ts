import { type Brackets, endOfBraces, endOfCall, endOfIndent, indentOf, pairBrackets } from "./code-blocks.ts";
import { type CodeText, readCode } from "./code-text.ts";
import { type TestLanguage, testLanguage } from "./test-languages.ts";

/** A line (1-based) that skips or focuses tests, and a key that identifies it: its text and the case it belongs to. */
export type Mark = { line: number; text: string; key: string };

/** The tests in one text. Anyone who can push a branch wrote it: it is counted, never run. */
export type TestReading = {
  /** The title or name of every case, run or not, in order. */
  cases: string[];
  /** How many cases are neither skipped nor empty. */
  executed: number;
  assertions: number;
  skipped: Mark[];
  focused: Mark[];
  /** The code without comments and spacing, to see whether two texts differ in more. */
  code: string;
};

type Case = { from: number; to: number; key: string };
type Region = { from: number; to: number };

const isAnnotation = (text: string, at: number) => /[@#[]/.test(text[at] ?? "");
const squeeze = (text: string) => text.replace(/\s+/g, " ").trim();

/**
 * How far back the start of a line is searched: a hostile line of megabytes is not searched again for every match on
 * it.
 */
const maxLineLength = 200;

function lineFrom(text: string, at: number): number {
  const from = Math.max(0, at - maxLineLength);
  return from + text.slice(from, at).lastIndexOf("\n") + 1;
}

function lineOf(text: string, at: number): string {
  const rest = text.slice(at, at + 300);
  const end = rest.indexOf("\n");
  return `${text.slice(lineFrom(text, at), at)}${end === -1 ? rest : rest.slice(0, end)}`.trim();
}

/** A key for a case: its title, the code after its annotation, or its line. */
function keyOf({ uncommented }: CodeText, from: number, to: number): string {
  if (isAnnotation(uncommented, from)) {
    const ahead = uncommented.slice(to, to + 300);
    return squeeze(ahead.slice(0, ahead.search(/[{;]|$/)));
  }
  const title = /^\s{0,40}(["'`])([^"'`\n]{1,250})/.exec(uncommented.slice(to, to + 300))?.[2];
  return title ?? lineOf(uncommented, from);
}

function casesIn(code: CodeText, language: TestLanguage): Case[] {
  return [...code.bare.matchAll(language.cases)].map((match) => {
    const to = match.index + match[0].length;
    return { from: match.index, to, key: keyOf(code, match.index, to) };
  });
}

/** Whether a case has no body, as in `it("adds", () => {})` or a function that only passes. */
function isEmpty(bare: string, one: Case, language: TestLanguage, brackets: Brackets): boolean {
  if (language.blocks === "()") {
    const end = endOfCall(bare, one.to - 1, brackets);
    return /\{\s{0,40}\}\s{0,9}\)$/.test(bare.slice(Math.max(one.to, end - 60), end));
  }
  if (language.blocks === "{}") {
    const ahead = bare.slice(one.to, one.to + 2_000);
    return /^[^{;]{0,1000}\{\s{0,900}\}/.test(ahead);
  }
  const [head = "", ...body] = bare.slice(one.to, one.to + 600).split("\n", 6);
  const own = indentOf(bare.slice(lineFrom(bare, one.from), one.to)) ?? 0;
  if (!/(?::|\bdo)\s{0,9}$/.test(head)) return false;
  const within = body.findIndex((line) => (indentOf(line) ?? own + 1) <= own);
  const lines = within === -1 ? body : body.slice(0, within);
  return lines.every((line) => /^(?:pass|\.\.\.|return|["']*)$/.test(line.trim().replaceAll(" ", "")));
}

/** The start of the annotations directly before a mark: they may come in any order and belong to the same case. */
function withAnnotationsBefore(bare: string, at: number, min: number): number {
  let from = lineFrom(bare, at);
  while (from > min) {
    const before = lineFrom(bare, from - 1);
    if (before < min || !isAnnotation(bare.slice(before, from).trimStart(), 0)) break;
    from = before;
  }
  return Math.max(min, from);
}

/** The skipped regions, in order and without overlaps. A mark inside an earlier region is ignored. */
function skippedRegions(bare: string, cases: Case[], language: TestLanguage, brackets: Brackets): Region[] {
  const inside = new Set<number>();
  const offsets = [...bare.matchAll(language.skips)].map(({ index }) => index);
  if (language.skipsInside !== undefined) {
    for (const { index } of bare.matchAll(language.skipsInside)) inside.add(index);
  }
  const regions: Region[] = [];
  let next = 0;
  for (const at of [...offsets, ...inside].sort((one, other) => one - other)) {
    const last = regions.at(-1)?.to ?? 0;
    while (next < cases.length && (cases[next]?.from ?? 0) <= at) next += 1;
    if (at < last) continue;
    if (inside.has(at)) {
      const holder = cases[next - 1];
      // Only a skip in the case's head or first statement counts: a later one depends on a condition.
      const between = holder === undefined || at - holder.to > 1_000 ? ";" : bare.slice(holder.to, at).trim();
      if (holder !== undefined && !/;|\n[^\n]*\n/.test(between)) regions.push({ from: holder.from, to: at });
    } else if (language.blocks === "indent") {
      regions.push({ from: Math.max(last, lineFrom(bare, at)), to: endOfIndent(bare, at) });
    } else {
      const from = isAnnotation(bare, at) ? withAnnotationsBefore(bare, at, last) : at;
      const end = language.blocks === "()" ? endOfCall : endOfBraces;
      regions.push({ from, to: Math.max(at + 1, end(bare, at, brackets)) });
    }
  }
  return regions;
}

function executedOf(bare: string, cases: Case[], regions: Region[], empty: (one: Case) => boolean): number {
  let index = 0;
  return cases.filter((one) => {
    while ((regions[index]?.to ?? Number.POSITIVE_INFINITY) <= one.from) index += 1;
    return (regions[index]?.from ?? bare.length) > one.from && !empty(one);
  }).length;
}

/** The first line after an annotation that is not an annotation itself. */
function annotated(uncommented: string, at: number): string {
  const [, ...lines] = uncommented.slice(at, at + 1_000).split("\n");
  return lines.map((line) => line.trim()).find((line) => line !== "" && !isAnnotation(line, 0)) ?? "";
}

/**
 * The lines where one of the expressions matches, each once; the key of a mark includes its case, if it belongs to one.
 */
function marksIn(code: CodeText, text: string, cases: Case[], off: RegExp | undefined, inside?: RegExp): Mark[] {
  const { bare, uncommented } = code;
  const matches = [off, inside].flatMap((one) =>
    one === undefined
      ? []
      : [...bare.matchAll(one)].map(({ index }) => ({
          at: index + bare.slice(index, index + 300).search(/\S|$/),
          inside: one === inside,
        })),
  );
  const marks = new Map<number, Mark>();
  const endAfter = (from: number) => (text.indexOf("\n", from) + 1 || text.length + 1) - 1;
  let [line, end, next] = [1, endAfter(0), 0];
  for (const { at, inside } of matches.sort((one, other) => one.at - other.at)) {
    for (; end < at; line += 1) end = endAfter(end + 1);
    while (next < cases.length && (cases[next]?.from ?? 0) <= at) next += 1;
    if (marks.has(line)) continue;
    const own = lineOf(text, at);
    const of = isAnnotation(bare, at) ? annotated(uncommented, at) : inside ? cases[next - 1]?.key : "";
    marks.set(line, { line, text: own, key: `${own}\n${of}` });
  }
  return [...marks.values()];
}

function fileMark(text: string, language: TestLanguage): Mark[] {
  const match = language.skipsFile?.exec(text);
  if (match === null || match === undefined) return [];
  const line = text.slice(0, match.index).split("\n").length;
  return [{ line, text: match[0], key: match[0] }];
}

/** The longest text that is read, in characters: longer ones are most likely data, and judging stays cheap. */
export const maxTestLength = 1_000_000;

/**
 * Counts the tests in one text by the syntax of its language; null if the file is no program. Nothing is run: checks on
 * the commit show what a case proves and whether it ran.
 */
export function readTests(path: string, text: string): TestReading | null {
  const language = testLanguage(path);
  if (language === null) return null;
  const code = readCode(text, language.syntax);
  const { bare } = code;
  const cases = casesIn(code, language);
  const brackets = language.blocks === "indent" ? () => bare.length : pairBrackets(bare, language.blocks);
  const whole = fileMark(text, language);
  const regions = whole.length > 0 ? [{ from: 0, to: bare.length }] : skippedRegions(bare, cases, language, brackets);
  const marks = marksIn(code, text, cases, language.skips, language.skipsInside);
  return {
    cases: cases.map(({ key }) => key),
    executed: executedOf(bare, cases, regions, (one) => isEmpty(bare, one, language, brackets)),
    assertions: [...bare.matchAll(language.assertions)].length,
    skipped: [...marks, ...whole.filter(({ line }) => marks.every((mark) => mark.line !== line))],
    focused: marksIn(code, text, cases, language.focuses),
    code: squeeze(code.uncommented),
  };
}
