import type { Objects } from "../../collect/objects.ts";
import type { Change } from "../../core/facts.ts";
import type { Known } from "../../core/known.ts";

/** The changes between two commits with their counts, whatever a policy asks for. */
export async function countedChanges(objects: Objects, before: string, after: string): Promise<Known<Change[]>> {
  const changes = await objects.changes(before, after);
  return changes.known ? objects.count(changes.value) : changes;
}
