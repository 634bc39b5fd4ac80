import type { TypedEntry } from "../entries.ts";
import { applyConcern, type OpenConcerns } from "../record/concerns.ts";
import { type Beliefs, believe, type LedgerSpan, noBeliefs } from "../record/unended.ts";
import { dashboardDays } from "./dashboard.ts";
import { countEntry, type DayNumbers } from "./numbers.ts";

/**
 * Where a repository stands, as its whole ledger tells it: made once and carried on entry by entry, because a ledger has
 * any length. It holds what is open and the last days, so it does not grow with the ledger.
 */
export type Standing = {
  /** Null: there is no ledger. */
  span: LedgerSpan | null;
  beliefs: Beliefs;
  /** The issues of the light tier that are not complete since they were taken; a closed one decides nothing more. */
  light: Set<number>;
  concerns: OpenConcerns;
  /** The last days, by day. */
  days: Map<string, DayNumbers>;
};

/** The name under which a standing is stored. After a change of what it holds it gets another, and is made anew. */
export const standingName = "standing/1";

/** Before the first entry. */
export const noStanding = (): Standing => ({
  span: null,
  beliefs: noBeliefs(),
  light: new Set(),
  concerns: new Map(),
  days: new Map(),
});

/** Carries a standing on by the next entry. */
export function carryOn(standing: Standing, entry: TypedEntry): void {
  const { at } = entry;
  const { days, light } = standing;
  standing.span = { first: standing.span?.first ?? at, last: at };
  believe(standing.beliefs, entry);
  applyConcern(standing.concerns, entry);
  if (entry.kind === "approval.granted" && entry.body.tier !== undefined) light.add(entry.body.story);
  if (entry.kind === "story.completed") light.delete(entry.body.story);
  countEntry(days, entry);
  const oldest = new Date(Date.parse(at) - (dashboardDays + 1) * 86_400_000).toISOString().slice(0, 10);
  for (const day of days.keys()) if (day < oldest) days.delete(day);
}

/** A standing as text. */
export function standingText(standing: Standing): string {
  return JSON.stringify(standing, (_, value: unknown) =>
    value instanceof Map ? { map: [...value] } : value instanceof Set ? { set: [...value] } : value,
  );
}

/** A standing that `standingText` wrote. */
export function readStanding(text: string): Standing {
  return JSON.parse(text, (_, value: unknown) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    if ("map" in value && Array.isArray(value.map)) return new Map(value.map);
    return "set" in value && Array.isArray(value.set) ? new Set(value.set) : value;
  });
}
