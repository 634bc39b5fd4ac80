/** Leases: which worker holds which subject, and the order between starting work and the changes that require it. */
import { sql, type Transaction } from "kysely";
import type { Database, Tables } from "./database.ts";

/**
 * Starts work on a subject, an ordering key or a publish. Waits for open transactions whose changes require this work.
 */
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
 * The lease's fence, locked until the transaction ends: no work under this key starts before our changes are visible.
 * Without it, a waiting job, which makes ours redundant, could start just before we commit and miss our changes. The
 * lock is shared, so that changes never wait for one another.
 */
export async function shareLease(trx: Transaction<Tables>, key: string): Promise<number> {
  const row = await trx.selectFrom("leases").select("fence").where("subject", "=", key).forShare().executeTakeFirst();
  if (row !== undefined) return Number(row.fence);
  await trx
    .insertInto("leases")
    .values({ subject: key, fence: 0 })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return shareLease(trx, key);
}
