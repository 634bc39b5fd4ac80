import { EVENT_ID, type Event, SCALAR_STYLE } from "js-yaml";
import type { Place } from "../../core/yaml.ts";

/**
 * A text with the parser's events, the rules that apply, and functions that turn offsets into positions and report
 * problems.
 */
export type Source = {
  text: string;
  events: readonly Event[];
  isStrict: boolean;
  maxDepth: number;
  placeOf: (offset: number) => Place;
  report: (offset: number, message: string) => void;
};

/** An event that begins a node; the others begin a document, or end a node or document. */
export type NodeEvent = Exclude<Event, { type: 1 | 6 }>;

/**
 * Where a node begins for a reader: the parser's offsets are after an alias's `*` and after an opening quotation mark.
 */
export function startOf(event: NodeEvent): number {
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart - 1;
  if (event.type !== EVENT_ID.SCALAR) return event.start;
  const quoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED;
  return quoted ? event.valueStart - 1 : event.valueStart;
}

/** Whether an event begins a node. */
export function isNode(event: Event | undefined): event is NodeEvent {
  return event !== undefined && event.type !== EVENT_ID.DOCUMENT && event.type !== EVENT_ID.POP;
}
