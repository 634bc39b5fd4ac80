import type { TestLanguage } from "../languages/language.ts";
import { type Brackets, endOfBraces, type Indents, type Region } from "./code-blocks.ts";

/** A text whose comments and strings are blank, with its brackets and indentation. */
export type CodeShape = { bare: string; parens: Brackets; braces: Brackets; indents: Indents };

/** The offset of the last character before an offset that is no space; -1 if there is none within reach. */
function before(bare: string, at: number): number {
  const from = Math.max(0, at - 300);
  const last = bare.slice(from, at).trimEnd().length - 1;
  return last === -1 ? -1 : from + last;
}

const conditions =
  /(?<![\w.])(?:if|elif|else|elsif|unless|case|switch|catch|guard|for|foreach|while|when|default|rescue|except|select)\b/;

/** Whether the word at an offset begins a statement that no condition on the same statement guards. */
export function isPlainStatement({ bare, parens }: CodeShape, at: number): boolean {
  const last = before(bare, at);
  const previous = bare[last] ?? ";";
  if (/[{};]/.test(previous)) return true;
  const ownLine = bare.slice(last + 1, at).includes("\n");
  if (previous !== ")")
    return (
      ownLine && /[\w\])"'`]/.test(previous) && !/\b(?:else|do)$/.test(bare.slice(Math.max(0, last - 9), last + 1))
    );
  const open = parens.partner(last);
  return ownLine && !/\b(?:if|while|for|foreach|elseif)\s{0,9}$/.test(bare.slice(Math.max(0, open - 20), open));
}

/** Whether the block in braces around an offset runs on a condition. */
export function isGuardedByBraces({ bare, parens, braces }: CodeShape, at: number): boolean {
  const { from } = braces.around(at);
  const close = before(bare, from);
  const end = bare[close] === ")" ? Math.min(close, parens.partner(close)) : from;
  return conditions.test(
    bare
      .slice(Math.max(0, end - 300), end)
      .split("\n")
      .at(-1) ?? "",
  );
}

/** Whether a line in an indented language stands behind a condition within the case that begins at `from`. */
export function isGuardedByIndent({ bare, indents }: CodeShape, at: number, from: number): boolean {
  const own = bare.slice(bare.lastIndexOf("\n", at - 1) + 1, at + 200).split("\n", 1)[0] ?? "";
  if (/\b(?:if|unless)\b/.test(own)) return true;
  let head = indents.head(at);
  for (let depth = 0; head > from && depth < 20; depth += 1) {
    if (conditions.test(bare.slice(head, head + 200).split("\n", 1)[0] ?? "")) return true;
    head = indents.head(head);
  }
  return false;
}

/** The end of the statement at an offset: its semicolon, its block's end, or a line end where it cannot go on. */
function endOfStatement({ bare, parens, braces }: CodeShape, from: number): number {
  for (let at = from, steps = 0; at < bare.length && steps < 2_000; at += 1, steps += 1) {
    const character = bare.charAt(at);
    if (character === "(") at = parens.partner(at);
    else if (character === "{") at = braces.partner(at);
    else if (/[;)}]/.test(character)) return at;
    else if (character === "\n" && !/^\s{0,200}[.?:&|+*/=,<>]/.test(bare.slice(at, at + 201))) return at;
  }
  return bare.length;
}

/** What can follow a `return` and is reached all the same: other cases of a switch, functions that are hoisted. */
const reached = /^[ \t]{0,200}(?:case\b|default\s{0,9}:|#|\w{1,40}:\s)|\bfunction\b/m;

function afterExits(shape: CodeShape, language: TestLanguage): Region[] {
  const { bare, braces, indents } = shape;
  const { exits } = language;
  if (exits === undefined) return [];
  let dead = -1;
  return [...bare.matchAll(exits)].flatMap(({ 0: word, index }): Region[] => {
    if (index < dead) return [];
    if (language.blocks === "indent") {
      const at = index + word.search(/\S/);
      const end = bare.indexOf("\n", at);
      const own = bare.slice(at, end === -1 ? bare.length : end);
      return end === -1 || (language.endings === "rb" && /\b(?:if|unless)\b/.test(own))
        ? []
        : [{ from: end, to: indents.endAround(at) }];
    }
    if (!isPlainStatement(shape, index)) return [];
    const from = endOfStatement(shape, index + word.length);
    const { to } = braces.around(index);
    const stop = bare.slice(from, Math.min(to, from + 5_000)).search(reached);
    dead = stop === -1 ? to : from + stop;
    return [{ from, to: dead }];
  });
}

const never =
  /(?<![\w.])(?:if|elif|elsif|while)\s{0,9}\(?\s{0,9}(?:false|False|0|null|None|nil|undefined|!\s?true|!1|not\s{1,9}True)\s{0,9}(?=\)|:|\{|&&|and\b|\n|then\b)|(?<![\w.])unless\s{1,9}true\b|(?<![\w.])for\b[^\n]{0,100}?\b(?:of|in)\s{1,9}(?:\[\s{0,9}\]|\(\)|range\(0\))|\[\s{0,9}\]\.(?:forEach|each|map)\s{0,9}\(/g;

function behindFalse({ bare, parens, braces, indents }: CodeShape, language: TestLanguage): Region[] {
  return [...bare.matchAll(never)].map(({ 0: head, index }): Region => {
    if (language.blocks === "indent") return { from: index, to: indents.end(index) };
    if (/[([]/.test(head.at(-1) ?? "")) return { from: index, to: parens.partner(index + head.length - 1) };
    return { from: index, to: endOfBraces(bare, index + head.length, braces) };
  });
}

/** What a handler does that makes a failure heard after all. */
const heard = /\b(?:throw|raise|fail|assert|expect|done|reject|rethrow|exit|should)\w{0,40}/i;

/** The blocks whose failed assertions a handler takes and forgets. */
function swallowed({ bare, braces, indents }: CodeShape, language: TestLanguage): Region[] {
  const regions = [...bare.matchAll(language.swallows ?? /(?!)/g)].flatMap(({ 0: head, index }): Region[] => {
    if (language.blocks === "indent") {
      const at = index + head.search(/\S/);
      if (heard.test(bare.slice(at + head.trim().length, indents.end(at)).slice(0, 5_000))) return [];
      const line = `\n${head.slice(0, head.search(/\S/))}`;
      const above = bare.slice(Math.max(0, index - 5_000), index);
      const from = Math.max(...["try", "begin"].map((word) => above.lastIndexOf(`${line}${word}`)));
      return from === -1 ? [] : [{ from: index - above.length + from, to: index }];
    }
    const open = index + head.length - 1;
    const close = before(bare, index);
    if (bare[close] !== "}" || heard.test(bare.slice(open, Math.min(braces.partner(open), open + 5_000)))) return [];
    return [{ from: braces.partner(close), to: close }];
  });
  const suppressed =
    /\bwith\s{1,9}(?:contextlib\.)?suppress\([^()\n]{0,200}\b(?:AssertionError|Exception|BaseException)\b/g;
  if (language.blocks !== "indent") return regions;
  return [...regions, ...[...bare.matchAll(suppressed)].map(({ index }) => ({ from: index, to: indents.end(index) }))];
}

/** The regions of the blocks that have such heads, which end with a brace. */
export function headed({ bare, braces }: CodeShape, heads: RegExp): Region[] {
  return [...bare.matchAll(heads)].map(({ 0: head, index }) => {
    const open = index + head.length - 1;
    return { from: open, to: braces.partner(open) };
  });
}

/** So many conditions with two branches are read in one text at most. */
const maxBranches = 1_000;

/** The two branches of each condition that has an `else`, inner conditions last: of the two one runs. */
export function branches(shape: CodeShape, language: TestLanguage): (readonly [Region, Region])[] {
  const { bare, braces, indents } = shape;
  const isIndented = language.blocks === "indent";
  const heads = [...bare.matchAll(isIndented ? /^([ \t]{0,200})else\b:?[ \t]{0,20}$/gm : /\}\s{0,200}else\b/g)];
  return heads.slice(0, maxBranches).flatMap(({ 0: head, 1: margin = "", index }): (readonly [Region, Region])[] => {
    if (!isIndented) return [[{ from: braces.partner(index), to: index }, endOfChain(shape, index + head.length)]];
    const above = bare.slice(Math.max(0, index - 5_000), index);
    const from = above.lastIndexOf(`\n${margin}if `);
    const between = above
      .slice(from + 1 + margin.length)
      .split(`\n${margin}`)
      .slice(1);
    if (from === -1 || between.some((line) => /^(?!els?e?if\b)\S/.test(line))) return [];
    return [
      [
        { from: index - above.length + from, to: index },
        { from: index, to: indents.end(index) },
      ],
    ];
  });
}

/** The block after an `else`, and those of the conditions that follow on it. */
function endOfChain({ bare, braces }: CodeShape, from: number): Region {
  let to = from;
  for (let links = 0; links < 50; links += 1) {
    to = endOfBraces(bare, to, braces);
    const next = /^\s{0,200}else\b/.exec(bare.slice(to, to + 206));
    if (next === null) break;
    to += next[0].length;
  }
  return { from, to };
}

/** The regions between the directives of a preprocessor, and whether they are never compiled. */
export function directives(bare: string): (Region & { isNever: boolean })[] {
  const open: (Region & { isNever: boolean })[] = [];
  const regions: (Region & { isNever: boolean })[] = [];
  for (const { 0: line, 1: word = "", index } of bare.matchAll(/^[ \t]{0,40}#[ \t]{0,9}(if|end|el)\w{0,9}.{0,200}/gm)) {
    const last = word === "if" ? undefined : open.pop();
    if (last !== undefined) regions.push({ ...last, to: index });
    const isNever = /#\s{0,9}if\s{1,9}(?:0|false)\b/.test(line);
    if (word !== "end" && open.length < 1_000) open.push({ from: index, to: bare.length, isNever });
  }
  return [...regions, ...open];
}

/** The regions that are never run, or whose failures nobody hears. Anyone who can push a branch wrote the text. */
export function deadRegions(shape: CodeShape, language: TestLanguage): Region[] {
  return [...afterExits(shape, language), ...behindFalse(shape, language), ...swallowed(shape, language)];
}
