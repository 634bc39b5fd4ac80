import type { Quote, Syntax } from "../languages/language.ts";

/**
 * Two copies of one text with all offsets kept: `uncommented` without comments, `bare` without the content of strings
 * as well. A string that fills a pair of brackets, such as `test["skip"]`, is a name and is kept.
 */
export type CodeText = { uncommented: string; bare: string };

type Piece = { kind: "code" | "comment" | "string"; from: number; to: number };

const blank = (text: string) => text.replace(/[^\n]+/g, (run) => " ".repeat(run.length));

function endOfLine(text: string, from: number, others = ""): number {
  if (others === "") {
    const end = text.indexOf("\n", from);
    return end === -1 ? text.length : end;
  }
  let at = from;
  while (at < text.length && text[at] !== "\n" && !others.includes(text.charAt(at))) at += 1;
  return at;
}

/**
 * The end of a string, after its closing quote; null if it is no string. An unclosed one ends with its line or the
 * text.
 */
function endOfString(text: string, from: number, quote: Quote): number | null {
  const start = from + quote.open.length;
  const end = quote.within === undefined ? text.length : Math.min(text.length, start + quote.within);
  for (let at = start; at < end; at += 1) {
    if (quote.escapes === true && text[at] === "\\") at += 1;
    else if (text.startsWith(quote.close, at)) return at + quote.close.length;
    else if (quote.across === undefined && text[at] === "\n") return quote.within === undefined ? at : null;
  }
  return quote.within === undefined ? text.length : null;
}

/**
 * Whether a slash here can begin a regular expression: after an operator or a keyword before a value, never after a
 * value.
 */
function wantsValue(text: string, from: number): boolean {
  let at = from - 1;
  while (at >= 0 && /\s/.test(text[at] ?? "")) at -= 1;
  if (at < 0) return true;
  return (
    /[(,=:[!&|?{};+\-*%<>~^]/.test(text[at] ?? "") ||
    /\b(?:return|typeof|case|of|in|do|else)$/.test(text.slice(Math.max(0, at - 9), at + 1))
  );
}

function endOfPattern(text: string, from: number, end: number): number | null {
  let inClass = false;
  for (let at = from + 1; at < end; at += 1) {
    const character = text[at];
    if (character === "\\") at += 1;
    else if (character === "[") inClass = true;
    else if (character === "]") inClass = false;
    else if (character === "/" && !inClass) return at + 1;
  }
  return null;
}

/** The end of a template's text: at its backtick or before the code of a `${`. */
function endOfTemplate(text: string, from: number): { end: number; opens: boolean } {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === "`") return { end: at + 1, opens: false };
    else if (text[at] === "$" && text[at + 1] === "{") return { end: at + 2, opens: true };
  }
  return { end: text.length, opens: false };
}

/** Reads JavaScript's templates and regular expressions; returns their end, or null if none begins here. */
function scriptReader(text: string): (at: number) => number | null {
  // For each template with an open `${`: the number of open braces in it.
  const open: number[] = [];
  // After a slash that is not closed on its line, the rest of the line is not searched again: hostile lines stay cheap.
  let noPatternBefore = 0;
  const template = (from: number) => {
    const { end, opens } = endOfTemplate(text, from);
    if (opens) open.push(0);
    return end;
  };
  return (at) => {
    const character = text[at];
    if (character === "`") return template(at + 1);
    const depth = open.at(-1);
    if (depth !== undefined && character === "}" && depth === 0) {
      open.pop();
      return template(at + 1);
    }
    if (depth !== undefined && character === "{") open[open.length - 1] = depth + 1;
    if (depth !== undefined && character === "}") open[open.length - 1] = depth - 1;
    if (character !== "/" || at < noPatternBefore || !wantsValue(text, at)) return null;
    const lineEnd = endOfLine(text, at);
    const end = endOfPattern(text, at, lineEnd);
    if (end === null) noPatternBefore = lineEnd;
    return end;
  };
}

function tokenize(text: string, syntax: Syntax): Piece[] {
  const { lineComments, blockComments, quotes, script, lineEnds } = syntax;
  const openers = [...lineComments, ...blockComments.map(([open]) => open), ...quotes.map(({ open }) => open)];
  const starters = new Set(openers.map((opener) => opener.charAt(0)));
  if (script === true) for (const starter of "/`{}") starters.add(starter);
  const readScript = script === true ? scriptReader(text) : () => null;
  const next = (at: number): { kind: "comment" | "string"; to: number } | null => {
    if (lineComments.some((opener) => text.startsWith(opener, at)))
      return { kind: "comment", to: endOfLine(text, at, lineEnds) };
    const block = blockComments.find(([open]) => text.startsWith(open, at));
    if (block !== undefined) {
      const end = text.indexOf(block[1], at + block[0].length);
      return { kind: "comment", to: end === -1 ? text.length : end + block[1].length };
    }
    for (const quote of quotes) {
      const end = text.startsWith(quote.open, at) ? endOfString(text, at, quote) : null;
      if (end !== null) return { kind: "string", to: end };
    }
    const end = readScript(at);
    return end === null ? null : { kind: "string", to: end };
  };
  const pieces: Piece[] = [];
  let codeFrom = 0;
  let at = 0;
  while (at < text.length) {
    const piece = starters.has(text.charAt(at)) ? next(at) : null;
    if (piece === null) {
      at += 1;
      continue;
    }
    if (codeFrom < at) pieces.push({ kind: "code", from: codeFrom, to: at });
    pieces.push({ kind: piece.kind, from: at, to: piece.to });
    at = piece.to;
    codeFrom = at;
  }
  if (codeFrom < at) pieces.push({ kind: "code", from: codeFrom, to: at });
  return pieces;
}

/**
 * Keeps the quotes, so that readers see that there was a string; a template's `}` and `${` are blanked with its text.
 */
function blanked(text: string, { from, to }: Piece): string {
  const whole = text.slice(from, to);
  if (text[from - 1] === "[" && text[to] === "]" && /^["'`]\w{1,20}["'`]$/.test(whole)) return whole;
  const edge = (character: string | undefined) => (/["'`]/.test(character ?? "") ? character : blank(character ?? ""));
  return whole.length < 2 ? whole : `${edge(whole[0])}${blank(whole.slice(1, -1))}${edge(whole.at(-1))}`;
}

/**
 * Separates code from comments and strings, roughly and in linear time. Nothing is parsed; a text that is no program
 * only loses some of its lines. Anyone who can push a branch wrote it.
 */
export function readCode(text: string, syntax: Syntax): CodeText {
  const uncommented: string[] = [];
  const bare: string[] = [];
  for (const piece of tokenize(text, syntax)) {
    const own = text.slice(piece.from, piece.to);
    uncommented.push(piece.kind === "comment" ? blank(own) : own);
    bare.push(piece.kind === "code" ? own : piece.kind === "comment" ? blank(own) : blanked(text, piece));
  }
  return { uncommented: uncommented.join(""), bare: bare.join("") };
}
