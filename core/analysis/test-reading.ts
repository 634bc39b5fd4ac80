import type { TestLanguage } from "../languages/language.ts";
import { testLanguage } from "../languages/test-languages.ts";
import { type Assertion, assertionsIn, type Helpers } from "./assertions.ts";
import { holders, inside, lastUpTo, pairBrackets, type Region, readIndents } from "./code-blocks.ts";
import { type CodeText, readCode } from "./code-text.ts";
import { type CodeShape, deadRegions } from "./dead-code.ts";
import { type Annotations, annotationsIn, type Block, casesIn, functionsIn, lineOf } from "./test-cases.ts";
import { type State, statesIn } from "./test-states.ts";

/** A line (1-based) of a text. */
export type Mark = { line: number; text: string };

/** A case: its name, its line (1-based), whether it runs, and what it proves. */
export type TestCase = {
  name: string;
  line: number;
  state: State;
  /** On how many conditions it runs, those of its file and blocks among them. */
  conditions: number;
  /** The line that switches it off, if one does. */
  off: Mark | null;
  /** How many rows its table has: 1 without one, infinite if they cannot be counted. */
  rows: number;
  /** What can fail in it. */
  assertions: Assertion[];
  /** Its code without comments and spacing, without its head. */
  body(): string;
};

/** The tests in one text. Anyone who can push a branch wrote it: it is counted, never run. */
export type TestReading = {
  cases: TestCase[];
  /** What asserts outside of cases, by the name of its function; the empty name stands for the rest of the file. */
  helpers: Map<string, TestCase>;
  focused: Mark[];
  /** The code without comments and spacing, to see whether two texts differ in more. */
  code: string;
  /** Whether it may hold tests that are written in a way that is not known here: something is called in it. */
  calls: boolean;
};

const title = /^ ?(["'`])(?:(?!\1).)*\1 ?,?/;
const squeeze = (text: string) => text.replace(/\s+/g, " ").trim();

/** Returns the line (1-based) of an offset, in a text that is read once. */
function lineCounter(text: string): (at: number) => number {
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return (at) => lastUpTo(starts, at) + 1;
}

/** Names of functions that nothing in the text speaks of again: they are never called. */
function neverCalled(bare: string, functions: readonly Block[]): Set<string> {
  const names = new Set(functions.map(({ name }) => name));
  const counts = new Map<string, number>();
  for (const [word] of bare.matchAll(/[\w$]+/g)) if (names.has(word)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return new Set([...names].filter((name) => (counts.get(name) ?? 0) < 2));
}

/** The blocks that stand in no other. */
function topmost<B extends Region>(blocks: readonly B[]): B[] {
  let end = -1;
  return blocks.filter(({ from, to }) => {
    const isTop = from >= end;
    if (isTop) end = to;
    return isTop;
  });
}

function shapeOf(bare: string): CodeShape {
  return { bare, parens: pairBrackets(bare, "()"), braces: pairBrackets(bare, "{}"), indents: readIndents(bare) };
}

function focusesIn(text: string, bare: string, { focuses }: TestLanguage, lineAt: (at: number) => number): Mark[] {
  const offsets = [...bare.matchAll(focuses ?? /(?!)/g)].map(
    ({ index }) => index + bare.slice(index, index + 300).search(/\S|$/),
  );
  const marks = offsets.map((at) => ({ line: lineAt(at), text: lineOf(text, at) }));
  return marks.filter(({ line }, index) => marks[index - 1]?.line !== line);
}

/** The longest text that is read, in characters: longer ones are most likely data, and judging stays cheap. */
export const maxTestLength = 1_000_000;

type Parsed = {
  code: CodeText;
  shape: CodeShape;
  annotations: Annotations;
  cases: ReturnType<typeof casesIn>;
  functions: Block[];
};

function parse(text: string, language: TestLanguage): Parsed {
  const code = readCode(text, language.syntax);
  const shape = shapeOf(code.bare);
  const annotations = annotationsIn(code.bare, language);
  const cases = casesIn(code, shape, language, annotations);
  const body = (head: number) =>
    language.blocks === "{}" ? head + code.bare.slice(head, head + 400).search(/\{|$/) : head;
  const isHead = inside(cases.map(({ from, head }) => ({ from, to: body(head) + 1 })));
  return {
    code,
    shape,
    annotations,
    cases,
    functions: functionsIn(shape, language).filter(({ from }) => !isHead(from)),
  };
}

/**
 * Reads the tests in one text by the syntax of its language; null if the file is no program. `helpers` are functions of
 * other files that assert. Nothing is run: checks on the commit show what a case proves and whether it ran.
 */
export function readTests(path: string, text: string, helpers: Helpers = new Map()): TestReading | null {
  const language = testLanguage(path);
  if (language === null) return null;
  const { code, shape, annotations, cases, functions } = parse(text, language);
  const { bare, uncommented } = code;
  const lineAt = lineCounter(text);
  const uncalled = neverCalled(bare, functions);
  // A function within a case is that case's own: others that call something of its name call another one.
  const isInCase = inside(cases);
  const locals = functions.filter(({ from }) => isInCase(from));
  const named = new Set(functions.filter(({ from }) => !isInCase(from)).map(({ name }) => name));
  const isDead = inside([...deadRegions(shape, language), ...localsNeverCalled(bare, locals, uncalled, annotations)]);
  const known = new Map(helpers);
  const read = () => {
    const found = assertionsIn(code, shape, language, known).filter(({ at }) => !isDead(at));
    const offsets = found.map(({ at }) => at);
    const blocks = [...cases, ...functions].sort((one, other) => one.from - other.from || other.to - one.to);
    return { found, ofBlock: holders(blocks, offsets), ofCase: holders(cases, offsets) };
  };
  const mark = (at: number): Mark => ({ line: lineAt(at), text: lineOf(text, at) });
  let { found, ofBlock, ofCase } = read();
  // A helper may call another one: twice is enough for what people write.
  for (let round = 0; round < 2 && functions.length > 0; round += 1) {
    const sums = new Map<string, number>();
    ofBlock.forEach((block, index) => {
      if (block === undefined || "rows" in block || isInCase(block.from)) return;
      sums.set(block.name, (sums.get(block.name) ?? 0) + (found[index]?.weight ?? 0));
    });
    for (const name of named) known.delete(name);
    for (const [name, weight] of sums) known.set(name, weight);
    if (sums.size === 0 && helpers.size === 0) break;
    ({ found, ofBlock, ofCase } = read());
  }
  const own = new Map<Block, Assertion[]>(cases.map((one) => [one, []]));
  const loose = new Map<string, TestCase>();
  const outermost = holders(
    topmost(cases),
    found.map(({ at }) => at),
  );
  found.forEach((assertion, index) => {
    const holder = ofCase[index];
    if (holder !== undefined) {
      own.get(holder)?.push(assertion);
      const outer = outermost[index];
      if (outer !== undefined && outer !== holder) own.get(outer)?.push(assertion);
    } else {
      const block = ofBlock[index];
      const name = block?.name ?? "";
      const state = uncalled.has(name) ? "never" : "runs";
      const body = () => (block === undefined ? "" : squeeze(uncommented.slice(block.head, block.to)));
      const one = loose.get(name) ?? {
        name,
        line: lineAt(block?.from ?? assertion.at),
        state,
        conditions: 0,
        off: null,
        rows: 1,
        assertions: [],
        body,
      };
      one.assertions.push(assertion);
      loose.set(name, one);
    }
  });
  const states = statesIn(
    text,
    shape,
    language,
    cases,
    annotations,
    functions.filter(({ from }) => !isInCase(from)),
  );
  return {
    cases: cases.map((one, index): TestCase => {
      const { state, conditions, at } = states[index] ?? { state: "runs", conditions: 0, at: null };
      const body = () => squeeze(uncommented.slice(one.head, Math.min(one.to, one.head + 20_000))).replace(title, "");
      const off = at === null ? null : mark(at);
      return {
        name: one.name,
        line: lineAt(one.start),
        state,
        conditions,
        off,
        rows: one.rows,
        assertions: own.get(one) ?? [],
        body,
      };
    }),
    helpers: loose,
    focused: focusesIn(text, bare, language, lineAt),
    code: squeeze(uncommented),
    calls: /[\w!\])]\s{0,9}[({]|\bdo\b/.test(bare),
  };
}

/**
 * Functions within a case that nothing calls: what they assert is dead. An annotation may hand a function to others, and
 * a method may be called by what takes its object.
 */
function localsNeverCalled(
  bare: string,
  locals: readonly Block[],
  uncalled: ReadonlySet<string>,
  annotations: Annotations,
): Region[] {
  const isMethod = (head: number) => /^\s{0,99}(?:self|cls)\b/.test(bare.slice(head, head + 120));
  return locals.filter(
    ({ name, from, head }) => uncalled.has(name) && annotations(from) === undefined && !isMethod(head),
  );
}

/**
 * Reads one side of a change's tests: null for a file that is not there or is no program. A function of one file that
 * asserts is a helper in the others.
 */
export function readSide(files: readonly { path: string; text: string | null }[]): (TestReading | null)[] {
  const alone = files.map(({ path, text }) => (text === null ? null : readTests(path, text)));
  const helpers = new Map(
    alone.flatMap((reading) =>
      [...(reading?.helpers ?? [])]
        .filter(([name]) => name.length > 2)
        .map(([name, { assertions }]) => [name, assertions.reduce((sum, { weight }) => sum + weight, 0)] as const),
    ),
  );
  return files.map(({ path, text }, index) => {
    const own = alone[index] ?? null;
    const isUsed = ([name]: [string, number]) => own?.helpers.has(name) !== true && text?.includes(name) === true;
    const foreign = new Map([...helpers].filter(isUsed));
    return text === null || foreign.size === 0 ? own : readTests(path, text, foreign);
  });
}
