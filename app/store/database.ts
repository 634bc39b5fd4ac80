import { type ColumnType, type Generated, Kysely, PGliteDialect, PostgresDialect, type Transaction } from "kysely";
import pg from "pg";
import { type ConstructorOptions, fromPglite } from "pg-boss";
import type { Overview } from "../../core/decision.ts";
import { messageOf, SallyportError } from "../../core/errors.ts";
import { openEmbedded, watchEnd } from "./embedded.ts";
import { migrate } from "./migrations.ts";

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
