import type { TestLanguage } from "../languages/language.ts";
import { endOfBraces, lastArguments, lastUpTo, type Region } from "./code-blocks.ts";
import type { CodeText } from "./code-text.ts";
import type { CodeShape } from "./dead-code.ts";

/** A case or function in a text: from its annotations to its end, where it is declared, and where its head ends. */
export type Block = Region & { name: string; start: number; head: number };

/** A case, and how many rows its table has: 1 without one, infinite if they cannot be counted. */
export type CaseBlock = Block & { rows: number };

const squeeze = (text: string) => text.replace(/\s+/g, " ").trim();

/** How far a line is searched: a hostile line of megabytes is not searched again for every match on it. */
const maxLineLength = 300;

/** The start of the line at an offset. */
export function lineFrom(text: string, at: number): number {
  const from = Math.max(0, at - maxLineLength);
  return from + text.slice(from, at).lastIndexOf("\n") + 1;
}

/** The line at an offset. */
export function lineOf(text: string, at: number): string {
  const rest = text.slice(at, at + maxLineLength).split("\n", 1)[0] ?? "";
  return `${text.slice(lineFrom(text, at), at)}${rest}`.trim();
}

/** The offset after a bracket's partner, by any kind of bracket. */
function closed(bare: string, open: number): number {
  let depth = 0;
  for (let at = open; at < Math.min(bare.length, open + 3_000); at += 1) {
    if ("([{".includes(bare.charAt(at))) depth += 1;
    else if (")]}".includes(bare.charAt(at))) depth -= 1;
    if (depth === 0) return at + 1;
  }
  return Math.min(bare.length, open + 3_000);
}

/** The annotations that stand before one declaration, up to where it begins. */
export type Annotations = (at: number) => Region | undefined;

const annotation = /@[\w.:]{1,200}\s{0,9}\(?|#?\[/y;

/** Reads the annotations of a text, which may come in any order and take several lines. */
export function annotationsIn(bare: string, language: TestLanguage): Annotations {
  const stacks: Region[] = [];
  const one = language.annotation ?? annotation;
  const after = (from: number) => {
    let at = from;
    for (;;) {
      one.lastIndex = at + bare.slice(at, at + 500).search(/\S|$/);
      const text = one.exec(bare)?.[0];
      if (text === undefined) return at + bare.slice(at, at + 500).search(/\S|$/);
      at = /[[(]$/.test(text) ? closed(bare, one.lastIndex - 1) : one.lastIndex;
    }
  };
  for (const { 0: text, index } of bare.matchAll(/(?:^|[;{}])[ \t]{0,200}(?=@|#?\[)/gm)) {
    const from = index + text.length;
    if (from < (stacks.at(-1)?.to ?? 0)) continue;
    const to = after(from);
    if (to > from) stacks.push({ from, to });
  }
  const starts = stacks.map(({ from }) => from);
  return (at) => {
    const stack = stacks[lastUpTo(starts, at)];
    return stack !== undefined && at <= stack.to ? stack : undefined;
  };
}

/** The end of the block that begins at an offset, which no annotation stands before. */
export function endOfBlock({ bare, parens, braces, indents }: CodeShape, language: TestLanguage, from: number): number {
  if (language.blocks === "indent") return indents.end(from);
  return Math.max(
    from + 1,
    language.blocks === "()" ? lastArguments(bare, from, parens).to : endOfBraces(bare, from, braces),
  );
}

/** The name of a case: its title, the name that is declared, or its line. */
function nameOf({ uncommented }: CodeText, { bare, parens }: CodeShape, from: number, head: number): string {
  const own = bare.slice(from, head);
  if (/["'`]\s{0,9}$/.test(own) || /^\s{0,99}["'`]/.test(bare.slice(head, head + 100))) {
    const at = from + own.length - (/["'`]\s{0,9}$/.exec(own)?.[0].length ?? 0);
    const title = /^\s{0,99}(["'`])((?:(?!\1)[^\n]){1,250})/.exec(uncommented.slice(at, at + 400))?.[2];
    if (title !== undefined) return title;
  }
  const line = /:\s{0,9}$/.test(own)
    ? uncommented
        .slice(head, head + 200)
        .split("\n", 1)[0]
        ?.trim()
    : "";
  if (line) return line;
  // A call without a title is known by its line.
  if (bare[head - 1] === "(" && /^(?![A-Z_]{4,}\()[\w.]{1,30}\(/.test(own)) return lineOf(uncommented, from);
  const declared = /^[^{};()]{0,300}/.exec(bare.slice(from, from + 300))?.[0] ?? "";
  const name = /(\w{1,200}|`[^`]{1,200}`)\s{0,9}$/.exec(uncommented.slice(from, from + declared.length))?.[1];
  if (name !== undefined && /\s/.test(declared.trim())) return name;
  const inBrackets = uncommented.slice(head, Math.min(head + 200, parens.partner(head - 1)));
  return /^[A-Z_]{4,}|!$/.test(declared.trim())
    ? squeeze(inBrackets.split(/[{|]/, 1)[0] ?? "")
    : lineOf(uncommented, from);
}

/** The entries of a list in code, or infinity if what stands there is no list. */
function entriesOf(bare: string, open: number, argument: number, to: number, budget: { left: number }): number {
  let [depth, index, entries] = [0, 0, 0];
  let isEntry = false;
  for (let at = open; at < to; at += 1) {
    const character = bare.charAt(at);
    budget.left -= 1;
    if (budget.left < 0) return Number.POSITIVE_INFINITY;
    if (character === "," && depth === 1) index += 1;
    else if (depth === 1 && index === argument && /\S/.test(character) && !"[({".includes(character))
      return Number.POSITIVE_INFINITY;
    else if (character === "," && depth === 2) isEntry = false;
    else if (depth === 2 && index === argument && /[^\s\])}]/.test(character) && !isEntry) {
      isEntry = true;
      entries += 1;
    }
    if ("([{".includes(character)) depth += 1;
    else if (")]}".includes(character)) depth -= 1;
    if (depth === 0 || (depth === 1 && index === argument && entries > 0)) break;
  }
  return entries;
}

/** How often the case in a region runs: by the rows of its tables, or because it stands in a loop. */
function rowsOf(
  shape: CodeShape,
  language: TestLanguage,
  from: number,
  head: number,
  budget: { left: number },
): number {
  const { bare } = shape;
  const own = bare.slice(from, Math.min(head, from + 50_000));
  let rows = language.rows === undefined ? 1 : Math.max(1, [...own.matchAll(language.rows)].length);
  if (language.table !== undefined && own.length > "it.for(".length) {
    for (const { 0: call, index } of own.matchAll(language.table.call)) {
      const open = from + index + call.length - 1;
      rows *= entriesOf(bare, open, language.table.argument, shape.parens.partner(open), budget) || 1;
    }
  }
  if (language.blocks === "()" && own.includes("`")) rows *= Math.max(1, own.split("\n").length - 2);
  const before = bare.slice(Math.max(0, from - 300), from);
  return /[{:|]\s*$/.test(bare.slice(Math.max(0, from - 60), from)) && loops.test(before)
    ? Number.POSITIVE_INFINITY
    : rows;
}

const loops = /(?:\b(?:for|foreach)\b[^\n;]{0,200}|\.(?:forEach|each|map)\b[^\n;]{0,200})(?:\{|:|\|)\s{0,99}$/;

/** The cases in a text, in order; annotations before the same declaration are one case. */
export function casesIn(
  code: CodeText,
  shape: CodeShape,
  language: TestLanguage,
  annotations: Annotations,
): CaseBlock[] {
  const { bare } = shape;
  const found: CaseBlock[] = [];
  // So many characters of tables are read at most: a hostile text is one table that never ends.
  const budget = { left: 2 * bare.length };
  for (const { 0: text, index } of bare.matchAll(language.cases)) {
    const at = index + text.search(/\S/);
    const stack = language.blocks === "()" ? undefined : annotations(at);
    const start = stack?.to ?? at;
    if (stack !== undefined && start === found.at(-1)?.start) continue;
    const to = endOfBlock(shape, language, start);
    const end = Math.max(start, index + text.length);
    const head = language.blocks === "()" ? lastArguments(bare, end - 1, shape.parens).from + 1 : end;
    const name = nameOf(code, shape, start, head);
    const from = stack?.from ?? at;
    found.push({ name, from, start, head, to, rows: rowsOf(shape, language, from, head, budget) });
  }
  return found;
}

/** The functions in a text, with the block of each. */
export function functionsIn(shape: CodeShape, language: TestLanguage): Block[] {
  const { bare } = shape;
  return [...bare.matchAll(language.functions ?? /(?!)/g)].map((match) => {
    const from = match.index + match[0].search(/\S/);
    const head = match[0].endsWith("{") ? match.index + match[0].length - 1 : match.index + match[0].length;
    const to = language.blocks === "indent" ? shape.indents.end(from) : bodyEnd(shape, head);
    return { name: match.slice(1).find((one) => one !== undefined) ?? "", from, start: from, head, to };
  });
}

/** The end of a function's body: after its braces, or of the expression after its arrow. */
function bodyEnd({ bare, parens, braces }: CodeShape, head: number): number {
  if (/=>$/.test(bare.slice(head - 2, head)) && !/^\s{0,99}\{/.test(bare.slice(head, head + 100))) {
    const call = bare.slice(head, head + 300).search(/[(;\n]/);
    return call === -1 || bare[head + call] !== "(" ? head + Math.max(0, call) : parens.partner(head + call) + 1;
  }
  return endOfBraces(bare, bare[head - 1] === "(" ? parens.partner(head - 1) : head, braces);
}
