import { numbersOf, type TypedEntry } from "../../core/entries.ts";
import { SallyportError } from "../../core/errors.ts";
import { readEntry } from "../../core/ledger/entry.ts";
import { typedEntry } from "../../core/ledger/typed-entry.ts";
import type { EntryKind } from "../../schemas/entries.ts";
import type { Database, Tables } from "./database.ts";

/** Which issues and pull requests each of these entries is about, as rows. */
export function mentionRows(repository: number, lines: readonly { seq: number; line: string }[]): Tables["mentions"][] {
  return lines.flatMap(({ seq, line }) => {
    const read = readEntry(line, seq);
    return read.ok ? numbersOf(read.entry).map((number) => ({ repository, number, seq })) : [];
  });
}

/** How many entries one statement indexes. */
const batchSize = 500;

/** Indexes the entries of a store that an older version wrote. */
export async function indexOldEntries(db: Database): Promise<void> {
  if ((await db.selectFrom("mentions").select("seq").limit(1).executeTakeFirst()) !== undefined) return;
  const chains = await db.selectFrom("chains").select(["repository", "seq"]).execute();
  await db.transaction().execute(async (trx) => {
    for (const { repository, seq } of chains)
      for (let from = 1; from <= seq; from += batchSize) {
        const lines = await trx
          .selectFrom("entries")
          .select(["seq", "line"])
          .where("repository", "=", repository)
          .where("seq", ">=", from)
          .where("seq", "<", from + batchSize)
          .execute();
        const rows = mentionRows(Number(repository), lines);
        if (rows.length > 0)
          await trx
            .insertInto("mentions")
            .values(rows)
            .onConflict((conflict) => conflict.doNothing())
            .execute();
      }
  });
}

/** The most entries that one page reads. */
const maxEntries = 5_000;

/** The entries about any of these issues and pull requests, oldest first. */
export async function entriesAbout(
  db: Database,
  repository: number,
  numbers: readonly number[],
): Promise<TypedEntry[]> {
  if (numbers.length === 0) return [];
  const rows = await db
    .selectFrom("entries")
    .select(["seq", "line"])
    .where("repository", "=", repository)
    .where("seq", "in", (query) =>
      query
        .selectFrom("mentions")
        .select("mentions.seq")
        .where("mentions.repository", "=", repository)
        .where("mentions.number", "in", numbers),
    )
    .orderBy("seq")
    .limit(maxEntries)
    .execute();
  return rows.flatMap((row) => readRow(row) ?? []);
}

/** The newest entries of some kinds, at most so many, oldest first. */
export async function newestOf(
  db: Database,
  repository: number,
  kinds: readonly EntryKind[],
  most: number,
): Promise<TypedEntry[]> {
  const rows = await db
    .selectFrom("entries")
    .select(["seq", "line"])
    .where("repository", "=", repository)
    .where("kind", "in", kinds)
    .orderBy("seq", "desc")
    .limit(most)
    .execute();
  return rows.reverse().flatMap((row) => readRow(row) ?? []);
}

/** One entry; null: the chain has none of this number, or it is of a kind that this version does not know. */
export async function entryAt(db: Database, repository: number, seq: number): Promise<TypedEntry | null> {
  const row = await db
    .selectFrom("entries")
    .select(["seq", "line"])
    .where("repository", "=", repository)
    .where("seq", "=", seq)
    .executeTakeFirst();
  return row === undefined ? null : readRow(row);
}

function readRow({ seq, line }: { seq: number; line: string }): TypedEntry | null {
  const read = readEntry(line, seq);
  if (!read.ok) throw new SallyportError("ledger-broken", `entry ${seq}: ${read.problem.message}`);
  return typedEntry(read.entry);
}
