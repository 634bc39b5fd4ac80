import { parseEvents, YAMLException } from "js-yaml";
import { shortLine } from "../../core/escape.ts";
import { codePoint } from "../../core/file-names.ts";
import type { Place, YamlProblem, YamlReading } from "../../core/yaml.ts";
import { buildTrees } from "./tree.ts";

/** The longest text that is parsed, in UTF-16 units, and the most problems that are reported for one. */
const limits = { length: 1_000_000, problems: 100 } as const;

/** How deep nodes may be nested: the policy needs few levels, and GitHub's own tools accept 100. */
const maxDepth = { strict: 20, lenient: 100 } as const;

/** Returns a function that gives the position of any offset of a text. */
function positionsIn(text: string): (offset: number) => Place {
  const starts = [0];
  for (const { 0: end, index } of text.matchAll(/\r\n|\r|\n/g)) starts.push(index + end.length);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}

/** What to do with a bare value whose first character has a meaning in YAML. */
export function quoteIt(text: string): string {
  return `put \`"${text}"\` in quotes, because a bare value cannot begin with \`${text.charAt(0)}\``;
}

/** The bare value with a reserved first character that made the parser stop at an offset; null if there is none. */
function bareValueAt(text: string, offset: number): { text: string; start: number } | null {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  const line = text.slice(start, start + 2_000).split(/[\r\n]/, 1)[0] ?? "";
  for (const found of line.matchAll(/(?<=^\s*|[-:,[{]\s+|[[,{])(?:[@`%]|\{[^{}\s]*\}[^\s,\]}])[^\s,\]}]*/g))
    if (start + found.index <= offset && offset <= start + found.index + found[0].length)
      return { text: found[0], start: start + found.index };
  return null;
}

/** To readers of YAML 1.1 these end a line, and with it a comment; to readers of 1.2 they do not. */
const disputedLineEnds = /[\u0085\u2028\u2029]/g;

/**
 * Reads YAML into trees with the position of every key and value, and reports every problem in one line, up to the
 * point where the text is not YAML any more. Never throws, and its work is bounded for any text.
 *
 * - `strict`, for the policy: a subset that every reader understands alike. No anchors, aliases, merge keys, tags or
 *   directives, no second document, and no bare value that YAML 1.1, YAML 1.2 and JSON read differently. Refused values
 *   are still read, as most readers would, so that the rest can be checked.
 * - `lenient`, for files of other tools: aliases and merge keys are resolved, tags are left out, every key is a string.
 *   Of a duplicate key, which is reported, the last one is used. Line ends of YAML 1.1 end lines, as they do for those
 *   tools.
 */
export function readYaml(text: string, rules: "strict" | "lenient"): YamlReading {
  if (text.length > limits.length) {
    const message = `the text has ${text.length} characters; at most ${limits.length} are read`;
    return { value: null, further: [], problems: [{ message, line: 1, column: 1 }] };
  }
  const problems: YamlProblem[] = [];
  const placeOf = positionsIn(text);
  const report = (offset: number, message: string) => {
    if (problems.length < limits.problems) problems.push({ message: shortLine(message), ...placeOf(offset) });
  };
  for (const { 0: end, index } of text.matchAll(disputedLineEnds))
    report(index, `${codePoint(end)} ends a line for some readers of YAML: take it out`);
  const isStrict = rules === "strict";
  const source = isStrict ? text : text.replace(disputedLineEnds, "\n");
  let trees: YamlReading["further"] = [];
  try {
    const events = parseEvents(source, { maxDepth: maxDepth[rules] });
    if (events.length === 0) report(0, "the file is empty");
    trees = buildTrees({ text: source, events, isStrict, maxDepth: maxDepth[rules], placeOf, report });
  } catch (error) {
    const isKnown = error instanceof YAMLException;
    const reason = isKnown ? error.reason : "the parser could not read it";
    const offset = (isKnown ? error.mark?.position : undefined) ?? 0;
    const bare = bareValueAt(source, offset);
    const message = `this is not valid YAML: ${bare === null ? reason : quoteIt(bare.text)}`;
    // Not counted against `limits.problems`: this is why there is no value.
    problems.push({ message: shortLine(message), ...placeOf(bare?.start ?? offset) });
  }
  problems.sort((one, other) => one.line - other.line || one.column - other.column);
  const [value = null, ...further] = trees;
  return { value, further, problems };
}
