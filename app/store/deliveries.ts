import { sql, type Transaction } from "kysely";
import type { Database, Tables } from "./database.ts";

/** A delivery as it came; `named` is what it names, as text, and null if it names nothing. */
export type Delivery = { guid: string; event: string; named: string | null };

/**
 * Remembers deliveries by their ids; returns those that did not come before. What they name waits together in one row,
 * until it is passed on: also what one names that came before, if it came with others. That makes one look more, and to
 * tell them apart a longer statement for all.
 */
export async function storeDeliveries(db: Database, deliveries: readonly Delivery[]): Promise<Set<string>> {
  // In one order, so that two processes never wait for each other; the text is one, however many they are.
  const all = deliveries.toSorted((one, other) => (one.guid < other.guid ? -1 : 1));
  const [guids, events] = [all.map(({ guid }) => guid), all.map(({ event }) => event)];
  const insert = sql`insert into deliveries (guid, event) select * from unnest(${guids}::text[], ${events}::text[])`;
  const named = all.flatMap((one) => (one.named === null ? [] : [one.named]));
  const naming = named.length === 0 ? null : sql`insert into waiting_names (named) select ${`[${named.join(",")}]`}`;
  try {
    await (naming === null ? insert : sql`with stored as (${insert}) ${naming}`).execute(db);
    return new Set(guids);
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
  }
  // One came before. To allow for that each time takes the store half as long again, and it is rare.
  const stored = sql`${insert} on conflict do nothing returning guid`;
  const names = naming === null ? sql`` : sql`, named as (${naming} from stored having count(*) > 0)`;
  const { rows } = await sql<{ guid: string }>`with stored as (${stored})${names} select guid from stored`.execute(db);
  return new Set(rows.map(({ guid }) => guid));
}

/** Whether a statement failed because a row with its key is there already (SQLSTATE 23505). */
function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "23505";
}

/** In place of a delivery's id: what a check of the readiness stores. */
export const readinessId = "readiness";

/**
 * Fails unless a delivery could be stored now: a store that answers questions can have a full disk, or be one that only
 * reads. It stores the same row each time, which names nothing.
 */
export async function tryStoring(db: Database): Promise<void> {
  await db
    .insertInto("deliveries")
    .values({ guid: readinessId, event: "readiness" })
    .onConflict((conflict) => conflict.column("guid").doUpdateSet({ received_at: sql`now()` }))
    .execute();
}

/** How many rows of names are passed on in one transaction; one holds what up to five hundred deliveries name. */
const batchSize = 50;

/**
 * Takes what stored deliveries name and was not passed on yet, the oldest first, each row as a list in JSON; whoever
 * takes it passes it on in the same transaction. What another process is taking is left to it. Nothing is left once
 * fewer come than there may be. An older process keeps what they name beside the deliveries, and may have ended since.
 */
export async function takeNamed(trx: Transaction<Tables>): Promise<{ lists: string[]; isAll: boolean }> {
  const { rows } = await sql<{ id: string; named: string }>`
    with beside as (
      select guid, named from deliveries where named is not null order by received_at limit ${sql.lit(batchSize)}
      for update skip locked
    ), older as (
      update deliveries set named = null from beside where deliveries.guid = beside.guid returning beside.named
    ), taken as (
      delete from waiting_names where id in (
        select id from waiting_names order by id limit ${sql.lit(batchSize)} for update skip locked)
      returning id, named
    )
    select 0 as id, '[' || named || ']' as named from older union all select id, named from taken`.execute(trx);
  const inOrder = rows.toSorted((one, other) => Number(one.id) - Number(other.id));
  return { lists: inOrder.map(({ named }) => named), isAll: rows.length < batchSize };
}

/**
 * Forgets deliveries older than a time; GitHub redelivers none after a few days, and one more reconcile does no harm.
 */
export async function dropDeliveries(db: Database, moment: Date): Promise<void> {
  await db.deleteFrom("deliveries").where("received_at", "<", moment).execute();
}
