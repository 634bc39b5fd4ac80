import { type EntryBody, type EntryKind, entryBodies } from "../schemas/entries.ts";
import type { Actor } from "../schemas/ledger.ts";
import type { Entry, Subject as EntrySubject } from "./ledger.ts";

/** An entry of the ledger whose body was checked against its kind. */
export type TypedEntry = {
  [K in EntryKind]: { seq: number; hash: string; at: string; actor: Actor; kind: K; body: EntryBody<K> };
}[EntryKind];

/** An entry of one kind. */
export type EntryOf<K extends EntryKind> = Extract<TypedEntry, { kind: K }>;

/** The entries of one kind, in their order. */
export function entriesOf<K extends EntryKind>(entries: readonly TypedEntry[], kind: K): EntryOf<K>[] {
  return entries.filter((entry): entry is EntryOf<K> => entry.kind === kind);
}

/** The last entry of a kind, before a place of the chain if one is given, whose body fits. */
export function lastEntry<K extends EntryKind>(
  entries: readonly TypedEntry[],
  kind: K,
  fits: (entry: EntryOf<K>) => boolean,
  before = Number.POSITIVE_INFINITY,
): EntryOf<K> | undefined {
  return entriesOf(entries, kind).findLast((entry) => entry.seq < before && fits(entry));
}

/** An entry still to be appended: the store gives it its place, its time and its signature. */
export type Draft = {
  [K in EntryKind]: { kind: K; body: EntryBody<K>; actor: Actor; subject: EntrySubject[] };
}[EntryKind];

function isEntryKind(kind: string): kind is EntryKind {
  return Object.hasOwn(entryBodies, kind);
}

/**
 * Checks an entry's body against its kind. Null: a kind this version does not know, or a body that does not fit;
 * such an entry counts in the chain but no decision reads it.
 */
export function typedEntry(entry: Entry): TypedEntry | null {
  if (!isEntryKind(entry.kind)) return null;
  const body = entryBodies[entry.kind].safeParse(entry.body);
  if (!body.success) return null;
  const { seq, hash, at, actor, kind } = entry;
  // The parse above ties body to kind; TypeScript cannot follow a lookup by a union key.
  return { seq, hash, at, actor, kind, body: body.data } as TypedEntry;
}
