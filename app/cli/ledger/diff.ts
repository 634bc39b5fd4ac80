import { readSegments } from "../../../core/evidence-branch.ts";
import { type EntryReading, readEntry } from "../../../core/ledger.ts";
import type { Io } from "../io.ts";
import { stop } from "./input.ts";
import { openPlace } from "./place.ts";
import { entryText } from "./report.ts";

/** How two ledgers relate; `common` entries at the beginning are the same, byte for byte. */
export type LedgerDifference = {
  relation: "same" | "a-continues" | "b-continues" | "differ";
  common: number;
  entries: { a: number; b: number };
};

/** Compares two ledgers line by line. */
export function compareLedgers(a: readonly string[], b: readonly string[]): LedgerDifference {
  let common = 0;
  while (common < a.length && common < b.length && a[common] === b[common]) common += 1;
  const entries = { a: a.length, b: b.length };
  if (common === a.length && common === b.length) return { relation: "same", common, entries };
  if (common === a.length) return { relation: "b-continues", common, entries };
  return { relation: common === b.length ? "a-continues" : "differ", common, entries };
}

/** `ledger diff`: exit 0 when one ledger is the beginning of the other or both are the same, 1 when they part. */
export async function diffLedgers(
  io: Io,
  one: string,
  other: string,
  options: { json?: boolean },
): Promise<void> {
  const a = await linesOf(io, one);
  const b = a === null ? null : await linesOf(io, other);
  if (a === null || b === null) return;
  const difference = compareLedgers(a, b);
  io.out(
    options.json === true ? `${JSON.stringify(difference, null, 2)}\n` : differenceText(difference, a, b),
  );
  io.exit(difference.relation === "differ" ? 1 : 0);
}

/** The lines of a ledger; null: it cannot be compared, and it was said why. */
async function linesOf(io: Io, name: string): Promise<string[] | null> {
  const read = await openPlace(io.cwd, name);
  const reading = read.ok ? readSegments(read.place.files) : null;
  if (reading?.ok) return reading.lines;
  stop(io, "diff", read.ok ? `${name} is broken: ${reading?.message ?? ""}` : read.why, 2);
  return null;
}

function differenceText(
  { relation, common, entries }: LedgerDifference,
  a: readonly string[],
  b: readonly string[],
): string {
  switch (relation) {
    case "same":
      return `a and b are the same: ${common} entries\n`;
    case "a-continues":
      return `a is b continued by ${entries.a - common} entries; the first ${common} are the same\n`;
    case "b-continues":
      return `b is a continued by ${entries.b - common} entries; the first ${common} are the same\n`;
    case "differ": {
      const position = common + 1;
      const [inA, inB] = [readEntry(a[common] ?? "", position), readEntry(b[common] ?? "", position)];
      return `a and b part at entry ${position}; the first ${common} are the same\n  a: ${shown(inA)}\n  b: ${shown(inB)}\n`;
    }
  }
}

function shown(read: EntryReading): string {
  return read.ok
    ? `${entryText(read.entry).trimStart()}  ${read.entry.hash}`
    : `no entry: ${read.problem.code}`;
}
