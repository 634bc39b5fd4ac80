/** What decisions read of a ledger: the entries under some keys, and all that belongs to those. */
import { sql, type Transaction } from "kysely";
import { LRUCache } from "lru-cache";
import type { TypedEntry } from "../../core/entries.ts";
import { keyOf, leadsTo } from "../../core/record/keys.ts";
import type { Database, Tables } from "./database.ts";
import { entryOf, indexedHead, type Line } from "./entry-index.ts";

/**
 * Entries of one repository, oldest first, up to the entry `seq`, and all `keys` whose entries are among them: the
 * ledger's other entries are found by none of these.
 */
export type Reading = { repository: number; seq: number; keys: ReadonlySet<string>; entries: readonly TypedEntry[] };

/** Reads what is under some keys in a repository's ledger, at its end now. */
export type EntryReader = (repository: number, keys: readonly string[]) => Promise<Reading>;

/** Of one entry in memory, beside its line; a guess that is rather too high. */
const entryBytes = 2_000;

/**
 * A reader that carries on from what it read before: the second time only what came since is read. It keeps so many
 * bytes of entries, those of the readings that were asked for last.
 */
export function createEntryReader(db: Database, maxBytes: number): EntryReader {
  const readings = new LRUCache<string, Reading & { bytes: number }>({
    maxSize: maxBytes,
    sizeCalculation: ({ bytes, keys }) => bytes + 100 * keys.size + 1_000,
  });
  return async (repository, asked) => {
    const name = JSON.stringify([repository, asked]);
    const head = await indexedHead(db, repository);
    const before = readings.get(name);
    if (before?.seq === head) return before;
    const reading = await extend(db, before ?? emptyReading(repository), asked, head);
    readings.set(name, reading);
    return reading;
  };
}

/** What is under some keys, and all that belongs to it, in a chain whose index is complete: it was locked for that. */
export async function readAbout(
  db: Database,
  repository: number,
  asked: readonly string[],
): Promise<readonly TypedEntry[]> {
  return (await extend(db, emptyReading(repository), asked, maxSeq)).entries;
}

/** The largest number of an entry. */
const maxSeq = 2 ** 31 - 1;

const emptyReading = (repository: number) => ({ repository, seq: 0, bytes: 0, keys: new Set<string>(), entries: [] });

/** The reading at a later head: what came since under its keys, and all under the keys that those lead to. */
async function extend(
  db: Database,
  { repository, seq, bytes, keys, entries }: Reading & { bytes: number },
  asked: readonly string[],
  head: number,
): Promise<Reading & { bytes: number }> {
  const known = new Set(keys);
  const found = new Map(entries.map((entry) => [entry.seq, entry]));
  let size = bytes;
  const take = (lines: readonly Line[]): string[] => {
    const next = new Set<string>();
    for (const line of lines) {
      if (found.has(line.seq)) continue;
      const entry = entryOf(line);
      if (entry === null) continue;
      found.set(line.seq, entry);
      size += line.line.length + entryBytes;
      for (const key of leadsTo(entry)) if (!known.has(key)) next.add(key);
    }
    return [...next];
  };
  let next =
    keys.size === 0
      ? [...new Set(asked)]
      : take(await linesBetween(db, repository, [...keys], { after: seq, to: head }));
  while (next.length > 0) {
    for (const key of next) known.add(key);
    next = take(await linesBetween(db, repository, next, { to: head }));
  }
  const sorted = [...found.values()].sort((one, other) => one.seq - other.seq);
  return { repository, seq: head, bytes: size, keys: known, entries: sorted };
}

function linesBetween(
  db: Database,
  repository: number,
  keys: readonly string[],
  { after = 0, to = maxSeq, most = maxSeq } = {},
): Promise<Line[]> {
  return (
    db
      .selectFrom("entries")
      .select(["seq", "line"])
      .where("repository", "=", repository)
      // As a list: a planner without statistics would rather join, and read the whole ledger for a few entries.
      .where(sql<boolean>`seq = any(array(${seqsUnder(repository, keys, { after, to })}))`)
      .orderBy("seq")
      .limit(most)
      .execute()
  );
}

/**
 * The numbers under some keys, some of them more than once. Each key is looked up by itself (`offset 0` keeps it so):
 * all at once, a planner without statistics walks the index from end to end.
 */
function seqsUnder(repository: number, keys: readonly string[], { after = 0, to = maxSeq }) {
  return sql<{ seq: number }>`select found.seq from unnest(${keys}::text[]) as asked(key), lateral (
    select seq from entry_keys
    where repository = ${repository} and key = asked.key and seq > ${after} and seq <= ${to} offset 0) as found`;
}

/**
 * Whether an entry came since that belongs to what was read. Ask it while the chain is locked and its index complete.
 */
export async function isStale(trx: Transaction<Tables>, { repository, keys, seq }: Reading): Promise<boolean> {
  const { rows } = await sql`${seqsUnder(repository, [...keys], { after: seq })} limit 1`.execute(trx);
  return rows.length > 0;
}

/** The entries under any of these keys, and no others that belong to them, oldest first. */
export async function entriesUnder(
  db: Database,
  repository: number,
  keys: readonly string[],
  most?: number,
): Promise<TypedEntry[]> {
  return (await linesUnder(db, repository, keys, most)).flatMap((line) => entryOf(line) ?? []);
}

/** The same as lines. */
export async function linesUnder(
  db: Database,
  repository: number,
  keys: readonly string[],
  most = maxSeq,
): Promise<Line[]> {
  await indexedHead(db, repository);
  return linesBetween(db, repository, keys, { most });
}

/** The most entries that one page reads. */
const maxEntries = 5_000;

/** The entries about any of these issues and pull requests, oldest first, as many as a page may read. */
export function entriesAbout(db: Database, repository: number, numbers: readonly number[]): Promise<TypedEntry[]> {
  return entriesUnder(db, repository, numbers.map(keyOf.number), maxEntries);
}

/** One entry; null: the chain has none of this number, or it is of a kind that this version does not know. */
export async function entryAt(db: Database, repository: number, seq: number): Promise<TypedEntry | null> {
  const line = await db
    .selectFrom("entries")
    .select(["seq", "line"])
    .where("repository", "=", repository)
    .where("seq", "=", seq)
    .executeTakeFirst();
  return line === undefined ? null : entryOf(line);
}
