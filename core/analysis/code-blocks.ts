/** A part of a text: from an offset up to, not including, another. */
export type Region = { from: number; to: number };

/** The brackets of one kind in a text. */
export type Brackets = {
  /** The offset of the bracket that belongs to the one at an offset; the text's length if there is none. */
  partner(at: number): number;
  /** The innermost pair around an offset; the whole text if there is none. */
  around(at: number): Region;
};

/** The index of the last value that is not above `at` in a sorted list; -1 if there is none. */
export function lastUpTo(sorted: readonly number[], at: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Pairs the brackets of one kind, in one pass, in a text whose comments and strings are blank. */
export function pairBrackets(bare: string, kind: "()" | "{}"): Brackets {
  const partners = new Map<number, number>();
  const open: number[] = [];
  const seen: number[] = [];
  const innermost: number[] = [];
  for (const { 0: bracket, index } of bare.matchAll(kind === "()" ? /[()]/g : /[{}]/g)) {
    if (bracket === kind[0]) open.push(index);
    else {
      const from = open.pop();
      if (from !== undefined) partners.set(from, index).set(index, from);
    }
    seen.push(index);
    innermost.push(open.at(-1) ?? -1);
  }
  const partner = (at: number) => partners.get(at) ?? bare.length;
  return {
    partner,
    around(at) {
      const from = innermost[lastUpTo(seen, at)] ?? -1;
      return from === -1 ? { from: 0, to: bare.length } : { from, to: partner(from) };
    },
  };
}

/**
 * The offset of the last argument list of a call that begins at or soon after an offset, as in `each(rows)("title",
 * body)`, and where the call ends.
 */
export function lastArguments(bare: string, from: number, { partner }: Brackets): Region {
  const ahead = bare.slice(from, from + 300).search(/[(`]/);
  if (ahead === -1) return { from, to: from };
  let at = from + ahead;
  for (;;) {
    const close = bare[at] === "`" ? bare.indexOf("`", at + 1) : partner(at);
    if (close === -1 || close >= bare.length) return { from: at, to: bare.length };
    const gap = /^\s{0,99}(?=[(`])/.exec(bare.slice(close + 1, close + 101));
    if (gap === null) return { from: at, to: close + 1 };
    at = close + 1 + gap[0].length;
  }
}

/** The end of the block in braces that begins after an offset; a statement without one ends at its semicolon. */
export function endOfBraces(bare: string, from: number, { partner }: Brackets): number {
  const ahead = bare.slice(from, from + 2_000).search(/[{;]/);
  if (ahead === -1) return from;
  return bare[from + ahead] === ";" ? from + ahead : partner(from + ahead) + 1;
}

/** A line's indentation; null for a blank line. */
export function indentOf(line: string): number | null {
  const indent = line.search(/\S/);
  return indent === -1 ? null : indent;
}

/** The blocks of a text by indentation. A line that begins with a closing bracket goes on with an earlier one. */
export type Indents = {
  /** The end of the block that the line at an offset heads: the first line that is not deeper. */
  end(at: number): number;
  /** The end of the block in which the line at an offset stands: the first line that is less deep. */
  endAround(at: number): number;
  /** The start of the line that heads the block in which the line at an offset stands; -1 at the top. */
  head(at: number): number;
};

/** Reads a text's indentation, in one pass. */
export function readIndents(bare: string): Indents {
  const lines: { at: number; indent: number; head: number }[] = [];
  const [ends, endsAround]: number[][] = [[], []];
  const open: number[] = [];
  const wide: number[] = [];
  let at = 0;
  for (const line of bare.split("\n")) {
    const indent = /^\s*[)\]}]/.test(line) ? null : indentOf(line);
    if (indent !== null) {
      const close = (stack: number[], list: number[] | undefined, isOpen: (own: number) => boolean) => {
        for (let top = stack.at(-1); top !== undefined && !isOpen(lines[top]?.indent ?? 0); top = stack.at(-1)) {
          if (list !== undefined) list[top] = at;
          stack.pop();
        }
      };
      close(open, ends, (own) => own < indent);
      close(wide, endsAround, (own) => own <= indent);
      const head = open.at(-1);
      open.push(lines.length);
      wide.push(lines.length);
      lines.push({ at, indent, head: head === undefined ? -1 : (lines[head]?.at ?? -1) });
    }
    at += line.length + 1;
  }
  const starts = lines.map((line) => line.at);
  const index = (offset: number) => lastUpTo(starts, offset);
  return {
    end: (offset) => ends?.[index(offset)] ?? bare.length,
    endAround: (offset) => endsAround?.[index(offset)] ?? bare.length,
    head: (offset) => lines[index(offset)]?.head ?? -1,
  };
}

/** Returns whether an offset lies in one of the regions. */
export function inside(regions: readonly Region[]): (at: number) => boolean {
  const sorted: Region[] = [];
  for (const one of regions.toSorted((first, second) => first.from - second.from)) {
    const last = sorted.at(-1);
    if (last !== undefined && one.from <= last.to) last.to = Math.max(last.to, one.to);
    else sorted.push({ ...one });
  }
  const starts = sorted.map(({ from }) => from);
  return (at) => at < (sorted[lastUpTo(starts, at)]?.to ?? -1);
}

/** For each offset, in order, the innermost block around it; blocks are in order of their beginning. */
export function holders<B extends Region>(blocks: readonly B[], offsets: readonly number[]): (B | undefined)[] {
  const open: B[] = [];
  let next = 0;
  return offsets.map((at) => {
    for (let one = blocks[next]; one !== undefined && one.from <= at; one = blocks[next]) {
      open.push(one);
      next += 1;
    }
    while (open.length > 0 && (open.at(-1)?.to ?? 0) <= at) open.pop();
    return open.at(-1);
  });
}
