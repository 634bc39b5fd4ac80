import { exportedUpTo, headOf, linesFrom, noteExported } from "./chain.ts";
import type { Database } from "./database.ts";
import type { Chain } from "./export.ts";
import { getBody } from "./store.ts";

/** A repository's chain as the store holds it, for the exporter. */
export function storedChain(
  db: Database,
  repository: number,
  more: Pick<Chain, "secrets" | "ourselves">,
): Chain {
  return {
    repository,
    head: () => headOf(db, repository),
    lines: (from, to) => linesFrom(db, repository, from, to),
    body: (sha256) => getBody(db, sha256),
    exported: {
      get: () => exportedUpTo(db, repository),
      set: (exported) => noteExported(db, repository, exported),
    },
    ...more,
  };
}

/** Whether all that is recorded was seen on the evidence branch. A branch that was never compared counts as lacking. */
export async function isPublished(db: Database, repository: number): Promise<boolean> {
  const head = await headOf(db, repository);
  if (head === null) return true;
  const exported = await exportedUpTo(db, repository);
  return exported !== null && exported.seq >= head.seq;
}
