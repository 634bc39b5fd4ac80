import type { AnswerRedaction, Redaction } from "../../schemas/step.ts";
import type { Range } from "./exact-values.ts";

/** The text that replaces a secret. */
export const redactionMark = "[secret cut]";

/** One redaction: the rule that found the secret, and its line in the text, from 1. Never the secret. */
export type LineRedaction = { rule: string; line: number };

/** Sorts ranges and merges those that touch; a merged range takes the rule of the one that was given first. */
export function mergeRanges(ranges: readonly Range[]): Range[] {
  const ordered = ranges
    .map((range, index) => ({ range, index }))
    .toSorted((one, other) => one.range.start - other.range.start);
  const merged: { range: Range; index: number }[] = [];
  for (const { range, index } of ordered) {
    const last = merged.at(-1);
    if (last === undefined || range.start > last.range.end) merged.push({ range: { ...range }, index });
    else {
      last.range.end = Math.max(last.range.end, range.end);
      if (index < last.index) {
        last.index = index;
        last.range.rule = range.rule;
      }
    }
  }
  return merged.map(({ range }) => range);
}

/** Replaces each range of a text with a mark, and lists the redactions. */
export function redactRanges(text: string, ranges: readonly Range[]): { text: string; redactions: LineRedaction[] } {
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

/**
 * Merges redactions of the same rule and location and adds their counts, so that the list is bounded. The first one's
 * line is kept.
 */
export function mergeRedactions(redactions: readonly AnswerRedaction[]): AnswerRedaction[] {
  const gathered = new Map<string, AnswerRedaction>();
  for (const cut of redactions) {
    const key = JSON.stringify([cut.where, cut.rule, cut.path ?? null]);
    const known = gathered.get(key);
    gathered.set(key, known === undefined ? cut : { ...known, count: known.count + cut.count });
  }
  return [...gathered.values()];
}

/** The number of redactions by rule and part, as entries record it. */
export function redactionReport(redactions: readonly AnswerRedaction[]): Redaction[] {
  return mergeRedactions(redactions.map(({ rule, where, count }) => ({ rule, where, count })));
}
