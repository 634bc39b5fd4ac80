import { sql } from "kysely";
import type { Database } from "./database.ts";

/** When a repository was last searched for all that may be ours (RFC 3339); null: never, or the database is new. */
export async function lastSearch(db: Database, repository: number): Promise<string | null> {
  const row = await db.selectFrom("searches").select("at").where("repository", "=", repository).executeTakeFirst();
  return row === undefined ? null : new Date(row.at).toISOString();
}

/** Remembers that a repository was searched, as of now. */
export async function noteSearch(db: Database, repository: number): Promise<void> {
  await db
    .insertInto("searches")
    .values({ repository })
    .onConflict((conflict) => conflict.column("repository").doUpdateSet({ at: sql`now()` }))
    .execute();
}
