/** Returns the offset of the bracket that closes the one at an offset; the text's length if it is never closed. */
export type Brackets = (at: number) => number;

/** Pairs the brackets of one kind, in one pass, in a text whose comments and strings are blank. */
export function pairBrackets(bare: string, kind: "()" | "{}"): Brackets {
  const partners = new Map<number, number>();
  const open: number[] = [];
  const [opener, closer] = [kind.charAt(0), kind.charAt(1)];
  for (let at = 0; at < bare.length; at += 1) {
    if (bare[at] === opener) open.push(at);
    if (bare[at] !== closer) continue;
    const from = open.pop();
    if (from !== undefined) partners.set(from, at);
  }
  return (at) => partners.get(at) ?? bare.length;
}

/**
 * The end of a call that begins at or soon after an offset: after its last argument list, as in `each(rows)("title",
 * body)`.
 */
export function endOfCall(bare: string, from: number, brackets: Brackets): number {
  const ahead = bare.slice(from, from + 300).search(/[(`]/);
  if (ahead === -1) return from;
  let at = from + ahead;
  for (;;) {
    const close = bare[at] === "`" ? bare.indexOf("`", at + 1) : brackets(at);
    if (close === -1 || close >= bare.length) return bare.length;
    const gap = /^\s{0,99}(?=[(`])/.exec(bare.slice(close + 1, close + 101));
    if (gap === null) return close + 1;
    at = close + 1 + gap[0].length;
  }
}

/** The end of the block in braces that begins after an offset; a statement without one ends at its semicolon. */
export function endOfBraces(bare: string, from: number, brackets: Brackets): number {
  const ahead = bare.slice(from, from + 2_000).search(/[{;]/);
  if (ahead === -1) return from;
  return bare[from + ahead] === ";" ? from + ahead : brackets(from + ahead) + 1;
}

/** A line's indentation; null for a blank line. */
export function indentOf(line: string): number | null {
  const indent = line.search(/\S/);
  return indent === -1 ? null : indent;
}

/**
 * The end of a block by indentation: at the first line indented no deeper than its first; annotations before that are
 * part of it.
 */
export function endOfIndent(bare: string, from: number): number {
  let at = bare.lastIndexOf("\n", from - 1) + 1;
  let own: number | null = null;
  while (at < bare.length) {
    const newline = bare.indexOf("\n", at);
    const next = newline === -1 ? bare.length : newline + 1;
    const line = bare.slice(at, next);
    const indent = indentOf(line);
    if (own !== null && indent !== null && indent <= own) return at;
    if (own === null && indent !== null && !line.trimStart().startsWith("@")) own = indent;
    at = next;
  }
  return bare.length;
}
