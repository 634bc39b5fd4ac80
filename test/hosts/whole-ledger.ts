import type { Database } from "../../app/store/database.ts";
import { batches } from "../../app/store/folds.ts";
import type { TypedEntry } from "../../core/entries.ts";

/** All entries of a repository's ledger in a store, oldest first. */
export async function wholeLedger(db: Database, repository: number): Promise<TypedEntry[]> {
  const all: TypedEntry[] = [];
  for await (const { entries } of batches(db, repository)) all.push(...entries);
  return all;
}
