import type { TestLanguage } from "../languages/language.ts";
import { innerOf, partsOf, restAfter } from "./bracketed-text.ts";
import { endOfBraces, inside, lastUpTo } from "./code-blocks.ts";
import type { CodeText } from "./code-text.ts";
import { branches, type CodeShape, headed } from "./dead-code.ts";
import { isOfMade, isVoid } from "./void-assertions.ts";

/**
 * An assertion: where it stands, its text without spacing and quotes' kinds, and how much it compares. `isOther`: it
 * stands in the branch of a condition that proves less than the other one.
 */
export type Assertion = { at: number; text: string; weight: number; isOther?: true };

/** How much the functions that assert prove, by name: a call of one is an assertion. */
export type Helpers = ReadonlyMap<string, number>;

/** No assertion is longer; the rest of one that is does not tell it from others. */
const maxLength = 1_500;

/** The end of an assertion's calls, as in `expect(a).not.toBe(b)`: after the last. */
function endOfCalls({ bare, parens }: CodeShape, open: number): number {
  let end = parens.partner(open) + 1;
  for (let calls = 0; calls < 30; calls += 1) {
    const next = /^\s{0,200}[?!]?(?:\.|->|::)\s{0,99}\w{1,80}[?!]?(?:<[^()\n]{0,100}>)?\s{0,9}(\()?/.exec(
      bare.slice(end, end + 500),
    );
    if (next === null) break;
    end += next[0].length;
    if (next[1] !== undefined) end = parens.partner(end - 1) + 1;
  }
  return Math.min(end, bare.length);
}

/** The end of a line that may go on within brackets. */
function endOfLine(bare: string, from: number, length: number): number {
  let depth = 0;
  for (let at = from; at < Math.min(bare.length, from + length); at += 1) {
    const character = bare.charAt(at);
    if ("([{".includes(character)) depth += 1;
    else if (")]}".includes(character)) depth -= 1;
    if (depth < 0 || (character === "\n" && depth === 0 && bare[at - 1] !== "\\")) return at;
  }
  return Math.min(bare.length, from + length);
}

/**
 * How many things an assertion compares: itself, further calls on it, parts of a list or record, conditions joined; for
 * a method, each of its arguments.
 */
function weightOf(call: string, isMethod: boolean): number {
  const bare = isMethod ? call.replace("(", "[") : call;
  const open: string[] = [];
  let weight = 1;
  for (const { 0: token } of bare.matchAll(
    /[([{\])},]|&&|\band\b|\b(?:match|expected)\s{0,9}=|ExceptionObject\(|Exactly\w{0,20}\(/g,
  )) {
    if (token.startsWith("Ex")) {
      // An object stands for its kind, text and code; a list for its length and each of its parts.
      const isList = token.startsWith("Exact");
      weight += isList ? 1 : 2;
      open.push(isList ? "[" : "(");
    } else if ("([{".includes(token)) open.push(token);
    else if (")]}".includes(token)) open.pop();
    else if (token !== "," || open.at(-1) === "[" || open.at(-1) === "{") weight += 1;
  }
  return weight + Math.max(0, [...bare.matchAll(/\)\s{0,200}[?!]?(?:\.|->)\s{0,99}\w{1,80}/g)].length - 1);
}

const normal = (text: string) =>
  text
    .replace(/\s+/g, "")
    .replace(/^\w{1,6}\.(?=\w+\()/, "")
    .replace(/['`]/g, '"')
    .replace(/,(?=[)\]}])/g, "")
    .replace(/;$/, "");

/** The calls of helpers by name: with a bracket after it, or as a command. */
function helperCalls(bare: string, helpers: Helpers, language: TestLanguage): { index: number; 0: string }[] {
  if (helpers.size === 0) return [];
  const calls =
    language.blocks === "indent" || language.endings.startsWith("sh")
      ? /(?<![\w$])[\w$]{2,100}[?!]?(?:[ \t]{0,9}\(|(?=[ \t]|$))/gm
      : /(?<![\w$])[\w$]{2,100}!?\s{0,9}\(/g;
  return [...bare.matchAll(calls)].filter(({ 0: call, index }) => {
    const name = call.replace(/[\s(!?]+$/, "");
    return (
      helpers.has(name) &&
      // A method of another thing, as in `client.get()`, only bears the name, unless that says what it does.
      (/^(?:assert|expect|should|verify|check|ensure|must)[A-Z_]/.test(name) ||
        !/(?<!\b(?:self|this|cls|super|\w|[A-Z]\w{0,60}))(?:\.|->|::)$/.test(
          bare.slice(Math.max(0, index - 70), index),
        )) &&
      !/\b(?:function|def|defp|fn|fun|func|void|import|from|async|\w{1,40}!|=)[ \t]{1,9}$|macro_rules!\s$/.test(
        bare.slice(Math.max(0, index - 20), index),
      )
    );
  });
}

/** So many loops are read in one text at most. */
const maxLoops = 500;

/** How many rows the lists have that the loops around an offset go through, where they are written out. */
function rowsOfLoops({ bare, braces, indents }: CodeShape, language: TestLanguage): (at: number) => number {
  const heads = /\bfor\b[^\n;{]{0,100}?\b(?:range|of|in)\s{1,9}(?:\[\][\w.*]{0,40}\s{0,9})?[[({]/g;
  const loops = [...bare.matchAll(heads)].slice(0, maxLoops).flatMap(({ 0: head, index }) => {
    const own = bare.slice(index, index + 5_000);
    const fields = /\bstruct\s{0,9}\{$/.test(head)
      ? own.length - restAfter(own, head.length - 1).length
      : head.length - 1;
    if (!/[[({]/.test(own.charAt(fields))) return [];
    const rows = partsOf(innerOf(own, fields), /^,/).filter((part) => part !== "").length;
    const from = index + own.length - restAfter(own, fields).length;
    const to = language.blocks === "indent" ? indents.end(index) : endOfBraces(bare, from, braces);
    return rows > 1 ? [{ from, to, rows }] : [];
  });
  return (at) => loops.reduce((rows, { from, to, rows: own }) => (from <= at && at < to ? rows * own : rows), 1);
}

/** The assertions of a text that can fail, in order. Two of the same text, one directly after the other, are one. */
export function assertionsIn(code: CodeText, shape: CodeShape, language: TestLanguage, helpers: Helpers): Assertion[] {
  const { bare } = shape;
  const idle = (language.idle ?? []).map(({ text, within }) => ({ text, isIn: inside(headed(shape, within)) }));
  const rowsAround = rowsOfLoops(shape, language);
  const found: Assertion[] = [];
  let last: { to: number; text: string } = { to: -1, text: "" };
  const matches = [...bare.matchAll(language.assertions), ...helperCalls(bare, helpers, language)];
  const seen = new Set<number>();
  // Assertions that stand in each other are read so many times at most: a hostile text is one that never ends.
  let left = 6 * bare.length;
  for (const { 0: head, index } of matches.sort((one, other) => one.index - other.index)) {
    const at = index + head.search(/\S|$/);
    if (seen.has(at)) continue;
    seen.add(at);
    const opens = /[([]$/.test(head);
    const bracket = index + head.length - 1;
    // A method on what was called, as in `request(app).get("/").expect(200, done)`, is whole in itself.
    const isMethod = head.startsWith("expect") && /\)\s{0,200}\.$/.test(bare.slice(Math.max(0, at - 210), at));
    const to =
      language.blocks !== "indent" && head.endsWith("(")
        ? isMethod
          ? shape.parens.partner(bracket) + 1
          : endOfCalls(shape, bracket)
        : endOfLine(bare, opens ? bracket : index + head.length, left < 0 ? 100 : maxLength);
    const end = Math.min(to, at + (left < 0 ? 100 : maxLength));
    left -= end - at;
    const own = code.uncommented.slice(at, end);
    const text = normal(own);
    const isTwin = text === last.text && at >= last.to && /^[\s;]*$/.test(bare.slice(last.to, at));
    last = { to, text };
    const name = /[\w$]+(?=[?!]?\s*\(?$)/.exec(head)?.[0] ?? "";
    if (isTwin || idle.some(({ text: idleText, isIn }) => idleText.test(own) && isIn(at))) continue;
    if (!isMethod && (isVoid(own.trim(), !opens, language) || isOfMade(own, at, code, shape))) continue;
    const weight = Math.max(weightOf(bare.slice(at, end), isMethod), helpers.get(name) ?? 0);
    found.push({ at, text, weight: weight * rowsAround(at) });
  }
  markOthers(found, branches(shape, language));
  return found;
}

function markOthers(found: readonly Assertion[], pairs: ReturnType<typeof branches>): void {
  const offsets = found.map(({ at }) => at);
  for (const pair of pairs.toReversed()) {
    const [first = [], second = []] = pair.map(({ from, to }) =>
      found.slice(lastUpTo(offsets, from) + 1, lastUpTo(offsets, to) + 1).filter(({ isOther }) => !isOther),
    );
    for (const one of first.length < second.length ? first : second) one.isOther = true;
  }
}
