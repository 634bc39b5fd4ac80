/**
 * A piece of a script: a sign of its grammar, or a word without its quotes. `isPlain`: the word is written without
 * quotes and may be a keyword. `inner` holds the scripts whose output it takes; expansions stand as written.
 */
export type Token = { sign: boolean; text: string; isPlain: boolean; inner: Token[][]; from: number; to: number };

/** A here-document is the word behind its sign. */
export const redirections = /^(?:\d{1,3}|&(?=>))?(?:<<<|<<-?|<>|>>|>\||[<>]&|[<>])$/;

/** Says that a text is no script, or one beyond the bounds. */
export class Unread extends Error {}

/** How deep scripts are read that stand in one another. */
export const deepest = 40;

const signs = /(?:\d{1,3}|&(?=>))?(?:<<<|<<-?|<>|>>|>\||[<>]&|[<>](?!\())|;;&|;;|;&|&&|\|\||\|&|[;&|()\n]/y;
const blanks = /(?:[ \t\r]|\\\n)+|#[^\n]*/y;
const endsWord = new Set([" ", "\t", "\r", "\n", ";", "&", "|", "<", ">", "(", ")", undefined]);

/** Reads words, quotes and here-documents in one pass, character by character. */
export function tokensOf(text: string, depth = 0): Token[] {
  let at = 0;
  const seek = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0] ?? "";
  };
  const take = (piece: string) => {
    const stands = text.startsWith(piece, at);
    if (stands) at += piece.length;
    return stands;
  };
  const behind = (mark: string, escapes = false): string => {
    const from = at;
    while (!text.startsWith(mark, at)) {
      if (at >= text.length) throw new Unread();
      if (!escapes) at = text.indexOf(mark, at) === -1 ? text.length : text.indexOf(mark, at);
      else at += text[at] === "\\" ? 2 : 1;
    }
    at += mark.length;
    return text.slice(from, at - mark.length);
  };
  const balanced = (open: string, close: string, level: number): void => {
    for (let count = 1; count > 0; ) {
      const character = text[at];
      if (character === undefined || level > deepest) throw new Unread();
      at += character === "\\" ? 2 : 1;
      if (character === "'") behind("'");
      else if (character === '"') quoted([], level + 1);
      else if (character === open) count += 1;
      else if (character === close) count -= 1;
    }
  };
  /** Passes an expansion or a substitution; of a substitution the script is kept. */
  const expansion = (inner: Token[][], level: number): void => {
    if (take("`")) inner.push(tokensOf(behind("`", true).replaceAll("\\`", "`"), level + 1));
    else if (take("${{")) behind("}}");
    else if (take("$((")) {
      balanced("(", ")", level);
      balanced("(", ")", level);
    } else if (take("$(")) inner.push(list(level + 1));
    else if (take("${")) balanced("{", "}", level);
    else if (take("$'")) behind("'", true);
    else at += 1;
  };
  /** The text up to the closing quote; the opening one is passed. */
  const quoted = (inner: Token[][], level: number): string => {
    for (let value = ""; ; ) {
      const from = at;
      if (at >= text.length || level > deepest) throw new Unread();
      if (take('"')) return value;
      if (take("\\")) {
        const next = text[at] ?? "";
        at += 1;
        if (next !== "\n") value += '"$`\\'.includes(next) ? next : `\\${next}`;
      } else {
        if ("$`".includes(text[at] ?? "")) expansion(inner, level);
        else at += 1;
        value += text.slice(from, at);
      }
    }
  };
  const word = (level: number): Token => {
    const inner: Token[][] = [];
    const from = at;
    let value = "";
    if (take("<(") || take(">(")) {
      inner.push(list(level + 1));
      value = text.slice(from, at);
    }
    for (;;) {
      const start = at;
      const character = text[at];
      // `a=(1 2)` and patterns such as `@(a|b)` are of a piece.
      if (character === "(" && at > from && "?*+@!=".includes(text[at - 1] ?? "")) {
        at += 1;
        balanced("(", ")", level);
        value += text.slice(start, at);
      } else if (endsWord.has(character)) break;
      else if (take("\\")) {
        if (text[at] !== "\n") value += text[at] ?? "";
        at += 1;
      } else if (take("'")) value += behind("'");
      else if (take('"')) value += quoted(inner, level + 1);
      else {
        if ("$`".includes(character ?? "")) expansion(inner, level);
        else at += 1;
        value += text.slice(start, at);
      }
    }
    return { sign: false, text: value, isPlain: value === text.slice(from, at), inner, from, to: at };
  };
  /** The tokens up to the bracket that closes a substitution, which is passed, or to the end. */
  const list = (level: number): Token[] => {
    if (level > deepest) throw new Unread();
    const tokens: Token[] = [];
    const pending: { at: number; tabs: boolean }[] = [];
    let [open, cases] = [0, 0];
    for (;;) {
      for (let blank = seek(blanks); blank !== ""; blank = seek(blanks)) at += blank.length;
      if (at >= text.length) {
        if (level > depth) throw new Unread();
        return tokens;
      }
      const from = at;
      const sign = seek(signs);
      if (sign === "") {
        const one = word(level);
        if (one.to === from) throw new Unread();
        tokens.push(one);
        if (one.isPlain && (one.text === "case" || one.text === "esac")) cases += one.text === "case" ? 1 : -1;
        continue;
      }
      at += sign.length;
      if (sign === "(") open += 1;
      // The bracket behind a pattern of `case` has none before it.
      else if (sign === ")" && (open > 0 || cases <= 0)) {
        if (open === 0 && level > depth) return tokens;
        open -= 1;
      }
      tokens.push({ sign: true, text: sign, isPlain: false, inner: [], from, to: at });
      if (/<<-?$/.test(sign)) pending.push({ at: tokens.length, tabs: sign.endsWith("-") });
      if (sign === "\n") for (const one of pending.splice(0)) hereDocument(tokens[one.at], one.tabs);
    }
  };
  /** Reads the here-document that a line announced; the word of its end becomes its text. */
  const hereDocument = (end: Token | undefined, tabs: boolean): void => {
    if (end === undefined || end.sign) throw new Unread();
    const from = at;
    for (;;) {
      const start = at;
      const stop = text.indexOf("\n", at);
      const line = text.slice(at, stop === -1 ? text.length : stop);
      at = stop === -1 ? text.length : stop + 1;
      if (stop !== -1 && (tabs ? line.replace(/^\t+/, "") : line) !== end.text) continue;
      end.text = text.slice(from, start);
      return;
    }
  };
  return list(depth);
}
