import type { Redaction } from "../schemas/step.ts";
import type { Range } from "./exact-values.ts";

/** What stands where a secret stood. */
export const cutMark = "[secret cut]";

/** One place where something was cut: which rule found it, and its line in the text, from 1. Never what stood there. */
export type Cut = { rule: string; line: number };

/** Ranges in order, those that touch each other as one; its rule is that of the first. */
export function mergeRanges(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const range of ranges.toSorted((one, other) => one.start - other.start || other.end - one.end)) {
    const last = merged.at(-1);
    if (last === undefined || range.start > last.end) merged.push({ ...range });
    else last.end = Math.max(last.end, range.end);
  }
  return merged;
}

/** The text with a mark in the place of each range, and what was cut. */
export function cutRanges(text: string, ranges: readonly Range[]): { text: string; cuts: Cut[] } {
  const parts: string[] = [];
  const cuts: Cut[] = [];
  let [line, at] = [1, 0];
  for (const { rule, start, end } of mergeRanges(ranges)) {
    const before = text.slice(at, start);
    line += lineEnds(before);
    cuts.push({ rule, line });
    parts.push(before, cutMark);
    line += lineEnds(text.slice(start, end));
    at = end;
  }
  return { text: parts.join("") + text.slice(at), cuts };
}

function lineEnds(text: string): number {
  return text.split("\n").length - 1;
}

/** How often each rule cut something out of each part, as an entry tells it. */
export function cutReport(cuts: readonly Redaction[]): Redaction[] {
  const report = new Map<string, Redaction>();
  for (const { rule, where, count } of cuts) {
    const key = JSON.stringify([where, rule]);
    const known = report.get(key);
    report.set(key, { rule, where, count: (known?.count ?? 0) + count });
  }
  return [...report.values()];
}
