import type { AnswerRedaction, Redaction } from "../../schemas/step.ts";
import type { Range } from "./exact-values.ts";

/** What stands where a secret stood. */
export const redactionMark = "[secret cut]";

/** One place where something was cut: which rule found it, and its line in the text, from 1. Never what stood there. */
export type LineRedaction = { rule: string; line: number };

/** Ranges in order, those that touch each other as one; of their rules that of the range that was given first. */
export function mergeRanges(ranges: readonly Range[]): Range[] {
  const ordered = ranges
    .map((range, index) => ({ range, given: index }))
    .toSorted((one, other) => one.range.start - other.range.start);
  const merged: { range: Range; index: number }[] = [];
  for (const { range, given: index } of ordered) {
    const last = merged.at(-1);
    if (last === undefined || range.start > last.range.end) merged.push({ range: { ...range }, index });
    else {
      last.range.end = Math.max(last.range.end, range.end);
      if (index < last.index)
        Object.assign(last, { given: index, range: { ...last.range, rule: range.rule } });
    }
  }
  return merged.map(({ range }) => range);
}

/** The text with a mark in the place of each range, and what was cut. */
export function redactRanges(
  text: string,
  ranges: readonly Range[],
): { text: string; redactions: LineRedaction[] } {
  const parts: string[] = [];
  const redactions: LineRedaction[] = [];
  let [line, at] = [1, 0];
  for (const { rule, start, end } of mergeRanges(ranges)) {
    const before = text.slice(at, start);
    line += lineEnds(before);
    redactions.push({ rule, line });
    parts.push(before, redactionMark);
    line += lineEnds(text.slice(start, end));
    at = end;
  }
  return { text: parts.join("") + text.slice(at), redactions };
}

function lineEnds(text: string): number {
  return text.split("\n").length - 1;
}

/** Cuts by one rule in one place as one, with the line of the first: however much was cut, the list stays short. */
export function mergeRedactions(redactions: readonly AnswerRedaction[]): AnswerRedaction[] {
  const gathered = new Map<string, AnswerRedaction>();
  for (const cut of redactions) {
    const key = JSON.stringify([cut.where, cut.rule, cut.path ?? null]);
    const known = gathered.get(key);
    gathered.set(key, known === undefined ? cut : { ...known, count: known.count + cut.count });
  }
  return [...gathered.values()];
}

/** How often each rule cut something out of each part, as an entry tells it. */
export function redactionReport(redactions: readonly AnswerRedaction[]): Redaction[] {
  return mergeRedactions(redactions.map(({ rule, where, count }) => ({ rule, where, count })));
}
