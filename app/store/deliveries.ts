import type { Transaction } from "kysely";
import { sha256 } from "../../core/digest.ts";
import type { Database, Tables } from "./database.ts";

/** Remembers a delivery by its id. False if it came before, so that there is nothing to do. */
export async function storeDelivery(
  trx: Transaction<Tables>,
  { guid, event, body }: { guid: string; event: string; body: string },
): Promise<boolean> {
  const fresh = await trx
    .insertInto("deliveries")
    .values({ guid, event, body_sha256: sha256(body) })
    .onConflict((conflict) => conflict.doNothing())
    .returning("guid")
    .execute();
  return fresh.length > 0;
}

/**
 * Forgets deliveries older than a time; GitHub redelivers none after a few days, and one more reconcile does no harm.
 */
export async function dropDeliveries(db: Database, moment: Date): Promise<void> {
  await db.deleteFrom("deliveries").where("received_at", "<", moment).execute();
}
