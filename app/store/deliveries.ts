import type { Transaction } from "kysely";
import { sha256 } from "../../core/digest.ts";
import type { Database, Tables } from "./database.ts";

/** Remembers a delivery by its id. False: it came before, so there is nothing to do for it. */
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

/** Forgets deliveries that came before a moment; GitHub sends none again after a few days, and one more look does no harm. */
export async function dropDeliveries(db: Database, moment: Date): Promise<void> {
  await db.deleteFrom("deliveries").where("received_at", "<", moment).execute();
}
