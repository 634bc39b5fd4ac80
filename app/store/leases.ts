/** Leases: who is at work on what, and the order between work that begins and changes that call for it. */
import { sql, type Transaction } from "kysely";
import type { Database, Tables } from "./database.ts";

/** Begins work on a subject, a lane or an export. Waits for every change that is being written and calls for this work. */
export async function takeLease(db: Database, key: string): Promise<number> {
  const row = await db
    .insertInto("leases")
    .values({ subject: key, fence: 1 })
    .onConflict((conflict) => conflict.column("subject").doUpdateSet({ fence: sql`leases.fence + 1` }))
    .returning("fence")
    .executeTakeFirstOrThrow();
  return Number(row.fence);
}

/**
 * The lease's fence, held until the transaction ends: no work under this key begins before what is written here can be
 * seen. Without it a job that is waiting already, so that ours is not needed, could start just before we commit and
 * miss what we wrote. Shared, so that changes never wait for one another.
 */
export async function shareLease(trx: Transaction<Tables>, key: string): Promise<number> {
  const row = await trx
    .selectFrom("leases")
    .select("fence")
    .where("subject", "=", key)
    .forShare()
    .executeTakeFirst();
  if (row !== undefined) return Number(row.fence);
  await trx
    .insertInto("leases")
    .values({ subject: key, fence: 0 })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return shareLease(trx, key);
}
