import {
  CORE_SCHEMA,
  EVENT_ID,
  type Event,
  getScalarValue,
  JSON_SCHEMA,
  NOT_RESOLVED,
  parseEvents,
  SCALAR_STYLE,
  type ScalarEvent,
  type Schema,
  YAML11_SCHEMA,
  YAMLException,
} from "js-yaml";
import { codePoint } from "../core/names.ts";

/** A place in the text, both from 1. */
export type Place = { line: number; column: number };

/** A parsed value with the place of every key and item. Objects have no prototype. */
export type Located =
  | { kind: "scalar"; at: Place; value: string | number | boolean | null }
  | { kind: "list"; at: Place; items: Located[] }
  | { kind: "map"; at: Place; entries: Map<string, { at: Place; value: Located }> };

/** What is wrong with a text, where, and what to do, in one line. */
export type YamlProblem = { message: string } & Place;

class Refusal extends Error {
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

const deepest = 20;
const refusedKeys: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** Tells the place of any offset of a text; columns count UTF-16 units, as editors do. */
function placesIn(text: string): (offset: number) => Place {
  const starts = [0, ...[...text.matchAll(/\r\n|\r|\n/g)].map((end) => end.index + end[0].length)];
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

/** Where a node begins for a reader: the parser points behind an anchor's sign and behind an opening quotation mark. */
function startOf(event: Exclude<Event, { type: 1 | 6 }>): number {
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart - 1;
  if (event.type !== EVENT_ID.SCALAR) return event.start;
  const quoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED;
  return quoted ? event.valueStart - 1 : event.valueStart;
}

/** How a schema reads a plain scalar; undefined when it reads it as a string. */
function resolved(text: string, schema: Schema): unknown {
  for (const tag of schema.tags) {
    if (tag.nodeKind !== "scalar" || !tag.implicit) continue;
    const value: unknown = tag.resolve(text, false, tag.tagName);
    if (value !== NOT_RESOLVED) return value;
  }
  return undefined;
}

/** The three rules by which readers of YAML tell numbers, truth values and the like from strings: 1.2 has two, 1.1 one. */
const readers = [JSON_SCHEMA, CORE_SCHEMA, YAML11_SCHEMA];

/** Reads a scalar; what readers would take for different values has to be quoted. */
function scalarValue(text: string, event: ScalarEvent): string | number | boolean | null {
  const value = getScalarValue(text, event);
  if (event.style !== SCALAR_STYLE.PLAIN) return value;
  if (value === "") return null;
  const [read, ...others] = readers.map((schema) => resolved(value, schema));
  if (others.some((other) => !Object.is(other, read))) {
    throw new Refusal(
      event.valueStart,
      `put "${value}" in quotes: without them, readers of YAML do not agree what it is`,
    );
  }
  if (read === null || typeof read === "number" || typeof read === "boolean") return read;
  return value;
}

function refuseMarks(event: Exclude<Event, { type: 1 | 6 }>): void {
  if (event.type === EVENT_ID.ALIAS)
    throw new Refusal(startOf(event), "aliases (`*name`) are not accepted: write the value out");
  if (event.anchorStart >= 0)
    throw new Refusal(event.anchorStart - 1, "anchors (`&name`) are not accepted: write the value out");
  if (event.tagStart >= 0)
    throw new Refusal(event.tagStart, "tags (`!name`) are not accepted: write the value without it");
}

/** Builds the one document from the parser's events; refuses what a policy has no use for. */
function build(text: string, events: readonly Event[], placeOf: (offset: number) => Place): Located {
  let next = 0;
  const take = (): Event => {
    const event = events[next];
    next += 1;
    if (event === undefined) throw new Refusal(text.length, "the text ends too early");
    return event;
  };
  const key = (): { name: string; offset: number } => {
    const event = take();
    if (event.type === EVENT_ID.DOCUMENT || event.type === EVENT_ID.POP)
      throw new Refusal(0, "a key is missing");
    refuseMarks(event);
    if (event.type !== EVENT_ID.SCALAR) throw new Refusal(startOf(event), "a key is a plain word");
    const name = getScalarValue(text, event);
    const offset = Math.max(startOf(event), 0);
    if (name === "<<" && event.style === SCALAR_STYLE.PLAIN)
      throw new Refusal(offset, "merge keys (`<<`) are not accepted: write the keys out");
    if (refusedKeys.has(name)) throw new Refusal(offset, `the key "${name}" is not accepted: rename it`);
    const isOther = readers.some((schema) => resolved(name, schema) !== undefined);
    if (event.style === SCALAR_STYLE.PLAIN && isOther) {
      throw new Refusal(
        offset,
        `put the key "${name}" in quotes: without them, readers of YAML do not agree what it is`,
      );
    }
    return { name, offset };
  };
  const value = (fallback: number): Located => {
    const event = take();
    if (event.type === EVENT_ID.DOCUMENT || event.type === EVENT_ID.POP)
      throw new Refusal(fallback, "a value is missing");
    refuseMarks(event);
    if (event.type === EVENT_ID.SCALAR) {
      const at = placeOf(event.valueStart >= 0 ? startOf(event) : fallback);
      return { kind: "scalar", at, value: scalarValue(text, event) };
    }
    if (event.type === EVENT_ID.SEQUENCE) {
      const items: Located[] = [];
      while (events[next]?.type !== EVENT_ID.POP) items.push(value(event.start));
      next += 1;
      return { kind: "list", at: placeOf(event.start), items };
    }
    const entries = new Map<string, { at: Place; value: Located }>();
    const at = placeOf(startOf(event));
    while (events[next]?.type !== EVENT_ID.POP) {
      const { name, offset } = key();
      const before = entries.get(name);
      if (before !== undefined) {
        throw new Refusal(
          offset,
          `the key "${name}" stands twice, first on line ${before.at.line}: keep one`,
        );
      }
      entries.set(name, { at: placeOf(offset), value: value(offset) });
    }
    next += 1;
    return { kind: "map", at, entries };
  };
  if (events.length === 0) throw new Refusal(0, "the file is empty");
  const first = take();
  if (first.type !== EVENT_ID.DOCUMENT) throw new Refusal(0, "the text holds no document");
  if (first.directives.length > 0)
    throw new Refusal(0, "directives (`%YAML`, `%TAG`) are not accepted: delete them");
  if (events[next]?.type === EVENT_ID.POP) throw new Refusal(0, "the file is empty");
  const root = value(0);
  next += 1;
  if (next < events.length) {
    const second = events[next + 1];
    const offset = second === undefined || !("anchorStart" in second) ? 0 : startOf(second);
    throw new Refusal(
      offset,
      "a second document begins here: keep one, without `---` or `...` in the middle",
    );
  }
  return root;
}

/** To readers of YAML 1.1 these end a line, and with it a comment; to readers of 1.2 they do not. */
function refuseLineEnds(text: string): void {
  const at = text.search(/[\u0085\u2028\u2029]/);
  if (at >= 0)
    throw new Refusal(at, `${codePoint(text.charAt(at))} ends a line for some readers of YAML: take it out`);
}

/**
 * Reads one YAML document in a subset that every reader understands alike: no anchors, aliases, merge keys, tags,
 * directives, repeated keys or values that YAML 1.1 and 1.2 read differently. Never throws. The text is of anybody who
 * may write the file.
 */
export function parseStrictYaml(
  text: string,
): { ok: true; value: Located } | { ok: false; problem: YamlProblem } {
  const placeOf = placesIn(text);
  const problem = (message: string, at: Place) => ({ ok: false, problem: { message, ...at } }) as const;
  try {
    refuseLineEnds(text);
    return { ok: true, value: build(text, parseEvents(text, { maxDepth: deepest }), placeOf) };
  } catch (error) {
    if (error instanceof Refusal) return problem(error.message, placeOf(Math.max(error.at, 0)));
    if (error instanceof YAMLException) {
      const at =
        error.mark === undefined
          ? { line: 1, column: 1 }
          : { line: error.mark.line + 1, column: error.mark.column + 1 };
      return problem(`this is not valid YAML: ${error.reason.replaceAll("\n", " ")}`, at);
    }
    return problem("this is not valid YAML: the parser could not read it", { line: 1, column: 1 });
  }
}

/** The bare value, without places. */
export function bareValue(located: Located): unknown {
  if (located.kind === "scalar") return located.value;
  if (located.kind === "list") return located.items.map(bareValue);
  const bare: Record<string, unknown> = Object.create(null);
  for (const [name, entry] of located.entries) bare[name] = bareValue(entry.value);
  return bare;
}
