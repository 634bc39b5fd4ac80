import type { EntryBody, EntryKind } from "../schemas/entries.ts";
import type { Actor, StatementSubject } from "../schemas/ledger.ts";
import type { Account } from "../schemas/text.ts";
import type { Ourselves } from "./effects.ts";

/** A ledger entry whose body was checked against the schema of its kind. */
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

/** The last entry of a kind whose body fits; with `before`, only entries before that sequence number. */
export function lastEntry<K extends EntryKind>(
  entries: readonly TypedEntry[],
  kind: K,
  fits: (entry: EntryOf<K>) => boolean,
  before = Number.POSITIVE_INFINITY,
): EntryOf<K> | undefined {
  return entries.findLast((entry): entry is EntryOf<K> => isOf(entry, kind) && entry.seq < before && fits(entry));
}

const named = ["story", "prompt", "pull", "issue", "epic"] as const;

/** The issues and pull requests that an entry is about; GitHub numbers both in one sequence. */
export function numbersOf({ kind, body }: { kind: string; body: object }): number[] {
  const members = kind === "group.judged" && "members" in body && Array.isArray(body.members) ? body.members : [];
  const numbers = [body, ...members].flatMap((one: object) => named.map((name): unknown => Reflect.get(one, name)));
  return [...new Set(numbers.filter((one) => typeof one === "number"))];
}

/** The prompts and pull requests of a story that an entry names; none of another issue that it speaks of. */
export function numbersUnder(story: number, { body }: { body: object }): number[] {
  if (!("story" in body) || body.story !== story) return [];
  const numbers = (["prompt", "pull", "issue"] as const).map((name): unknown => Reflect.get(body, name));
  return numbers.filter((one) => typeof one === "number");
}

/** An entry to append: the store adds its sequence number, time and signature. */
export type Draft = {
  [K in EntryKind]: { kind: K; body: EntryBody<K>; actor: Actor; subject: StatementSubject[] };
}[EntryKind];

/**
 * Entries, followed by drafts that will become entries. A draft has no sequence number and no hash yet; a fold only
 * needs it to come after all entries and the drafts before it.
 */
export function withDrafts(entries: readonly TypedEntry[], drafts: readonly Draft[], now: string): TypedEntry[] {
  const first = Number.MAX_SAFE_INTEGER - drafts.length + 1;
  return [...entries, ...drafts.map((draft, index) => ({ ...draft, seq: first + index, hash: "", at: now }))];
}

/** The App as the actor. */
export function appActor({ ourselves: { bot } }: { ourselves: Ourselves }): Actor {
  return { type: "app", id: bot.id, login: bot.login };
}

/** A person as the actor. GitHub supplied the account; the caller has checked that it is a person's. */
export function userActor({ id, login }: Account): Actor {
  return { type: "user", id, login };
}

/** An agent as the actor: it has no account, so our bot's id stands with the name of its model. */
export function agentActor({ ourselves: { bot } }: { ourselves: Ourselves }, model: string): Actor {
  return { type: "agent", id: bot.id, login: model };
}

/** A pull request at one commit, as the subject of an entry. */
export function pullSubject(pull: number, commit: string): StatementSubject {
  return { name: `pull request #${pull}`, digest: { gitCommit: commit } };
}

/** The actor's account in GitHub's form. */
export function accountOf({ type, id, login }: Actor): Account {
  return { id, login, type: type === "user" ? "User" : "Bot" };
}
