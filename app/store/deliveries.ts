import type { Transaction } from "kysely";
import { sha256 } from "../../core/digest.ts";
import type { Database, Tables } from "./database.ts";

/** A delivery as it came. */
export type Delivery = { guid: string; event: string; body: string };

/** Remembers deliveries by their ids; returns those that did not come before, for which there is something to do. */
export async function storeDeliveries(
  trx: Transaction<Tables>,
  deliveries: readonly Delivery[],
): Promise<ReadonlySet<string>> {
  const rows = deliveries.map(({ guid, event, body }) => ({ guid, event, body_sha256: sha256(body) }));
  const fresh = await trx
    .insertInto("deliveries")
    // In one order, so that two processes never wait for each other.
    .values(rows.sort((one, other) => (one.guid < other.guid ? -1 : 1)))
    .onConflict((conflict) => conflict.doNothing())
    .returning("guid")
    .execute();
  return new Set(fresh.map(({ guid }) => guid));
}

/**
 * Forgets deliveries older than a time; GitHub redelivers none after a few days, and one more reconcile does no harm.
 */
export async function dropDeliveries(db: Database, moment: Date): Promise<void> {
  await db.deleteFrom("deliveries").where("received_at", "<", moment).execute();
}
