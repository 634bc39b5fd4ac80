import type { EntryBody, EntryKind } from "../schemas/entries.ts";
import type { Actor, StatementSubject } from "../schemas/ledger.ts";
import type { Account } from "../schemas/text.ts";
import type { Ourselves } from "./effects.ts";

/** An entry of the ledger whose body was checked against its kind. */
export type TypedEntry = {
  [K in EntryKind]: { seq: number; hash: string; at: string; actor: Actor; kind: K; body: EntryBody<K> };
}[EntryKind];

/** An entry of one kind. */
export type EntryOf<K extends EntryKind> = Extract<TypedEntry, { kind: K }>;

/** The entries of one kind, in their order. */
export function entriesOf<K extends EntryKind>(entries: readonly TypedEntry[], kind: K): EntryOf<K>[] {
  return entries.filter((entry) => isOf(entry, kind));
}

function isOf<K extends EntryKind>(entry: TypedEntry, kind: K): entry is EntryOf<K> {
  return entry.kind === kind;
}

/** The last entry of a kind, before a place of the chain if one is given, whose body fits. */
export function lastEntry<K extends EntryKind>(
  entries: readonly TypedEntry[],
  kind: K,
  fits: (entry: EntryOf<K>) => boolean,
  before = Number.POSITIVE_INFINITY,
): EntryOf<K> | undefined {
  return entries.findLast(
    (entry): entry is EntryOf<K> => isOf(entry, kind) && entry.seq < before && fits(entry),
  );
}

/** An entry still to be appended: the store gives it its place, its time and its signature. */
export type Draft = {
  [K in EntryKind]: { kind: K; body: EntryBody<K>; actor: Actor; subject: StatementSubject[] };
}[EntryKind];

/**
 * Entries, and behind them drafts that are about to become entries. A draft has no place in the chain yet and no
 * hash; an order after all entries is all that a fold needs.
 */
export function withDrafts(
  entries: readonly TypedEntry[],
  drafts: readonly Draft[],
  now: string,
): TypedEntry[] {
  return [
    ...entries,
    ...drafts.map((draft) => ({ ...draft, seq: Number.MAX_SAFE_INTEGER, hash: "", at: now })),
  ];
}

/** The App itself as the one who acted. */
export function appActor({ ourselves: { bot } }: { ourselves: Ourselves }): Actor {
  return { type: "app", id: bot.id, login: bot.login };
}

/** A person as the one who acted. The account is as GitHub told it; that it is a person's, the caller knows. */
export function userActor({ id, login }: Account): Actor {
  return { type: "user", id, login };
}

/** The account of whoever acted, as GitHub would tell it. */
export function accountOf({ type, id, login }: Actor): Account {
  return { id, login, type: type === "user" ? "User" : "Bot" };
}
