/** A position in a text: line and column, both from 1; columns count UTF-16 units, as editors do. */
export type Place = { line: number; column: number };

/** How a scalar is written: bare, in either kind of quotes, under `|`, or under `>`. */
export type ScalarStyle = "plain" | "quoted" | "literal" | "folded";

/** One value that is neither a list nor a mapping. */
export type Scalar = {
  kind: "scalar";
  /** Where the value begins; under `|` and `>`, the first line of its text. */
  at: Place;
  /** The value in YAML 1.2. A quoted or block scalar is always a string. */
  value: string | number | boolean | null;
  /** The string before it is interpreted as a number or the like, such as `yes` or `0755`; empty for no value. */
  text: string;
  style: ScalarStyle;
  /** The line on which `text` begins. */
  textLine: number;
};

/** A list, as `- item` or `[item]`. */
export type List = { kind: "list"; at: Place; items: Located[] };

/** A key's position and its value. An entry merged by `<<` has the position where it is written. */
export type Entry = { at: Place; value: Located };

/** A mapping. Every key is a string as written: `on` is "on" and `1` is "1". */
export type Mapping = { kind: "map"; at: Place; entries: Map<string, Entry> };

/**
 * A parsed value with the position of every key, item and value. An alias is the same node that it names, so a node can
 * occur more than once, but never inside itself; the reader bounds how many nodes a walk visits.
 */
export type Located = Scalar | List | Mapping;

/** A problem in a text: what is wrong, where, and what to do, on one line. */
export type YamlProblem = { message: string } & Place;

/** A policy's problems in text order, at most a hundred, each on one line. */
export type PolicyProblems = readonly [YamlProblem, ...YamlProblem[]];

/**
 * A parsed text. `value` is null when it cannot be parsed at all: it is empty, is not YAML, or exceeds the reader's
 * bounds; `problems` then says why. A value with problems is what most readers make of the text: trust it only if
 * `problems` is empty. Anyone who can write the file chose all of it.
 */
export type YamlReading = {
  value: Located | null;
  /** The documents after the first, which most tools do not read. */
  further: Located[];
  /** In the order of the text. */
  problems: YamlProblem[];
};

/** The entry of a mapping under a key; undefined when the node is not a mapping or lacks the key. */
export function mapEntry(node: Located | null | undefined, key: string): Entry | undefined {
  return node?.kind === "map" ? node.entries.get(key) : undefined;
}

/** The node at a path of keys, as in `nodeAt(root, "on", "push", "branches")`; undefined when there is none. */
export function nodeAt(node: Located | null | undefined, ...keys: readonly string[]): Located | undefined {
  let found = node ?? undefined;
  for (const key of keys) found = mapEntry(found, key)?.value;
  return found;
}

/** The keys of a mapping in text order; empty for any other node. */
export function keysOf(node: Located | null | undefined): string[] {
  return node?.kind === "map" ? [...node.entries.keys()] : [];
}

/** A list's items; a lone value counts as a list of one, as most tools read it, and no value as none. */
export function itemsOf(node: Located | null | undefined): Located[] {
  if (node === null || node === undefined) return [];
  if (node.kind === "list") return node.items;
  return node.kind === "scalar" && node.value === null ? [] : [node];
}

/** A scalar's text, also where YAML reads it as a number; undefined for no value, a list or a mapping. */
export function stringOf(node: Located | null | undefined): string | undefined {
  return node?.kind === "scalar" && node.value !== null ? node.text : undefined;
}

/** The file's line at an offset of a scalar's text: exact under `|`, else the line where the text begins. */
export function lineAt({ text, style, textLine }: Scalar, offset: number): number {
  return style === "literal" ? textLine + text.slice(0, offset).split("\n").length - 1 : textLine;
}

/** The plain value, without positions; mappings become objects without a prototype. */
export function bareValue(node: Located): unknown {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map(bareValue);
  const bare: Record<string, unknown> = Object.create(null);
  for (const [name, entry] of node.entries) bare[name] = bareValue(entry.value);
  return bare;
}

/** The most problems of one text that are shown. */
const maxShown = 10;

/** The problems to show, and a text that counts the others; null if there are none. */
export function firstProblems(problems: readonly YamlProblem[]): { shown: YamlProblem[]; more: string | null } {
  const left = problems.length - maxShown;
  return { shown: problems.slice(0, maxShown), more: left > 0 ? `… and ${left} more` : null };
}
