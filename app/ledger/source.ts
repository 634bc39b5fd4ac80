import { exportedUpTo, headOf, linesFrom, noteExported } from "../store/chain.ts";
import type { Database } from "../store/database.ts";
import { getBody } from "../store/decisions.ts";
import type { ChainSource } from "./publish.ts";

/** A repository's chain as the store holds it, for publishing. */
export function chainSource(
  db: Database,
  repository: number,
  more: Pick<ChainSource, "reader" | "secrets" | "ourselves">,
): ChainSource {
  return {
    repository,
    head: () => headOf(db, repository),
    lines: (from, to) => linesFrom(db, repository, from, to),
    body: (sha256) => getBody(db, sha256),
    published: {
      get: () => exportedUpTo(db, repository),
      set: (published) => noteExported(db, repository, published),
    },
    ...more,
  };
}

/** Whether all recorded entries were found on the evidence branch; false for a branch that was never compared. */
export async function isPublished(db: Database, repository: number): Promise<boolean> {
  const head = await headOf(db, repository);
  if (head === null) return true;
  const published = await exportedUpTo(db, repository);
  return published !== null && published.seq >= head.seq;
}
