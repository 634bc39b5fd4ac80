import type { TypedEntry } from "../../core/entries.ts";
import { carryOn, noStanding, type Standing } from "../../core/repository/standing.ts";

/** Where a repository stands after these entries. */
export function standingAfter(entries: readonly TypedEntry[]): Standing {
  const standing = noStanding();
  for (const entry of entries) carryOn(standing, entry);
  return standing;
}
