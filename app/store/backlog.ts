import { sql, type Transaction } from "kysely";
import { SallyportError } from "../../core/errors.ts";
import type { Backlog } from "../settings/metrics.ts";
import type { Database, Tables } from "./database.ts";
import { readinessId } from "./deliveries.ts";

/**
 * Counts what waits: jobs by queue, effects, entries that are not on their branch. Fails with `bad-input` on a database
 * that no service has used yet: the queue's own tables are not there.
 */
export async function readBacklog(db: Database): Promise<Backlog> {
  const { rows: tables } = await sql<{ job: string | null }>`select to_regclass('pgboss.job')::text as job`.execute(db);
  if (tables[0]?.job == null)
    throw new SallyportError("bad-input", "no service has run on this database yet: start `sallyport serve` first");
  const { rows: queues } = await sql<Backlog["queues"][number]>`
    select name as queue,
      (count(*) filter (where state in ('created', 'retry')))::int as waiting,
      (count(*) filter (where state = 'active'))::int as active,
      coalesce(extract(epoch from now() - min(greatest(created_on, start_after))
        filter (where state in ('created', 'retry') and start_after <= now())), 0)::float as oldest
    from pgboss.job where state in ('created', 'retry', 'active') group by name order by name`.execute(db);
  const outbox = await db
    .selectFrom("effects")
    .select(({ fn }) => [
      fn.countAll<number>().filterWhere("status", "in", ["todo", "doing"]).as("open"),
      fn.countAll<number>().filterWhere(isGivenUp).as("failed"),
      oldestDue.as("oldest"),
    ])
    .where("status", "<>", "done")
    .executeTakeFirstOrThrow();
  const { entries } = await db
    .selectFrom("chains")
    .leftJoin("exports", "exports.repository", "chains.repository")
    .select(sql<number>`coalesce(sum(chains.seq - coalesce(exports.seq, 0)), 0)::int`.as("entries"))
    .executeTakeFirstOrThrow();
  return {
    queues,
    outbox: { open: Number(outbox.open), failed: Number(outbox.failed), oldest: outbox.oldest },
    unpublished: entries,
  };
}

/**
 * Makes jobs of a queue that wait already as urgent as somebody asks for them now: a sweep may have asked before. One
 * that is being fetched, or made urgent by somebody else, is left alone.
 */
export async function hurryJobs(
  db: Database | Transaction<Tables>,
  queue: string,
  jobs: readonly { key: string; priority: number }[],
): Promise<void> {
  if (jobs.length === 0) return;
  const [keys, priorities] = [jobs.map(({ key }) => key), jobs.map(({ priority }) => priority)];
  await sql`
    with waiting as (
      select found.id, asked.priority
      from unnest(${keys}::text[], ${priorities}::integer[]) as asked (key, priority), lateral (
        select id from pgboss.job
        where name = ${queue} and singleton_key = asked.key and state < 'active' and job.priority < asked.priority
        offset 0 for update skip locked) as found
    )
    update pgboss.job set priority = waiting.priority, data = job.data - 'isSwept'
    from waiting where job.name = ${queue} and job.id = waiting.id`.execute(db);
}

/** An effect that was given up: after how many tries, and why. */
export type GivenUp = { key: string; type: string; subject: string; tries: number; code: string; message: string };

/** Failed, and not because somebody stopped the work that it was for. */
const isGivenUp = sql<boolean>`status = 'failed' and result not like '{"code":"cancelled"%'`;

/** How many seconds the oldest due effect has waited. */
const oldestDue = sql<number>`coalesce(extract(epoch from now() - min(not_before)
  filter (where status in ('todo', 'doing') and not_before <= now())), 0)::float`;

/** The effects that were given up, the newest first, at most so many; of some repositories, if they are named. */
export async function readGivenUp(
  db: Database,
  most: number,
  repositories?: readonly number[],
): Promise<(GivenUp & { repository: number })[]> {
  if (repositories?.length === 0) return [];
  const all = db.selectFrom("effects").select(["key", "type", "subject", "tries", "result", "repository"]);
  const rows = await (repositories === undefined ? all : all.where("repository", "in", repositories))
    .where("status", "<>", "done")
    .where(isGivenUp)
    .orderBy("id", "desc")
    .limit(most)
    .execute();
  return rows.map(({ result, ...row }) => {
    // Only the outbox writes it.
    const { code, message }: { code: string; message: string } = JSON.parse(result ?? "{}");
    return { ...row, repository: Number(row.repository), code, message };
  });
}

/** How far one repository is; `searched` null: the sweep never came. */
export type Progress = {
  repository: number;
  entries: number;
  unpublished: number;
  searched: Date | null;
  open: number;
  failed: number;
  /** How long the oldest due effect has waited, in seconds. */
  oldest: number;
};

/** How far each of these repositories is that has a ledger or was searched. */
export async function readProgress(db: Database, repositories: readonly number[]): Promise<Progress[]> {
  if (repositories.length === 0) return [];
  const effects = db
    .selectFrom("effects")
    .select(({ fn }) => [
      "repository",
      fn.countAll<number>().filterWhere("status", "in", ["todo", "doing"]).as("open"),
      fn.countAll<number>().filterWhere(isGivenUp).as("failed"),
      oldestDue.as("oldest"),
    ])
    .where("status", "<>", "done")
    .where("repository", "in", repositories)
    .groupBy("repository")
    .as("effects");
  const repository = sql<number>`coalesce(chains.repository, searches.repository)`;
  const rows = await db
    .selectFrom("searches")
    .fullJoin("chains", "chains.repository", "searches.repository")
    .leftJoin("exports", "exports.repository", "chains.repository")
    .leftJoin(effects, (join) => join.on(sql<boolean>`effects.repository = ${repository}`))
    .select([
      repository.as("repository"),
      "searches.at as searched",
      sql<number>`coalesce(chains.seq, 0)`.as("entries"),
      sql<number>`coalesce(chains.seq, 0) - coalesce(exports.seq, 0)`.as("unpublished"),
      sql<number>`coalesce(effects.open, 0)::int`.as("open"),
      sql<number>`coalesce(effects.failed, 0)::int`.as("failed"),
      sql<number>`coalesce(effects.oldest, 0)`.as("oldest"),
    ])
    .where(repository, "in", repositories)
    .execute();
  return rows.map((row) => ({ ...row, repository: Number(row.repository) }));
}

/** When the last delivery of GitHub's was taken in; null: none is remembered. */
export async function lastDelivery(db: Database): Promise<Date | null> {
  const { at } = await db
    .selectFrom("deliveries")
    .select(({ fn }) => fn.max("received_at").as("at"))
    .where("guid", "<>", readinessId)
    .executeTakeFirstOrThrow();
  return at === null ? null : new Date(at);
}

/** An effect that waits for its time: until when, and why. */
export type Delayed = { key: string; until: Date; why: string };

/** The effects that wait for their time, the next one first, at most so many. */
export async function readDelayed(db: Database, most: number): Promise<Delayed[]> {
  const rows = await db
    .selectFrom("effects")
    .select(["key", "not_before", "waits"])
    .where("status", "in", ["todo", "doing"])
    .where("not_before", ">", sql<Date>`now()`)
    .orderBy("not_before")
    .limit(most)
    .execute();
  return rows.map(({ key, not_before: until, waits }) => ({ key, until: new Date(until), why: waits ?? "" }));
}

/**
 * Makes effects that were given up be tried again; the next sweep finds them. Returns their keys. A model's work is not
 * among them: its end is in the ledger, and `/retry` on the issue begins it anew.
 */
export async function retryGivenUp(db: Database, keys: readonly string[] | "all"): Promise<string[]> {
  const update = db
    .updateTable("effects")
    .set({ status: "todo", tries: 0, result: null, not_before: sql`now()` })
    .where(isGivenUp)
    .where("lane", "like", "github/%");
  const chosen = keys === "all" ? update : update.where("key", "in", [...keys]);
  const rows = await chosen.returning("key").execute();
  return rows.map(({ key }) => key);
}
