import { indentOf } from "./code-blocks.ts";

/**
 * The parent of each line by indentation; -1 for top-level lines. A list's items belong to the key above them, and the
 * lines of an item to its first line.
 */
export function ownersOf(lines: readonly string[]): number[] {
  const above: { index: number; depth: number }[] = [];
  return lines.map((line, index) => {
    const indent = indentOf(line);
    if (indent === null) return -1;
    const depth = indent * 2 + (/^\s*-(?:\s|$)/.test(line) ? 1 : 0);
    while ((above.at(-1)?.depth ?? -1) >= depth) above.pop();
    const owner = above.at(-1)?.index ?? -1;
    above.push({ index, depth });
    return owner;
  });
}

/** The lines that occur once in each text, as index pairs in the order of both: these surely stayed. */
function anchors(before: readonly string[], after: readonly string[]): [number, number][] {
  const once = (lines: readonly string[]) => {
    const indexes = new Map<string, number>();
    lines.forEach((line, index) => {
      if (line !== "") indexes.set(line, indexes.has(line) ? -1 : index);
    });
    return indexes;
  };
  const old = once(before);
  const pairs: [number, number][] = [];
  for (const [line, index] of once(after)) {
    const was = old.get(line) ?? -1;
    if (index !== -1 && was !== -1) pairs.push([was, index]);
  }
  return longestRising(pairs);
}

/** The longest subsequence of the pairs whose first indexes rise; their second indexes rise already. */
function longestRising(pairs: [number, number][]): [number, number][] {
  const valueAt = (index: number | undefined) => pairs[index ?? -1]?.[0] ?? -1;
  const ends: number[] = [];
  const previous: number[] = [];
  pairs.forEach(([value], index) => {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (valueAt(ends[middle]) < value) low = middle + 1;
      else high = middle;
    }
    previous.push(ends[low - 1] ?? -1);
    ends[low] = index;
  });
  const kept: [number, number][] = [];
  for (let index = ends.at(-1) ?? -1; index !== -1; index = previous[index] ?? -1) {
    const pair = pairs[index];
    if (pair !== undefined) kept.push(pair);
  }
  return kept.reverse();
}

/** The old and new indexes without a partner of the same text; every old one matches one new one. */
function unmatched(
  before: readonly number[],
  after: readonly number[],
  key: (side: "before" | "after", index: number) => string | null,
) {
  const rest = new Map<string, number[]>();
  for (const index of before) {
    const text = key("before", index);
    if (text === null) continue;
    const indexes = rest.get(text);
    if (indexes === undefined) rest.set(text, [index]);
    else indexes.push(index);
  }
  const added = after.filter((index) => {
    const text = key("after", index);
    return text === null || rest.get(text)?.pop() === undefined;
  });
  return { removed: [...rest.values()].flat(), added };
}

const range = (from: number, to: number) => Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);

/**
 * The indexes (0-based) of the lines that a change adds. A line that only moves counts as added, as in any diff, unless
 * it moves with all its ancestors: `continue-on-error` on another step is new, the same step moved is not. Spacing does
 * not count. Not a longest common subsequence, because hostile files could drive up its cost.
 */
export function addedLines(before: readonly string[], after: readonly string[]): number[] {
  const [trimmedBefore, trimmedAfter] = [before, after].map((lines) => lines.map((line) => line.trim()));
  if (trimmedBefore === undefined || trimmedAfter === undefined) return [];
  const text = (side: "before" | "after", index: number) =>
    (side === "before" ? trimmedBefore : trimmedAfter)[index] || null;
  const removed: number[] = [];
  const added: number[] = [];
  let [from, start] = [0, 0];
  for (const [was, is] of [
    ...anchors(trimmedBefore, trimmedAfter),
    [trimmedBefore.length, trimmedAfter.length] as const,
  ]) {
    const rest = unmatched(range(from, was), range(start, is), text);
    for (const index of rest.removed) removed.push(index);
    for (const index of rest.added) added.push(index);
    [from, start] = [was + 1, is + 1];
  }
  const ids = new Map<string, number>();
  const moved = { before: chains(before, trimmedBefore, ids), after: chains(after, trimmedAfter, ids) };
  return unmatched(removed, added, (side, index) => moved[side][index] ?? null).added.filter(
    (index) => trimmedAfter[index] !== "",
  );
}

/** An id for each line and its ancestors; null for top-level lines and list items, whose ancestors identify nothing. */
function chains(lines: readonly string[], trimmed: readonly string[], ids: Map<string, number>): (string | null)[] {
  const own: number[] = [];
  return ownersOf(lines).map((owner, index) => {
    const key = `${own[owner] ?? -1}\n${trimmed[index]}`;
    const id = ids.get(key) ?? ids.size;
    ids.set(key, id);
    own.push(id);
    return owner === -1 || trimmed[index]?.startsWith("-") ? null : key;
  });
}
