import type { TestLanguage } from "../languages/language.ts";
import { holders, lastUpTo, type Region } from "./code-blocks.ts";
import { type CodeShape, directives, isGuardedByBraces, isGuardedByIndent, isPlainStatement } from "./dead-code.ts";
import { type Annotations, type Block, type CaseBlock, endOfBlock, lineFrom } from "./test-cases.ts";

/** Whether a case runs: always, on a condition, never. */
export type State = "runs" | "sometimes" | "never";

/** A region whose cases are switched off, and the offset of what does so. */
type Off = Region & { at: number; isNever: boolean };

const none = /(?!)/g;

function marked(
  shape: CodeShape,
  language: TestLanguage,
  marks: RegExp | undefined,
  annotations: Annotations,
  isNever: boolean,
): Off[] {
  const { bare } = shape;
  return [...bare.matchAll(marks ?? none)].map(({ 0: text, index }): Off => {
    const at = index + text.search(/\S/);
    const stack = annotations(at);
    const isBefore = stack !== undefined && at < stack.to;
    const start = isBefore ? stack.to : language.blocks === "indent" ? lineFrom(bare, at) : at;
    return { at, from: isBefore ? stack.from : start, to: endOfBlock(shape, language, start), isNever };
  });
}

/** Whether what stands at an offset is done without a condition within a block that begins at `from`. */
function isPlain(shape: CodeShape, language: TestLanguage, at: number, from: number): boolean {
  if (language.blocks === "indent") return !isGuardedByIndent(shape, at, from);
  const word = /(?:\b(?:throw|try|await|return)[ \t]{1,9}){0,3}[\w$>.-]{0,100}$/.exec(
    shape.bare.slice(Math.max(0, at - 150), at),
  );
  const start = at - (word?.[0].trimStart().length ?? 0);
  return isPlainStatement(shape, start) && !(shape.braces.around(at).from > from && isGuardedByBraces(shape, at));
}

/** The block around a hook: it holds for all cases there. */
function around({ bare, braces, indents }: CodeShape, language: TestLanguage, at: number): Region {
  if (language.blocks !== "indent") return braces.around(at);
  const head = indents.head(at);
  return head === -1 ? { from: 0, to: bare.length } : { from: head, to: indents.end(head) };
}

/** The offsets of calls of the functions in which a skip stands, or such a call: twice is enough for what people write. */
function callsOfSkipping(bare: string, functions: readonly Block[], skips: readonly number[]): number[] {
  if (skips.length === 0 || functions.length === 0) return [];
  const sorted = functions.toSorted((one, other) => one.from - other.from || other.to - one.to);
  const calls = [
    ...bare.matchAll(/(?<![\w$.>]|(?:func|def|fun|function|void)[ \t])(?:(?:this|self)\.)?([\w$]{3,100})[ \t]{0,9}\(/g),
  ];
  const holding = (offsets: readonly number[]) =>
    new Set(
      holders(
        sorted,
        offsets.toSorted((one, other) => one - other),
      ).map((block) => block?.name),
    );
  const callsOf = (names: ReadonlySet<string | undefined>) =>
    calls.filter(([, name]) => names.has(name)).map(({ index }) => index);
  return callsOf(holding([...skips, ...callsOf(holding(skips))]));
}

/** What the skips inside of cases and hooks switch off, and those in the functions that they call. */
function fromInside(
  shape: CodeShape,
  language: TestLanguage,
  cases: readonly CaseBlock[],
  functions: readonly Block[],
) {
  const { bare } = shape;
  const offsets = (mark: RegExp | undefined) =>
    [...bare.matchAll(mark ?? none)].map(({ 0: text, index }) => index + text.search(/\S/));
  const hooks = offsets(language.hooks).map((from) => ({ from, to: endOfBlock(shape, language, from) }));
  const off = (found: readonly number[], isPlainIn: (at: number, from: number) => boolean) => {
    const [ofCase, ofHook] = [holders(cases, found), holders(hooks, found)];
    return found.flatMap((at, index) => {
      const [holder, hook] = [ofCase[index], ofHook[index]];
      const block = holder ?? hook;
      if (block === undefined) return [];
      const region = holder ?? around(shape, language, block.from);
      return [{ from: region.from, to: region.to, at, isNever: isPlainIn(at, block.from) }];
    });
  };
  const [never, sometimes] = [offsets(language.neverInside), offsets(language.sometimesInside)];
  return [
    ...off(never, (at, from) => isPlain(shape, language, at, from)),
    ...off(sometimes, () => false),
    ...off(callsOfSkipping(bare, functions, [...never, ...sometimes]), () => false),
  ];
}

/** Whether a case has no body, as in `it("adds", () => {})` or a function that only passes. */
function isEmpty({ bare, parens }: CodeShape, { head, to }: CaseBlock, language: TestLanguage): boolean {
  const own = bare.slice(head, Math.min(to, head + 2_000));
  if (to - head > 2_000) return false;
  if (language.blocks === "()") return /\{\s{0,900}\}\s{0,9},?\s{0,9}\)$/.test(own) || !/,/.test(own);
  if (language.blocks === "{}") return /^[^{;]{0,1000}\{\s{0,900}\}$/.test(own);
  const close = bare[head - 1] === "(" ? parens.partner(head - 1) - head : 0;
  const opens = /^[^\n]*?(?::|\bdo\b)[^\S\n]*\n/.exec(own.slice(close));
  const body = own.slice(close + (opens?.[0].length ?? 0));
  return opens !== null && /^(?:\s|["']|\bpass\b|\.\.\.|\breturn\b|\bend\b|[)\]:]|->\s*None)*$/.test(body);
}

/**
 * The state of each case, on how many conditions it runs, and the offset of what switches it off. Anyone who can push a
 * branch wrote the text.
 */
export function statesIn(
  text: string,
  shape: CodeShape,
  language: TestLanguage,
  cases: readonly CaseBlock[],
  annotations: Annotations,
  functions: readonly Block[],
): { state: State; conditions: number; at: number | null }[] {
  const whole = (mark: RegExp | undefined, isNever: boolean) =>
    [...text.matchAll(mark ?? none)].flatMap(({ 0: line, index }) => {
      const off: Off = { from: 0, to: text.length, at: index + line.search(/\S/), isNever };
      // Each condition of a list counts, as in `#![cfg(all(unix, not(miri)))]`; one more alternative of `any` is none.
      const list = line.replace(/\bany\([^()]{0,500}\)/g, "any");
      return [off, ...(/\ball\(/.test(list) ? [...list.matchAll(/,(?!\s{0,99}\))/g)] : []).map(() => off)];
    });
  const offs = [
    ...whole(language.neverFile, true),
    ...whole(language.sometimesFile, false),
    ...marked(shape, language, language.never, annotations, true),
    ...marked(shape, language, language.sometimes, annotations, false),
    ...(language.directives ? directives(shape.bare).map((one) => ({ ...one, at: one.from })) : []),
    ...fromInside(shape, language, cases, functions),
  ].sort((one, other) => one.from - other.from);
  const starts = cases.map(({ start }) => start);
  const never = holders(
    offs.filter((one) => one.isNever),
    starts,
  );
  const onConditions = offs.filter((one) => !one.isNever);
  const sometimes = holders(onConditions, starts);
  const begins = onConditions.map(({ from }) => from);
  const ends = onConditions.map(({ to }) => to).sort((one, other) => one - other);
  return cases.map((one, index) => {
    const [off, onCondition] = [never[index], sometimes[index]];
    const conditions = lastUpTo(begins, one.start) - lastUpTo(ends, one.start);
    if (off !== undefined) return { state: "never", conditions, at: off.at };
    if (isEmpty(shape, one, language)) return { state: "never", conditions, at: null };
    const at = onCondition?.at ?? null;
    return { state: at === null ? "runs" : "sometimes", conditions, at };
  });
}
