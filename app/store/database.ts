import { type ColumnType, type Generated, Kysely, PGliteDialect, PostgresDialect, sql, type Transaction } from "kysely";
import pg from "pg";
import { type ConstructorOptions, fromPglite } from "pg-boss";
import type { Overview } from "../../core/decision.ts";
import { messageOf, SallyportError } from "../../core/errors.ts";
import { openEmbedded, watchEnd } from "./embedded.ts";

/** A time that the database sets by default: read and written as a Date. */
type Timestamp = ColumnType<Date, Date | undefined, Date>;

/** The service's tables. All of them can be rebuilt from GitHub and the ledger, so none is a source of truth. */
export type Tables = {
  deliveries: { guid: string; event: string; received_at: Timestamp };
  /** `indexed`: up to which entry `entry_keys` has what version `index_version` finds entries by. */
  chains: {
    repository: number;
    seq: number;
    hash: string | null;
    indexed: Generated<number>;
    index_version: Generated<number>;
  };
  entries: { repository: number; seq: number; hash: string; kind: string; line: string };
  entry_keys: { repository: number; key: string; seq: number };
  folds: { repository: number; name: string; seq: number; state: string };
  overviews: {
    repository: number;
    kind: "issue" | "pull";
    number: number;
    since: Timestamp;
  } & Overview;
  exports: { repository: number; commit: string; tree: string; seq: number };
  bodies: { sha256: string; media_type: string; bytes: Uint8Array; stored_at: Timestamp };
  answers: { key: string; answer: string; stored_at: Timestamp; repository: number | null };
  steps: {
    effect: string;
    number: number;
    repository: number;
    at: Timestamp;
    line: string;
    path: string | null;
    patch: string | null;
    usage: string | null;
  };
  spending: {
    id: Generated<number>;
    repository: number;
    effect: string;
    story: number;
    currency: string;
    micros: number;
    at: Timestamp;
  };
  leases: { subject: string; fence: Generated<number> };
  dispatches: {
    key: string;
    repository: number;
    nonce: string;
    deadline: Timestamp;
    asked: Date | null;
    run: number | null;
    bearer: string | null;
    cancelled: Date | null;
    spent: string | null;
  };
  searches: { repository: number; at: Timestamp };
  limits: { installation: number; use: "read" | "write" | "sweep"; until: Date };
  effects: {
    id: Generated<number>;
    key: string;
    repository: number;
    subject: string;
    lane: string;
    type: string;
    payload: string;
    status: "todo" | "doing" | "done" | "failed";
    tries: Generated<number>;
    not_before: Timestamp;
    result: string | null;
    cause: string | null;
    waits: string | null;
  };
};

export type Database = Kysely<Tables>;

/** What is done when a transaction is over, and others see what it wrote. */
const afterCommits = new WeakMap<Transaction<Tables>, (() => void)[]>();

/** Does work in a transaction, all of it or nothing; then what was left for its end (`afterCommit`). */
export async function transact<T>(db: Database, work: (trx: Transaction<Tables>) => Promise<T>): Promise<T> {
  const after: (() => void)[] = [];
  const result = await db.transaction().execute((trx) => {
    afterCommits.set(trx, after);
    return work(trx);
  });
  for (const act of after) act();
  return result;
}

/** Does something once a transaction is over, if nothing undoes it. */
export function afterCommit(trx: Transaction<Tables>, act: () => void): void {
  const after = afterCommits.get(trx);
  if (after === undefined) throw new SallyportError("internal", "a transaction was begun without `transact`");
  after.push(act);
}

/** A text as a column can hold it: PostgreSQL's texts have no NUL, so that the sign for it stands in its place. */
export function withoutNul(text: string): string {
  return text.replaceAll("\0", "\u2400");
}

/**
 * An open database and what the job queue needs to share it. `failed` resolves with the reason when it answers nothing
 * more in this process; a server is waited for, however long it is away.
 */
export type OpenDatabase = { db: Database; queue: ConstructorOptions; failed: Promise<Error>; close(): Promise<void> };

/** Opens PostgreSQL by its URL, or the embedded one in a folder (null: in memory), and migrates its tables. */
export async function openDatabase(location: { url: string } | { folder: string | null }): Promise<OpenDatabase> {
  if ("url" in location) return openServer(location.url);
  const pglite = await openEmbedded(location.folder);
  const db = new Kysely<Tables>({ dialect: new PGliteDialect({ pglite }) });
  const failed = watchEnd(pglite);
  await migrate(db);
  let isLost = false;
  void failed.then(() => (isLost = true));
  // One that ended itself would not even close.
  const close = async () => (isLost ? undefined : db.destroy());
  return { db, queue: { db: fromPglite(pglite), backend: "pglite" }, failed, close };
}

async function openServer(url: string): Promise<OpenDatabase> {
  // A path or `socket:` leads to a server on this machine.
  if (!/^(?:\/|socket:)/.test(url) && !(/^postgres(?:ql)?:\/\//.test(url) && URL.canParse(url)))
    throw new SallyportError(
      "bad-input",
      "DATABASE_URL is no address of a PostgreSQL server: write postgres://user:password@host/name, with %2F for a slash in the password, and so on",
    );
  pg.types.setTypeParser(pg.types.builtins.INT8, Number);
  const connectTo = (limits: pg.PoolConfig) => {
    const pool = new pg.Pool({ connectionString: url, connectionTimeoutMillis, ...limits });
    // A connection that breaks while it is idle; the next query opens another one.
    pool.on("error", () => undefined);
    // The same in the middle of a transaction, whose next statement fails. Nobody listening would end the process.
    pool.on("connect", (client) => client.on("error", () => undefined));
    return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  };
  // An index of a large table takes its time.
  const migrating = connectTo({ max: 1 });
  try {
    await migrate(migrating);
  } catch (error) {
    throw new SallyportError("bad-input", `the database cannot be opened: ${messageOf(error)}`, { cause: error });
  } finally {
    await migrating.destroy();
  }
  const db = connectTo(deadlines);
  // The queue gives its own statements no time: its maintenance may take long.
  const queue = { connectionString: url, connectionTimeoutMillis };
  return { db, queue, failed: new Promise(() => undefined), close: () => db.destroy() };
}

/** How long a connection may take to come about, in milliseconds. */
const connectionTimeoutMillis = 5_000;

/**
 * The most that a call of the database may take, in milliseconds. The server ends it itself, and whoever asked waits
 * no longer even where the server says nothing.
 */
const deadlines = {
  statement_timeout: 20_000,
  query_timeout: 25_000,
  idle_in_transaction_session_timeout: 60_000,
} as const;

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
async function migrate(db: Database): Promise<void> {
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
