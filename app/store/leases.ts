/** Leases: which worker holds which subject, and the order between starting work and the changes that require it. */
import { sql, type Transaction } from "kysely";
import { SallyportError } from "../../core/errors.ts";
import type { Database, Tables } from "./database.ts";

/** A taken lease: its fence is the newest until somebody else takes the lease over. */
export type Lease = { key: string; fence: number };

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

/**
 * Locks a taken lease until the transaction ends; fails with `lease-lost` if it was taken over. Whatever ends work goes
 * through here: a worker that was thought dead may wake up after another one has taken its place.
 */
export async function holdLease(trx: Transaction<Tables>, { key, fence }: Lease): Promise<void> {
  if ((await shareLease(trx, key)) !== fence) throw lost(key);
}

/** The same within a statement: true while the lease is held, which it then is until the statement's end. */
export function whileHeld({ key, fence }: Lease) {
  return sql<boolean>`exists (select from leases where subject = ${key} and fence = ${fence} for share)`;
}

/**
 * The same before a write that no transaction holds: one at GitHub, which takes less time than a worker has to be silent
 * before another takes over, or one that does no harm when it comes a moment too late.
 */
export async function requireLease(db: Database | Transaction<Tables>, lease: Lease): Promise<void> {
  if (!(await isHeld(db, lease))) throw lost(lease.key);
}

/** The failure of a worker that somebody took the place of. */
export function lost(key: string): SallyportError {
  return new SallyportError("lease-lost", `${key} was taken over by another worker; nothing was recorded`);
}

/** Whether a taken lease is still its holder's. */
export async function isHeld(db: Database | Transaction<Tables>, { key, fence }: Lease): Promise<boolean> {
  const row = await db.selectFrom("leases").select("fence").where("subject", "=", key).executeTakeFirst();
  return Number(row?.fence) === fence;
}
