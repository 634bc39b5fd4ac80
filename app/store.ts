import { createHash } from "node:crypto";
import { sql, type Transaction } from "kysely";
import { digestOf } from "../core/contract.ts";
import {
  type Effect,
  type EffectOutcome,
  type EffectResult,
  repeatable,
  type Subject,
  subjectKey,
} from "../core/effects.ts";
import { type TypedEntry, typedEntry } from "../core/entries.ts";
import { SallyportError } from "../core/errors.ts";
import { appendEntry, type LedgerHead, readEntry, type Sign } from "../core/ledger.ts";
import type { Decision } from "../core/story-facts.ts";
import type { BodyRef } from "../schemas/entries.ts";
import type { AttemptGuard } from "./attempt-guard.ts";
import type { Database, Tables } from "./database.ts";
import { shareLease } from "./leases.ts";

type Trx = Transaction<Tables>;

/** What is told to the job queue inside the same transaction, so that nothing recorded waits for a lost message. */
export type Enqueue = {
  look(trx: Trx, subject: Subject, after?: number): Promise<void>;
  perform(trx: Trx, lane: string): Promise<void>;
  exportLedger(trx: Trx, repository: number): Promise<void>;
};

/** The lane an effect is performed in: writes to one repository go one after the other, long work beside them. */
export function laneOf(effect: Effect, repository: number): string {
  switch (effect.type) {
    case "run-agent":
    case "ask-planner":
      return `agent/${effect.key}`;
    case "show-backtest":
      return effect.key;
    default:
      return `github/${repository}`;
  }
}

/**
 * Records a decision in one transaction: entries appended to the chain under its lock, bodies, effects still to do, and
 * the jobs that will perform them. All of it happens or none.
 */
export async function record(
  db: Database,
  where: { subject: Subject; fence: number; repository: { id: number; name: string } },
  decision: Decision,
  tools: AppendTools & { enqueue: Enqueue },
): Promise<void> {
  const { subject, fence, repository } = where;
  await db.transaction().execute(async (trx) => {
    // Whoever holds an older fence may not record any more.
    if ((await shareLease(trx, subjectKey(subject))) !== fence) {
      throw new SallyportError(
        "lease-lost",
        `${subjectKey(subject)} was taken over by another worker; nothing was recorded`,
      );
    }
    for (const body of decision.bodies) await putBody(trx, Buffer.from(body.text), body.mediaType);
    await append(trx, repository, decision.drafts, tools);
    const lanes = new Set<string>();
    for (const effect of decision.effects) {
      const lane = laneOf(effect, repository.id);
      if (await ask(trx, effect, subject, lane)) lanes.add(lane);
    }
    for (const lane of lanes) await tools.enqueue.perform(trx, lane);
    for (const other of decision.look) await tools.enqueue.look(trx, other);
    if (decision.again !== null) await tools.enqueue.look(trx, subject, decision.again);
    if (decision.drafts.length > 0) await tools.enqueue.exportLedger(trx, repository.id);
  });
}

/** Appends entries that no look decided, such as an incident that a person at the command line takes note of. */
export async function appendEntries(
  db: Database,
  repository: { id: number; name: string },
  drafts: Decision["drafts"],
  tools: AppendTools,
): Promise<void> {
  await db.transaction().execute((trx) => append(trx, repository, drafts, tools));
}

/** What entries are signed, dated and, before that, held against the attempt protocol with. */
export type AppendTools = { sign: Sign; now: () => Date; guard: AttemptGuard };

async function append(
  trx: Trx,
  repository: { id: number; name: string },
  drafts: Decision["drafts"],
  { sign, now, guard }: AppendTools,
): Promise<void> {
  if (drafts.length === 0) return;
  let head = await lockChain(trx, repository.id);
  await guard(trx, repository.id, drafts);
  const rows: { repository: number; seq: number; hash: string; kind: string; line: string }[] = [];
  for (const draft of drafts) {
    // An in-toto statement has at least one subject: where nothing outside is meant, it is the body itself.
    const subject =
      draft.subject.length > 0
        ? draft.subject
        : [{ name: draft.kind, digest: { sha256: digestOf(draft.body) } }];
    const appended = await appendEntry(
      head,
      { ...draft, subject, repository, at: now().toISOString() },
      sign,
    );
    head = appended.head;
    rows.push({ repository: repository.id, ...appended.head, kind: draft.kind, line: appended.line });
  }
  await insertEntries(trx, repository.id, rows);
}

/** Writes an effect down as still to do. False: it is done or under way and is not one to be repeated. */
async function ask(trx: Trx, effect: Effect, subject: Subject, lane: string): Promise<boolean> {
  const row = {
    key: effect.key,
    repository: subject.repository,
    subject: subjectKey(subject),
    lane,
    type: effect.type,
    payload: JSON.stringify(effect),
    status: "todo" as const,
  };
  const insert = trx.insertInto("effects").values(row);
  const asked = repeatable.has(effect.type)
    ? await insert
        .onConflict((conflict) =>
          conflict.column("key").doUpdateSet({
            payload: row.payload,
            status: "todo",
            tries: 0,
            result: null,
            not_before: sql`now()`,
          }),
        )
        .returning("id")
        .execute()
    : await insert
        .onConflict((conflict) => conflict.column("key").doNothing())
        .returning("id")
        .execute();
  return asked.length > 0;
}

/**
 * Takes over the lines that continue a chain, verified by the caller; all of them or none. Fails with `lease-lost` when
 * an entry was appended meanwhile.
 */
export async function adoptLines(
  db: Database,
  repository: number,
  lines: readonly { seq: number; line: string }[],
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const head = await lockChain(trx, repository);
    if ((head?.seq ?? 0) + 1 !== lines[0]?.seq)
      throw new SallyportError("lease-lost", "an entry was appended while the ledger was read back");
    const rows = lines.map(({ seq, line }) => {
      const entry = readEntry(line, seq);
      if (!entry.ok) throw new SallyportError("ledger-broken", entry.problem.message);
      return { repository, seq, hash: entry.entry.hash, kind: entry.entry.kind, line };
    });
    await insertEntries(trx, repository, rows);
  });
}

/** Stores the entries that follow a chain's head, and moves the head. The chain is locked. */
async function insertEntries(
  trx: Trx,
  repository: number,
  rows: readonly { repository: number; seq: number; hash: string; kind: string; line: string }[],
): Promise<void> {
  for (let at = 0; at < rows.length; at += rowsAtOnce) {
    const batch = rows.slice(at, at + rowsAtOnce);
    const { seq, hash } = batch.at(-1) ?? { seq: 0, hash: null };
    // One statement: each costs a round trip, and most decisions record one entry.
    await trx
      .with("moved", (query) =>
        query
          .updateTable("chains")
          .set({ seq, hash })
          .where("repository", "=", repository)
          .returning("chains.seq"),
      )
      .insertInto("entries")
      .values(batch)
      .execute();
  }
}

/** How many rows one statement inserts: databases limit the parameters of a statement. */
const rowsAtOnce = 500;

/** Holds a repository's chain until the transaction ends, and gives its head. */
async function lockChain(trx: Trx, repository: number): Promise<LedgerHead> {
  const locked = await trx
    .selectFrom("chains")
    .select(["seq", "hash"])
    .where("repository", "=", repository)
    .forUpdate()
    .executeTakeFirst();
  if (locked !== undefined) return locked.hash === null ? null : { seq: locked.seq, hash: locked.hash };
  await trx
    .insertInto("chains")
    .values({ repository, seq: 0, hash: null })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return lockChain(trx, repository);
}

/** The head of a repository's chain; null while it has no entry. */
export async function headOf(db: Database, repository: number): Promise<LedgerHead> {
  const chain = await db
    .selectFrom("chains")
    .select(["seq", "hash"])
    .where("repository", "=", repository)
    .executeTakeFirst();
  return chain === undefined || chain.hash === null ? null : { seq: chain.seq, hash: chain.hash };
}

/** Stores a body under the hash of its bytes; storing it again does nothing. */
export async function putBody(db: Database | Trx, bytes: Uint8Array, mediaType: string): Promise<BodyRef> {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  await db
    .insertInto("bodies")
    .values({ sha256, media_type: mediaType, bytes })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return { sha256, bytes: bytes.byteLength, mediaType };
}

/** A stored body, or null. */
export async function getBody(db: Database, sha256: string): Promise<Uint8Array | null> {
  const row = await db.selectFrom("bodies").select("bytes").where("sha256", "=", sha256).executeTakeFirst();
  return row === undefined ? null : row.bytes;
}

/** The chain's lines from a sequence number on, oldest first. */
export async function linesFrom(
  db: Database,
  repository: number,
  seq: number,
): Promise<{ seq: number; line: string }[]> {
  return db
    .selectFrom("entries")
    .select(["seq", "line"])
    .where("repository", "=", repository)
    .where("seq", ">=", seq)
    .orderBy("seq")
    .execute();
}

/** Reads a repository's entries, each parsed once: the chain only grows, so what was read stays true. */
export function createEntryReader(db: Database): (repository: number) => Promise<TypedEntry[]> {
  const read = new Map<number, { next: number; entries: TypedEntry[] }>();
  return async (repository) => {
    const cached = read.get(repository) ?? { next: 1, entries: [] };
    const rows = await linesFrom(db, repository, cached.next);
    const fresh = rows.flatMap(({ line }) => {
      const entry = readEntry(line);
      if (!entry.ok)
        throw new SallyportError(
          "ledger-broken",
          `entry of repository ${repository} cannot be read: ${entry.problem.message}`,
        );
      return typedEntry(entry.entry) ?? [];
    });
    const all = { next: cached.next + rows.length, entries: [...cached.entries, ...fresh] };
    read.set(repository, all);
    return all.entries;
  };
}

/** How far the effects of a subject got, by key. */
export async function outcomesOf(db: Database, subject: Subject): Promise<Map<string, EffectOutcome>> {
  const rows = await db
    .selectFrom("effects")
    .select(["key", "status", "result"])
    .where("subject", "=", subjectKey(subject))
    .execute();
  return new Map(rows.map((row) => [row.key, outcomeOf(row)]));
}

function outcomeOf(row: { status: string; result: string | null }): EffectOutcome {
  if (row.result === null)
    return row.status === "done" ? { status: "done", result: { type: "none" } } : { status: "waiting" };
  // Written by `finishEffect` below and by nobody else.
  const stored: { result: EffectResult } | { code: string; message: string } = JSON.parse(row.result);
  if ("result" in stored) return { status: "done", result: stored.result };
  return { status: "failed", code: stored.code, message: stored.message };
}
