import { sql } from "kysely";
import type { Database } from "./database.ts";

/**
 * What a limit of GitHub's holds back: reads, writes, or only what a sweep does. The last one begins while there is still
 * something left of the hour's requests: the rest is for verdicts and for what people ask for.
 */
export type LimitedUse = "read" | "write" | "sweep";

/** Until when GitHub wants an installation to ask nothing: all its repositories share its limits. */
export type Limit = { installation: number; use: LimitedUse; until: Date };

/** The longest that a limit lasts, in milliseconds: GitHub's end within the hour, and the clocks of machines differ. */
export const longestLimitMs = 2 * 3_600_000;

/** The limits of GitHub's that are not over; forgets those that were stored before the clock was put back. */
export async function readLimits(db: Database): Promise<Limit[]> {
  await db
    .deleteFrom("limits")
    .where("until", ">", sql<Date>`now() + make_interval(secs => ${longestLimitMs / 1_000})`)
    .execute();
  const rows = await db
    .selectFrom("limits")
    .select(["installation", "use", "until"])
    .where("until", ">", sql<Date>`now()`)
    .orderBy("until")
    .execute();
  return rows.map((row) => ({ ...row, installation: Number(row.installation), until: new Date(row.until) }));
}

/** Stores a limit; the later end of two counts. */
export async function storeLimit(db: Database, limit: Limit): Promise<void> {
  await db
    .insertInto("limits")
    .values(limit)
    .onConflict((conflict) =>
      conflict.columns(["installation", "use"]).doUpdateSet({ until: sql`greatest(limits.until, excluded.until)` }),
    )
    .execute();
}
