import { diffArrays } from "diff";

/** How much one file changed. Counts are 0 for a binary file; `bytes` is then the size of the new file. */
export type LineCount = { added: number; deleted: number; bytes: number; binary: boolean };

/** git calls a file binary when there is a NUL byte in its first 8000 bytes; we do the same. */
const sniffed = 8_000;

const lineFeed = 0x0a;

/** The longest edit that is searched for; see countLines for longer ones. */
const maxEditLength = 1_000;

/**
 * Counts the lines and bytes that a change adds and deletes, from the two contents alone (null: no such side). The
 * count is minimal, unless more than 1,000 lines that occur on both sides were moved: then every line between the first
 * and the last difference counts as replaced. That is never less than the true count, so a size limit fails closed. For
 * a Git LFS pointer `bytes` is at least the size it declares. The author of the change wrote `after`.
 */
export function countLines(before: Uint8Array | null, after: Uint8Array | null): LineCount {
  if (isBinary(before) || isBinary(after)) return { added: 0, deleted: 0, bytes: after?.length ?? 0, binary: true };
  const counted = before === null || after === null ? whole(before, after) : compare(before, after);
  return { ...counted, bytes: Math.max(counted.bytes, declaredSize(after)), binary: false };
}

/**
 * Which lines of `after` are not in `before` at their place, from 1; none of a binary file. After an edit that is longer
 * than can be searched for, all lines between the first and the last difference.
 */
export function addedRanges(before: Uint8Array | null, after: Uint8Array): { start_line: number; end_line: number }[] {
  if (isBinary(before) || isBinary(after)) return [];
  const { start, end } = equalEnds(before ?? new Uint8Array(), after);
  const first = lineCount(after.subarray(0, start));
  const [old, now] = [before ?? new Uint8Array(), after].map((one) => linesOf(one.subarray(start, one.length - end)));
  const parts = diffArrays(old ?? [], now ?? [], { maxEditLength }) ?? [
    { added: true, removed: false, count: now?.length ?? 0 },
  ];
  const ranges: { start_line: number; end_line: number }[] = [];
  let line = first;
  for (const { added, removed, count } of parts) {
    if (added && count > 0) ranges.push({ start_line: line + 1, end_line: line + count });
    if (!removed) line += count;
  }
  return ranges;
}

function isBinary(content: Uint8Array | null): boolean {
  return content?.subarray(0, sniffed).includes(0) ?? false;
}

/** Lines with their newline, one character per byte, so that a missing last newline is a difference, as in git. */
function linesOf(content: Uint8Array): string[] {
  return (
    Buffer.from(content.buffer, content.byteOffset, content.length)
      .toString("latin1")
      .match(/[^\n]*\n|[^\n]+$/g) ?? []
  );
}

/**
 * The offset of the first line that differs, and how many bytes of equal lines end the file. Compares bytes, because
 * most lines are equal.
 */
function equalEnds(before: Uint8Array, after: Uint8Array): { start: number; end: number } {
  const shorter = Math.min(before.length, after.length);
  let same = 0;
  while (same < shorter && before[same] === after[same]) same += 1;
  const isWhole = same === before.length && same === after.length;
  const start = isWhole ? same : same === 0 ? 0 : before.lastIndexOf(lineFeed, same - 1) + 1;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  const beginsLine = (content: Uint8Array) => {
    const at = content.length - end;
    return at === start || content[at - 1] === lineFeed;
  };
  if (beginsLine(before) && beginsLine(after)) return { start, end };
  const next = before.indexOf(lineFeed, before.length - end);
  return { start, end: next === -1 ? 0 : before.length - next - 1 };
}

type Counted = { added: number; deleted: number; bytes: number };

/** A file that was added or deleted needs no comparison; most files of a large change are like that. */
function whole(before: Uint8Array | null, after: Uint8Array | null): Counted {
  return { added: lineCount(after), deleted: lineCount(before), bytes: after?.length ?? 0 };
}

function lineCount(content: Uint8Array | null): number {
  if (content === null || content.length === 0) return 0;
  let count = content.at(-1) === lineFeed ? 0 : 1;
  for (let at = content.indexOf(lineFeed); at !== -1; at = content.indexOf(lineFeed, at + 1)) count += 1;
  return count;
}

function compare(before: Uint8Array, after: Uint8Array): Counted {
  const { start, end } = equalEnds(before, after);
  const oldMiddle = linesOf(before.subarray(start, before.length - end));
  const newMiddle = linesOf(after.subarray(start, after.length - end));

  // A line that the other side lacks is certainly an edit, so only lines that both have need the search.
  const oldSet = new Set(oldMiddle);
  const newSet = new Set(newMiddle);
  const oldShared = oldMiddle.filter((line) => newSet.has(line));
  const newShared = newMiddle.filter((line) => oldSet.has(line));
  const parts = diffArrays(oldShared, newShared, { maxEditLength });
  if (parts === undefined) return { added: newMiddle.length, deleted: oldMiddle.length, bytes: totalLength(newMiddle) };

  const counted = {
    added: newMiddle.length - newShared.length,
    deleted: oldMiddle.length - oldShared.length,
    bytes: totalLength(newMiddle.filter((line) => !oldSet.has(line))),
  };
  for (const part of parts) {
    if (part.removed) counted.deleted += part.count;
    if (part.added) {
      counted.added += part.count;
      counted.bytes += totalLength(part.value);
    }
  }
  return counted;
}

function totalLength(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length, 0);
}

/** The size in a Git LFS pointer (github.com/git-lfs/git-lfs, docs/spec.md), or 0 for any other content. */
function declaredSize(content: Uint8Array | null): number {
  if (content === null || content.length >= 1_024) return 0;
  const text = Buffer.from(content).toString("latin1");
  if (!text.startsWith("version https://git-lfs.github.com/spec/v1\n")) return 0;
  const size = /^size ([0-9]{1,15})$/m.exec(text)?.[1];
  return size === undefined ? 0 : Number(size);
}
