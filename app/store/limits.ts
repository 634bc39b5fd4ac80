import { sql } from "kysely";
import type { Database } from "./database.ts";

/**
 * What a limit of GitHub's holds back: reads, writes, or only what a sweep does. The last one begins while there is still
 * something left of the hour's requests: the rest is for verdicts and for what people ask for.
 */
export type LimitedUse = "read" | "write" | "sweep";

/** Until when GitHub wants an installation to ask nothing: all its repositories share its limits. */
export type Limit = { installation: number; use: LimitedUse; until: Date };

/** Who knows of limits: takes in those of others, and tells of its own. */
type Knower = { learn(limit: Limit): void; onMet(listener: (limit: Limit) => void): void };

/** How often limits that other processes met are read, in milliseconds. */
const everyMs = 5_000;

/** The limits of GitHub's that are not over. */
export async function readLimits(db: Database): Promise<Limit[]> {
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

/**
 * Lets all processes of a database, and this one after its next start, know of the limits that each meets. What it gives
 * ends it. A failure costs a request that GitHub refuses, and is no more than logged.
 */
export async function shareLimits(db: Database, limits: Knower, log: (line: string) => void): Promise<() => void> {
  const learn = async () => {
    for (const limit of await readLimits(db)) limits.learn(limit);
  };
  await learn();
  const failed = (error: unknown) => log(`GitHub's limits are not shared: ${String(error)}`);
  limits.onMet((limit) => {
    log(`GitHub limits ${limit.use}s of installation ${limit.installation} until ${limit.until.toISOString()}`);
    storeLimit(db, limit).catch(failed);
  });
  const timer = setInterval(() => learn().catch(failed), everyMs).unref();
  return () => {
    limits.onMet(() => {});
    clearInterval(timer);
  };
}
