import { sql, type Transaction } from "kysely";
import type { Database, Tables } from "./database.ts";

/** A delivery as it came; `named` is what it names, as text, and null if it names nothing. */
export type Delivery = { guid: string; event: string; named: string | null };

/**
 * Remembers deliveries by their ids, in one statement; returns those that did not come before. What they name waits
 * beside them until it is passed on.
 */
export async function storeDeliveries(db: Database, deliveries: readonly Delivery[]): Promise<ReadonlySet<string>> {
  const fresh = await db
    .insertInto("deliveries")
    // In one order, so that two processes never wait for each other.
    .values(deliveries.toSorted((one, other) => (one.guid < other.guid ? -1 : 1)))
    .onConflict((conflict) => conflict.doNothing())
    .returning("guid")
    .execute();
  return new Set(fresh.map(({ guid }) => guid));
}

/** How many deliveries are passed on in one transaction. */
const batchSize = 500;

/**
 * Takes what stored deliveries name and was not passed on yet, the oldest first; whoever takes it passes it on in the
 * same transaction. What another process is taking is left to it. Nothing is left once fewer come than there may be.
 */
export async function takeNamed(trx: Transaction<Tables>): Promise<{ named: string[]; isAll: boolean }> {
  const { rows } = await sql<{ named: string }>`
    with picked as (
      select guid, named from deliveries where named is not null order by received_at limit ${sql.lit(batchSize)}
      for update skip locked
    ), taken as (update deliveries set named = null from picked where deliveries.guid = picked.guid)
    select named from picked`.execute(trx);
  return { named: rows.map(({ named }) => named), isAll: rows.length < batchSize };
}

/**
 * Forgets deliveries older than a time; GitHub redelivers none after a few days, and one more reconcile does no harm.
 */
export async function dropDeliveries(db: Database, moment: Date): Promise<void> {
  await db.deleteFrom("deliveries").where("received_at", "<", moment).execute();
}
