import { type Kysely, sql } from "kysely";

/**
 * How long a migration may wait for a table that others use, in milliseconds. Who comes after it waits behind it, and a
 * delivery has eight seconds.
 */
const lockTimeoutMs = 5_000;

/** The lock that whoever migrates holds; any number that no other program uses in this database. */
const migrationLock = 7_255_967;

/**
 * Brings the tables to the newest version, in one transaction and under a lock, so that processes that start together
 * wait for one another. Tables of a newer version are left as they are: a version only ever adds to the one before it.
 */
export async function migrate<T>(db: Kysely<T>): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(${sql.lit(migrationLock)})`.execute(trx);
    await sql`set local lock_timeout = ${sql.lit(lockTimeoutMs)}`.execute(trx);
    await sql`create table if not exists schema_version (version integer not null)`.execute(trx);
    const { rows } = await sql<{ version: number }>`select version from schema_version`.execute(trx);
    const done = rows[0]?.version ?? 0;
    for (const statement of versions.slice(done).flat()) await sql.raw(statement).execute(trx);
    if (rows.length === 0) await sql`insert into schema_version values (${versions.length})`.execute(trx);
    else if (done < versions.length) await sql`update schema_version set version = ${versions.length}`.execute(trx);
  });
}

// Tables from before there were versions hold this in part: each of its statements does nothing when it was done.
const first = [
  `create table if not exists deliveries (
     guid text primary key, event text not null, body_sha256 text not null, received_at timestamptz not null default now())`,
  // The head of each repository's chain: locked while an entry is appended, so that no two entries share a parent.
  "create table if not exists chains (repository bigint primary key, seq integer not null, hash text)",
  `create table if not exists entries (
     repository bigint not null, seq integer not null, hash text not null, kind text not null, line text not null,
     primary key (repository, seq), unique (repository, hash))`,
  // Which entries are about an issue or a pull request: older versions read it.
  `create table if not exists mentions (
     repository bigint not null, number integer not null, seq integer not null, primary key (repository, number, seq))`,
  // Where each subject stands, as it was last decided. Every list of a page is read along one of its indexes.
  `create table if not exists overviews (
     repository bigint not null, kind text not null, number integer not null, title text not null, state text not null,
     needs text, blocks text not null, step text not null, who text not null, open boolean not null, verdict text,
     since timestamptz not null default now(), primary key (repository, kind, number))`,
  "create index if not exists overviews_needed on overviews (since) where needs is not null",
  "create index if not exists overviews_stuck on overviews (since) where open and step <> ''",
  "create index if not exists overviews_listed on overviews (repository, number desc)",
  // Up to where the evidence branch last held the chain: a known commit is not compared again.
  "create table if not exists exports (repository bigint primary key, commit text not null, tree text not null, seq integer not null)",
  "create table if not exists bodies (sha256 text primary key, media_type text not null, bytes bytea not null)",
  "create table if not exists answers (key text primary key, answer text not null, stored_at timestamptz not null default now())",
  "alter table bodies add column if not exists stored_at timestamptz not null default now()",
  // Null in rows of an older version.
  "alter table answers add column if not exists repository bigint",
  "create table if not exists searches (repository bigint primary key, at timestamptz not null default now())",
  "create table if not exists leases (subject text primary key, fence bigint not null default 1)",
  `create table if not exists effects (
     id bigserial primary key, key text not null unique, repository bigint not null, subject text not null, lane text not null,
     type text not null, payload text not null, status text not null, tries integer not null default 0,
     not_before timestamptz not null default now(), result text)`,
  "create index if not exists effects_open on effects (lane, id) where status in ('todo', 'doing')",
  "create index if not exists effects_subject on effects (subject)",
];

/** What each version adds to the one before it; an older process has to be able to work on with it. */
const versions: readonly (readonly string[])[] = [
  first,
  // The delivery or job that an effect follows from; whichever job performs it logs that one.
  ["alter table effects add column if not exists cause text"],
  // What a delivery names, until it is passed on to the queue; an older process does that itself. Nobody read the hash.
  [
    "alter table deliveries add column if not exists named text",
    "alter table deliveries alter column body_sha256 drop not null",
    "create index if not exists deliveries_named on deliveries (received_at) where named is not null",
  ],
  // What an agent did so far, for whoever looks at its page.
  [
    `create table if not exists steps (
       effect text not null, number integer not null, repository bigint not null, at timestamptz not null default now(),
       line text not null, path text, patch text, usage text, primary key (effect, number))`,
    // What is not done is little, and is counted again and again.
    "create index if not exists effects_left on effects (repository) where status <> 'done'",
  ],
  // Until when GitHub wants which installation to ask nothing, and why an effect waits.
  [
    `create table if not exists limits (installation bigint not null, use text not null, until timestamptz not null,
       primary key (installation, use))`,
    "alter table effects add column if not exists waits text",
  ],
  // What each call of a model cost, or may cost while it is made.
  [
    `create table if not exists spending (
       id bigserial primary key, repository bigint not null, effect text not null, story integer not null,
       currency text not null, micros bigint not null, at timestamptz not null default now())`,
    "create index if not exists spending_of on spending (repository, currency)",
  ],
  // A ledger of any length is read by what an entry is found by, and folded on from where a fold last reached.
  [
    `create table if not exists entry_keys (
       repository bigint not null, key text not null, seq integer not null, primary key (repository, key, seq))`,
    "alter table chains add column if not exists indexed integer not null default 0",
    "alter table chains add column if not exists index_version integer not null default 0",
    `create table if not exists folds (
       repository bigint not null, name text not null, seq integer not null, state text not null,
       primary key (repository, name))`,
  ],
  // Runs of the workflow that were asked for, by the key of their effect; `spent` is what their model calls used.
  [
    `create table if not exists dispatches (
       key text primary key, repository bigint not null, nonce text not null unique, deadline timestamptz not null,
       asked timestamptz, run bigint, bearer text, cancelled timestamptz, spent text)`,
    "create index if not exists dispatches_run on dispatches (repository, run)",
    "create index if not exists dispatches_bearer on dispatches (bearer)",
  ],
  // What deliveries name that were stored together is one row. It is moved in one statement: an older process stores
  // more meanwhile, and passes it on itself unless it ends before.
  [
    "create table if not exists waiting_names (id bigserial primary key, named text not null)",
    `with beside as (select guid, named, received_at from deliveries where named is not null for update),
       moved as (update deliveries set named = null from beside where deliveries.guid = beside.guid
         returning beside.named, beside.received_at)
     insert into waiting_names (named) select '[' || named || ']' from moved order by received_at`,
  ],
  // Nobody reads ids in an order, and the order of a language takes a third of the time that storing one does.
  [`alter table deliveries alter column guid type text collate "C"`],
];
