import { type Selectable, sql, type Transaction } from "kysely";
import type { Overview } from "../../core/decision.ts";
import type { Subject } from "../../core/effects.ts";
import type { Database, Tables } from "./database.ts";

/** Where a subject stands, and since when it stands there. */
export type OverviewRow = Selectable<Tables["overviews"]>;

/** A row of a list; it lacks the verdict, which is long. */
export type ListedRow = Omit<OverviewRow, "verdict">;

/**
 * Records where a subject stands. `since` is when its state, its need or its next step last changed; an equal overview
 * writes nothing.
 */
export async function putOverview(
  db: Database | Transaction<Tables>,
  { kind, repository, number }: Subject,
  overview: Overview,
): Promise<void> {
  if (kind === "group" || kind === "repository") return;
  await db
    .insertInto("overviews")
    .values({ repository, kind, number, ...overview })
    .onConflict((conflict) =>
      conflict
        .columns(["repository", "kind", "number"])
        .doUpdateSet({
          ...overview,
          verdict: sql`coalesce(excluded.verdict, overviews.verdict)`,
          since: sql`case when (overviews.state, overviews.needs, overviews.step)
            is not distinct from (excluded.state, excluded.needs, excluded.step) then overviews.since else now() end`,
        })
        .where(
          sql<boolean>`(overviews.title, overviews.state, overviews.needs, overviews.blocks, overviews.step, overviews.who,
            overviews.open, overviews.verdict) is distinct from (excluded.title, excluded.state, excluded.needs,
            excluded.blocks, excluded.step, excluded.who, excluded.open,
            coalesce(excluded.verdict, overviews.verdict))`,
        ),
    )
    .execute();
}

/** Where one subject stands; null: nothing was decided on it. */
export async function getOverview(
  db: Database,
  repository: number,
  kind: "issue" | "pull",
  number: number,
): Promise<OverviewRow | null> {
  const row = await db
    .selectFrom("overviews")
    .selectAll()
    .where("repository", "=", repository)
    .where("kind", "=", kind)
    .where("number", "=", number)
    .executeTakeFirst();
  return row ?? null;
}

/** What a list shows: `inbox`, what waits for a person's word; `stuck`, all that goes on only when somebody acts. */
export type ListFilter = {
  list: "inbox" | "stuck" | "all";
  /** The repositories that the viewer may read, or one of them. */
  repositories: readonly number[];
  kind?: "issue" | "pull" | undefined;
  state?: string | undefined;
  /** Part of the text that says who can act, such as a login. */
  who?: string | undefined;
};

/** How many rows a page of a list has. */
export const pageSize = 50;

/** One page of a list, from 1, what has waited longest first; `more`: another page follows. */
export async function listOverviews(
  db: Database,
  { list, repositories, kind, state, who }: ListFilter,
  page: number,
): Promise<{ rows: ListedRow[]; more: boolean }> {
  if (repositories.length === 0) return { rows: [], more: false };
  let query = db
    .selectFrom("overviews")
    .select(["repository", "kind", "number", "title", "state", "needs", "blocks", "step", "who", "open", "since"])
    .where("repository", "in", repositories);
  if (list === "inbox") query = query.where("needs", "is not", null).orderBy("since");
  if (list === "stuck") query = query.where("open", "=", true).where("step", "<>", "").orderBy("since");
  if (kind !== undefined) query = query.where("kind", "=", kind);
  if (state !== undefined) query = query.where("state", "=", state);
  if (who !== undefined) query = query.where(sql<boolean>`position(lower(${who}) in lower(who)) > 0`);
  const rows = await query
    .orderBy("repository")
    .orderBy("number", "desc")
    .offset((page - 1) * pageSize)
    .limit(pageSize + 1)
    .execute();
  return { rows: rows.slice(0, pageSize), more: rows.length > pageSize };
}

/** How many subjects of each repository wait for a person's word, and how many are open. */
export async function countOverviews(
  db: Database,
  repositories: readonly number[],
): Promise<{ repository: number; open: number; needed: number }[]> {
  if (repositories.length === 0) return [];
  const rows = await db
    .selectFrom("overviews")
    .select(({ fn }) => ["repository", fn.countAll<number>().as("open"), fn.count<number>("needs").as("needed")])
    .where("repository", "in", repositories)
    .where("open", "=", true)
    .groupBy("repository")
    .execute();
  return rows.map(({ repository, open, needed }) => ({
    repository: Number(repository),
    open: Number(open),
    needed: Number(needed),
  }));
}
