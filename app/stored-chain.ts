import { headOf, linesFrom } from "./chain.ts";
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
      async get() {
        const row = await db
          .selectFrom("exports")
          .select(["commit", "tree", "seq"])
          .where("repository", "=", repository)
          .executeTakeFirst();
        return row ?? null;
      },
      async set(exported) {
        await db
          .insertInto("exports")
          .values({ repository, ...exported })
          .onConflict((conflict) => conflict.column("repository").doUpdateSet(exported))
          .execute();
      },
    },
    ...more,
  };
}
