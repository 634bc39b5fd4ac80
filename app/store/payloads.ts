import type { CallStore } from "../agents/run.ts";
import type { Database } from "./database.ts";

/** How many digests one statement names: databases limit the parameters of a statement. */
const batchSize = 500;

/** Those of some bodies that are stored, and were not stored again since a moment. */
export async function storedBefore(
  db: Database,
  digests: readonly string[],
  moment: Date,
): Promise<string[]> {
  const found: string[] = [];
  for (let at = 0; at < digests.length; at += batchSize) {
    const rows = await db
      .selectFrom("bodies")
      .select("sha256")
      .where("sha256", "in", digests.slice(at, at + batchSize))
      .where("stored_at", "<", moment)
      .execute();
    found.push(...rows.map((row) => row.sha256));
  }
  return found;
}

/** Deletes bodies, but for those that were stored again since that moment: an entry is about to name them. */
export async function dropBodies(db: Database, digests: readonly string[], moment: Date): Promise<void> {
  for (let at = 0; at < digests.length; at += batchSize) {
    await db
      .deleteFrom("bodies")
      .where("sha256", "in", digests.slice(at, at + batchSize))
      .where("stored_at", "<", moment)
      .execute();
  }
}

/** Deletes the models' raw answers for one repository that are older than a moment; without one it is asked again. */
export async function dropAnswers(db: Database, repository: number, moment: Date): Promise<void> {
  await db
    .deleteFrom("answers")
    .where("repository", "=", repository)
    .where("stored_at", "<", moment)
    .execute();
}

/** The other repositories whose ledger is in the store: bodies are shared by their content. */
export async function otherChains(db: Database, repository: number): Promise<number[]> {
  const rows = await db
    .selectFrom("chains")
    .select("repository")
    .where("repository", "!=", repository)
    .execute();
  return rows.map((row) => Number(row.repository));
}

/** Stored answers of model calls, so that an answer that was paid for is never asked for again. */
export function callStore(db: Database, repository: number): CallStore {
  return {
    async get(key) {
      const row = await db.selectFrom("answers").select("answer").where("key", "=", key).executeTakeFirst();
      return row?.answer ?? null;
    },
    async put(key, answer) {
      await db
        .insertInto("answers")
        .values({ key, answer, repository })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },
  };
}
