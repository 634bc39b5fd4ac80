import { type Selectable, sql } from "kysely";
import type { Overview } from "../../core/decision.ts";
import type { Subject } from "../../core/subject.ts";
import type { Database, Tables } from "./database.ts";
import { isHeld, type Lease } from "./leases.ts";

/** Where a subject stands, and since when it stands there. */
export type OverviewRow = Selectable<Tables["overviews"]>;

/** A row of a list; it lacks the verdict, which is long. */
export type ListedRow = Omit<OverviewRow, "verdict">;

/**
 * Records where a subject stands, if the lease is held; false: somebody took it over. `since` is when its state, its need
 * or its next step last changed; an equal overview writes nothing. It is one statement, and whoever takes the lease over
 * waits for its end: of two overviews the later worker's stands.
 */
export async function putOverview(
  db: Database,
  { kind, repository, number }: Subject,
  overview: Overview,
  lease: Lease,
): Promise<boolean> {
  if (kind === "group" || kind === "repository") return isHeld(db, lease);
  const { title, state, needs, blocks, step, who, open, verdict } = overview;
  const { rows } = await sql`
    with held as (select from leases where subject = ${lease.key} and fence = ${lease.fence} for share), put as (
      insert into overviews (repository, kind, number, title, state, needs, blocks, step, who, open, verdict)
      select ${repository}::bigint, ${kind}, ${number}::integer, ${title}, ${state}, ${needs}, ${blocks}, ${step},
        ${who}, ${open}::boolean, ${verdict} from held
      on conflict (repository, kind, number) do update set (title, state, needs, blocks, step, who, open, verdict, since) = (
        excluded.title, excluded.state, excluded.needs, excluded.blocks, excluded.step, excluded.who, excluded.open,
        coalesce(excluded.verdict, overviews.verdict),
        case when (overviews.state, overviews.needs, overviews.step)
          is not distinct from (excluded.state, excluded.needs, excluded.step) then overviews.since else now() end)
      where (overviews.title, overviews.state, overviews.needs, overviews.blocks, overviews.step, overviews.who,
        overviews.open, overviews.verdict) is distinct from (excluded.title, excluded.state, excluded.needs,
        excluded.blocks, excluded.step, excluded.who, excluded.open, coalesce(excluded.verdict, overviews.verdict))
    )
    select from held`.execute(db);
  return rows.length > 0;
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
