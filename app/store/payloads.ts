import type { Transaction } from "kysely";
import type { CallStore } from "../agents/run.ts";
import { type Database, type Tables, transact } from "./database.ts";

/** How many digests one statement names: databases limit the parameters of a statement. */
const batchSize = 500;

/** The bodies among these that are stored, and were not stored again since a time. */
export async function storedBefore(db: Database, digests: readonly string[], moment: Date): Promise<string[]> {
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

/** Deletes bodies, except those stored again since that time: an entry is about to name them. */
export async function dropBodies(db: Database, digests: readonly string[], moment: Date): Promise<void> {
  for (let at = 0; at < digests.length; at += batchSize) {
    await db
      .deleteFrom("bodies")
      .where("sha256", "in", digests.slice(at, at + batchSize))
      .where("stored_at", "<", moment)
      .execute();
  }
}

/**
 * Deletes one repository's raw model answers, and the steps of its agents, that are older than a time; a deleted answer
 * would be asked for again.
 */
export async function dropAnswers(db: Database, repository: number, moment: Date): Promise<void> {
  await db.deleteFrom("steps").where("repository", "=", repository).where("at", "<", moment).execute();
  await db.deleteFrom("answers").where("repository", "=", repository).where("stored_at", "<", moment).execute();
}

/** The other repositories with a ledger in the store: bodies are shared by their content. */
export async function otherChains(db: Database, repository: number): Promise<number[]> {
  const rows = await db.selectFrom("chains").select("repository").where("repository", "!=", repository).execute();
  return rows.map((row) => Number(row.repository));
}

/**
 * Stored answers of model calls, so that a paid answer is never asked for again. `mayStore` fails when the work is no
 * longer its caller's: after another worker took a run over, it is that one's answers that count.
 */
export function callStore(
  db: Database,
  repository: number,
  mayStore: (trx: Transaction<Tables>) => Promise<void>,
): CallStore {
  return {
    async get(key) {
      const row = await db.selectFrom("answers").select("answer").where("key", "=", key).executeTakeFirst();
      return row?.answer ?? null;
    },
    async put(key, answer) {
      await transact(db, async (trx) => {
        await mayStore(trx);
        await trx
          .insertInto("answers")
          .values({ key, answer, repository })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      });
    },
  };
}
