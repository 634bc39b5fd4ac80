/** What entries are found by: the rows of `entry_keys`, by `core/record/keys.ts`. */
import { type Selectable, sql, type Transaction } from "kysely";
import type { Draft, TypedEntry } from "../../core/entries.ts";
import { SallyportError } from "../../core/errors.ts";
import { readEntry } from "../../core/ledger/entry.ts";
import { typedEntry } from "../../core/ledger/typed-entry.ts";
import { foundBy, indexVersion } from "../../core/record/keys.ts";
import { type Database, type Tables, transact } from "./database.ts";

type Trx = Transaction<Tables>;
type Chain = Selectable<Tables["chains"]>;

/** A line of a chain, as it is stored. */
export type Line = { seq: number; line: string };

/** An entry of our own store; null: it is of a kind that this version does not know, and no decision reads it. */
export function entryOf({ seq, line }: Line): TypedEntry | null {
  const read = readEntry(line, seq);
  if (!read.ok) throw new SallyportError("ledger-broken", `entry ${seq} cannot be read: ${read.problem.message}`);
  return typedEntry(read.entry);
}

/** A row that finds an entry, of one repository. */
export type KeyRow = { key: string; seq: number };

/** The rows that find an entry. */
export function keyRows(seq: number, entry: TypedEntry | Draft): KeyRow[] {
  return foundBy(entry).map((key) => ({ key, seq }));
}

/** Stores rows of the index; those that are there stay. */
export async function insertKeys(trx: Trx, repository: number, rows: readonly KeyRow[]): Promise<void> {
  if (rows.length === 0) return;
  const [keys, seqs] = [rows.map(({ key }) => key), rows.map(({ seq }) => seq)];
  await sql`insert into entry_keys select ${repository}::bigint, * from unnest(${keys}::text[], ${seqs}::integer[])
    on conflict do nothing`.execute(trx);
}

/** How many entries are indexed at once. */
const batchSize = 500;

/** A chain's row, which is locked until the transaction ends; undefined: it has no entry. */
export function lockedChain(trx: Trx, repository: number): Promise<Chain | undefined> {
  return trx.selectFrom("chains").selectAll().where("repository", "=", repository).forUpdate().executeTakeFirst();
}

/**
 * The number of a chain's last entry, after its index was made complete: what an older version appended or indexed lacks
 * rows of ours. A long chain is indexed in steps, each a transaction.
 */
export async function indexedHead(db: Database, repository: number): Promise<number> {
  for (;;) {
    const chain = await db.selectFrom("chains").selectAll().where("repository", "=", repository).executeTakeFirst();
    if (chain === undefined || missingFrom(chain) > chain.seq) return chain?.seq ?? 0;
    const isWhole = await transact(db, async (trx) => {
      const locked = await lockedChain(trx, repository);
      return locked === undefined || (await completeIndex(trx, locked, batchSize));
    });
    if (isWhole) return chain.seq;
  }
}

/** The first entry of a chain that may lack rows of this version. A newer version's rows hold ours. */
function missingFrom({ indexed, index_version: version }: Chain): number {
  return version >= indexVersion ? indexed + 1 : 1;
}

/**
 * Indexes what is not of a chain that is locked, so many entries or all; true: all are. What a newer version has not
 * indexed yet gets our rows, and is left for that one to finish.
 */
export async function completeIndex(trx: Trx, chain: Chain, most = Number.POSITIVE_INFINITY): Promise<boolean> {
  const { repository } = chain;
  const isNewer = chain.index_version > indexVersion;
  const first = missingFrom(chain);
  const to = isNewer ? chain.seq : Math.min(chain.seq, first - 1 + most);
  if (to < first) return true;
  for (let from = first; from <= to; from += batchSize) {
    const lines = await trx
      .selectFrom("entries")
      .select(["seq", "line"])
      .where("repository", "=", repository)
      .where("seq", ">=", from)
      .where("seq", "<=", Math.min(to, from + batchSize - 1))
      .execute();
    const rows = lines.flatMap((line) => {
      const entry = entryOf(line);
      return entry === null ? [] : keyRows(line.seq, entry);
    });
    await insertKeys(trx, repository, rows);
  }
  if (!isNewer)
    await trx
      .updateTable("chains")
      .set({ indexed: to, index_version: indexVersion })
      .where("repository", "=", repository)
      .execute();
  return to === chain.seq;
}
