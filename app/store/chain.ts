import { sql, type Transaction } from "kysely";
import type { Decision } from "../../core/decision.ts";
import { digestOf } from "../../core/digest.ts";
import type { TypedEntry } from "../../core/entries.ts";
import { SallyportError } from "../../core/errors.ts";
import { appendEntry, type LedgerHead, readEntry, type Sign } from "../../core/ledger/entry.ts";
import { typedEntry } from "../../core/ledger/typed-entry.ts";
import { indexVersion } from "../../core/record/keys.ts";
import { checkDrafts } from "./attempt-guard.ts";
import { type Database, type Tables, transact } from "./database.ts";
import { endWork, hasOpenEffects } from "./effects.ts";
import { completeIndex, insertKeys, type KeyRow, keyRows, type Line, lockedChain } from "./entry-index.ts";
import { isStale, type Reading } from "./readings.ts";
import { restoreSpending } from "./spending.ts";

type Trx = Transaction<Tables>;

/** Appends entries outside of a reconcile, such as an incident that a person records at the command line. */
export async function appendEntries(
  db: Database,
  repository: { id: number; name: string },
  drafts: Decision["drafts"],
  tools: AppendTools,
): Promise<void> {
  await transact(db, (trx) => append(trx, repository, drafts, tools));
}

/** Signs and dates entries. */
export type AppendTools = { sign: Sign; now: () => Date };

type EntryRow = Tables["entries"];

/**
 * Appends entries to a chain, which is locked from here until the transaction ends. False: nothing was appended, because
 * the ledger has more by now of what they follow from (`seen`).
 */
export async function append(
  trx: Trx,
  repository: { id: number; name: string },
  drafts: Decision["drafts"],
  { sign, now }: AppendTools,
  seen: readonly Reading[] = [],
): Promise<boolean> {
  if (drafts.length === 0) return true;
  let head = await lockChain(trx, repository.id);
  for (const reading of seen) if (await isStale(trx, reading)) return false;
  await checkDrafts(trx, repository.id, drafts);
  const rows: EntryRow[] = [];
  const keys: KeyRow[] = [];
  for (const draft of drafts) {
    // An in-toto statement needs a subject: an entry without an outside subject names its own body.
    const subject =
      draft.subject.length > 0 ? draft.subject : [{ name: draft.kind, digest: { sha256: digestOf(draft.body) } }];
    const appended = await appendEntry(head, { ...draft, subject, repository, at: now().toISOString() }, sign);
    head = appended.head;
    rows.push({ repository: repository.id, ...appended.head, kind: draft.kind, line: appended.line });
    keys.push(...keyRows(appended.head.seq, draft));
  }
  await insertEntries(trx, repository.id, rows, keys);
  return true;
}

/**
 * Takes over lines that continue a chain, verified by the caller, and what they say was spent and is done; all of it or
 * none. Fails with `lease-lost` when an entry was appended meanwhile.
 */
export async function adoptLines(db: Database, repository: number, lines: readonly Line[]): Promise<void> {
  await transact(db, async (trx) => {
    const head = await lockChain(trx, repository);
    if ((head?.seq ?? 0) + 1 !== lines[0]?.seq)
      throw new SallyportError("lease-lost", "an entry was appended while the ledger was read back");
    const keys: KeyRow[] = [];
    const known: TypedEntry[] = [];
    const rows = lines.map(({ seq, line }): EntryRow => {
      const read = readEntry(line, seq);
      if (!read.ok) throw new SallyportError("ledger-broken", read.problem.message);
      const entry = typedEntry(read.entry);
      if (entry !== null) {
        keys.push(...keyRows(seq, entry));
        known.push(entry);
      }
      return { repository, seq, hash: read.entry.hash, kind: read.entry.kind, line };
    });
    await insertEntries(trx, repository, rows, keys);
    // With them or never: an entry in the store is not read back again.
    await restoreSpending(trx, repository, known);
    // An older backup has work open that was done since: an agent's would be paid again.
    if (await hasOpenEffects(trx, repository)) for (const entry of known) await endWork(trx, repository, entry);
  });
}

/** Stores the entries after a chain's head, with what finds them, and moves the head. The chain is locked. */
async function insertEntries(
  trx: Trx,
  repository: number,
  rows: readonly EntryRow[],
  keys: readonly KeyRow[],
): Promise<void> {
  for (let at = 0; at < rows.length; at += batchSize) {
    const batch = rows.slice(at, at + batchSize);
    const { seq, hash } = batch.at(-1) ?? { seq: 0, hash: null };
    // One statement: each costs a round trip, and most decisions record one entry. A newer version finishes its index.
    await trx
      .with("moved", (query) =>
        query
          .updateTable("chains")
          .set({
            seq,
            hash,
            indexed: sql`case when index_version > ${indexVersion} then indexed else ${seq}::integer end`,
          })
          .where("repository", "=", repository)
          .returning("chains.seq"),
      )
      .insertInto("entries")
      .values(batch)
      .execute();
  }
  await insertKeys(trx, repository, keys);
}

/** How many rows one statement inserts: databases limit the parameters of a statement. */
const batchSize = 500;

/** Locks a repository's chain until the transaction ends, makes its index complete, and returns its head. */
async function lockChain(trx: Trx, repository: number): Promise<LedgerHead> {
  const locked = await lockedChain(trx, repository);
  if (locked !== undefined) {
    await completeIndex(trx, locked);
    return locked.hash === null ? null : { seq: locked.seq, hash: locked.hash };
  }
  await trx
    .insertInto("chains")
    .values({ repository, seq: 0, hash: null, index_version: indexVersion })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return lockChain(trx, repository);
}

/** The head of a repository's chain; null while it has no entry. */
export async function headOf(db: Database | Trx, repository: number): Promise<LedgerHead> {
  const chain = await db
    .selectFrom("chains")
    .select(["seq", "hash"])
    .where("repository", "=", repository)
    .executeTakeFirst();
  return chain === undefined || chain.hash === null ? null : { seq: chain.seq, hash: chain.hash };
}

/** The chain's lines from a sequence number on, oldest first, up to and including another one, if given. */
export async function linesFrom(db: Database, repository: number, seq: number, to?: number): Promise<Line[]> {
  const lines = db
    .selectFrom("entries")
    .select(["seq", "line"])
    .where("repository", "=", repository)
    .where("seq", ">=", seq)
    .orderBy("seq");
  return (to === undefined ? lines : lines.where("seq", "<=", to)).execute();
}

/** A commit of the evidence branch that held the chain up to an entry. */
type ExportedCommit = Omit<Tables["exports"], "repository">;

/** Up to where the evidence branch last held the chain; null if it was never compared. */
export async function exportedUpTo(db: Database, repository: number): Promise<ExportedCommit | null> {
  const row = await db
    .selectFrom("exports")
    .select(["commit", "tree", "seq"])
    .where("repository", "=", repository)
    .executeTakeFirst();
  return row ?? null;
}

/** The repositories whose newest entries were not found on the evidence branch yet. */
export async function unpublished(db: Database): Promise<number[]> {
  const rows = await db
    .selectFrom("chains")
    .leftJoin("exports", "exports.repository", "chains.repository")
    .select("chains.repository")
    .where(({ eb, or }) => or([eb("exports.seq", "is", null), eb("exports.seq", "<", eb.ref("chains.seq"))]))
    .execute();
  return rows.map(({ repository }) => Number(repository));
}

/** Records up to where the evidence branch holds the chain. */
export async function noteExported(db: Database, repository: number, exported: ExportedCommit): Promise<void> {
  await db
    .insertInto("exports")
    .values({ repository, ...exported })
    .onConflict((conflict) => conflict.column("repository").doUpdateSet(exported))
    .execute();
}
