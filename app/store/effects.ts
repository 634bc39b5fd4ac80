import { sql, type Transaction, type UpdateObject } from "kysely";
import { type Effect, type EffectOutcome, type EffectResult, writeOrder } from "../../core/effects.ts";
import type { Draft, TypedEntry } from "../../core/entries.ts";
import { SallyportError } from "../../core/errors.ts";
import { effectKey } from "../../core/identifiers.ts";
import { type Subject, subjectKey, subjectOf } from "../../core/subject.ts";
import { type Database, type Tables, withoutNul } from "./database.ts";
import { isHeld, type Lease, requireLease, whileHeld } from "./leases.ts";

type Trx = Transaction<Tables>;

/** An effect that is still to do, or whose last try was interrupted; `tries` counts the started ones. */
export type OpenEffect = {
  id: number;
  effect: Effect;
  repository: number;
  subject: Subject;
  tries: number;
  due: Date;
  cause: string | null;
};

/** How an effect ended. */
export type EffectEnd = Exclude<EffectOutcome, { status: "waiting" }>;

/**
 * The next due effect of an ordering key: by the order of writes, then the oldest, and none with an earlier open one of
 * its subject. A verdict waits for no other effect, and none waits until a stranger is told.
 */
export async function nextOpenEffect(db: Database, lane: string): Promise<OpenEffect | null> {
  const row = await db
    .selectFrom("effects as e")
    .select(["id", "payload", "repository", "subject", "tries", "not_before", "cause"])
    .where("lane", "=", lane)
    .where("status", "in", ["todo", "doing"])
    .where("not_before", "<=", sql<Date>`now()`)
    .where(({ eb, or, not, exists, selectFrom }) =>
      or([
        eb("e.type", "in", writeOrder.first),
        not(
          exists(
            selectFrom("effects as earlier")
              .select("earlier.id")
              .whereRef("earlier.subject", "=", "e.subject")
              .whereRef("earlier.lane", "=", "e.lane")
              .whereRef("earlier.id", "<", "e.id")
              .where("earlier.status", "in", ["todo", "doing"])
              .where("earlier.type", "not in", writeOrder.last),
          ),
        ),
      ]),
    )
    .orderBy((eb) =>
      eb
        .case()
        .when("e.type", "in", writeOrder.first)
        .then(0)
        .when("e.type", "in", writeOrder.talk)
        .then(2)
        .when("e.type", "in", writeOrder.last)
        .then(3)
        .else(1)
        .end(),
    )
    .orderBy("id")
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return null;
  // The store itself wrote both in this form.
  const effect: Effect = JSON.parse(row.payload);
  const subject = subjectOf(row.subject);
  if (subject === null) throw new SallyportError("internal", `an effect has no subject: ${row.subject}`);
  return {
    id: Number(row.id),
    effect,
    repository: Number(row.repository),
    subject,
    tries: row.tries,
    due: new Date(row.not_before),
    cause: row.cause,
  };
}

/**
 * Counts a try before it starts, so that a try that ends the process is counted too. Gives the effect as it was asked
 * for last: that may have been after it was found. Null: somebody stopped it meanwhile. Fails with `lease-lost` when
 * another worker took over: it begins the effect itself.
 */
export async function beginEffect(db: Database, open: OpenEffect, lease: Lease): Promise<OpenEffect | null> {
  const [begun] = await db
    .updateTable("effects")
    .set({ status: "doing", tries: sql<number>`tries + 1`, waits: null })
    .where("id", "=", open.id)
    .where("status", "in", ["todo", "doing"])
    .where(whileHeld(lease))
    .returning(["payload", "tries", "cause"])
    .execute();
  if (begun === undefined) {
    await requireLease(db, lease);
    return null;
  }
  return { ...open, effect: JSON.parse(begun.payload), tries: begun.tries - 1, cause: begun.cause };
}

/**
 * Records how an effect ended, but only if its try is still current: an effect requested again meanwhile stays to do.
 * Fails with `lease-lost` when another worker took over.
 */
export async function endEffect(db: Database | Trx, id: number, end: EffectEnd, lease: Lease): Promise<void> {
  await setIfDoing(db, id, { status: end.status, result: resultText(end) }, lease);
}

/** Changes an effect that is being done, by whoever holds the lease. */
async function setIfDoing(
  db: Database | Trx,
  id: number,
  values: UpdateObject<Tables, "effects">,
  lease: Lease,
): Promise<void> {
  const changed = await db
    .updateTable("effects")
    .set(values)
    .where("id", "=", id)
    .where("status", "=", "doing")
    .where(whileHeld(lease))
    .returning("id")
    .execute();
  if (changed.length === 0) await requireLease(db, lease);
}

/** The end of an effect that somebody stopped, as it is stored. */
const cancelled = {
  status: "failed",
  result: JSON.stringify({ code: "cancelled", message: "it was stopped" }),
} as const;

/** Whether a key is this one or continues it after a `/`: `R0/S1` is no part of `R0/S10`. */
const isWithin = (keys: string) =>
  sql<boolean>`(key = ${keys} or key like ${keys === "" || keys.endsWith("/") ? `${keys}%` : `${keys}/%`})`;

/**
 * Gives up the open effects of a key and below it, and gives them: nobody waits for their results any more. Whoever
 * performs one sees it by `isOurs`, in this process or in another.
 */
export async function cancelEffects(trx: Trx, repository: number, keys: string): Promise<Effect[]> {
  const given = await trx
    .updateTable("effects")
    .set(cancelled)
    .where("repository", "=", repository)
    .where(isWithin(keys))
    .where("status", "in", ["todo", "doing"])
    .returning("payload")
    .execute();
  return given.map(({ payload }) => JSON.parse(payload));
}

/** Gives up the open effects that nobody waits for once an entry is recorded, and gives those of models. */
export async function endWork(trx: Trx, repository: number, entry: Draft | TypedEntry): Promise<Effect[]> {
  const writes = entry.kind === "run.closed" ? effectKey.writes(repository, entry.body.run) : [];
  for (const keys of writes) await cancelUnbegun(trx, repository, keys);
  const work = endedWork(entry, repository);
  return work === null ? [] : cancelEffects(trx, repository, work);
}

/** Whether a repository has an effect that is still to do. */
export async function hasOpenEffects(trx: Trx, repository: number): Promise<boolean> {
  const open = trx.selectFrom("effects").select("id").where("repository", "=", repository);
  return (await open.where("status", "in", ["todo", "doing"]).limit(1).execute()).length > 0;
}

/** The key of the model's work that an entry ends, with all below it, by its own answer too; null: it ends none. */
function endedWork({ kind, body }: Draft | TypedEntry, repository: number): string | null {
  if (kind === "run.closed") return effectKey.agents(repository, body.run);
  if (kind === "attempt.closed") return effectKey.agent(repository, body);
  if (kind === "advice.given") return effectKey.advice(repository, body);
  const isPlan = kind === "plan.proposed" || kind === "plan.failed";
  return isPlan ? effectKey.plan(repository, body.story, body.request) : null;
}

/**
 * Gives up the writes below a key that no try was ever made of. One that was begun may have reached GitHub,
 * and its outcome is waited for.
 */
async function cancelUnbegun(trx: Trx, repository: number, keys: string): Promise<void> {
  await trx
    .updateTable("effects")
    .set(cancelled)
    .where("repository", "=", repository)
    .where(isWithin(keys))
    .where("status", "=", "todo")
    .where("tries", "=", 0)
    .execute();
}

/** Whether an effect is still to do by the holder of a lease: nobody stopped it, and no other worker took it over. */
export async function isOurs(db: Database, key: string, lease: Lease): Promise<boolean> {
  return (await isOpenEffect(db, key)) && (await isHeld(db, lease));
}

/** Whether an effect is still to do, or being done. */
export async function isOpenEffect(db: Database, key: string): Promise<boolean> {
  return (await openEffect(db, key)) !== null;
}

/** An effect that is still to do, or being done; null: it is neither. */
export async function openEffect(db: Database, key: string): Promise<Effect | null> {
  const row = await db.selectFrom("effects").select(["status", "payload"]).where("key", "=", key).executeTakeFirst();
  // The store itself wrote the text.
  return row?.status === "todo" || row?.status === "doing" ? JSON.parse(row.payload) : null;
}

/** Where an effect stands: whether a worker has begun it, when it is due, and what came of it. */
export type EffectState = { isBegun: boolean; due: Date; outcome: EffectOutcome };

/** Where one effect stands; null: nobody has asked for it. */
export async function readEffect(db: Database, key: string): Promise<EffectState | null> {
  const row = await db
    .selectFrom("effects")
    .select(["status", "not_before", "result", "waits"])
    .where("key", "=", key)
    .executeTakeFirst();
  if (row === undefined) return null;
  return { isBegun: row.status === "doing", due: new Date(row.not_before), outcome: outcomeOf(row) };
}

/** Leaves an effect to be tried again, no earlier than a time, and why; `tries` are those that count so far. */
export async function postponeEffect(
  db: Database,
  { id, tries }: Pick<OpenEffect, "id" | "tries">,
  { due, why }: { due: Date; why: string },
  lease: Lease,
): Promise<void> {
  await setIfDoing(db, id, { status: "todo", not_before: due, tries, waits: withoutNul(why) }, lease);
}

/** Lets an effect that was not begun wait until a time. */
export async function delayEffect(db: Database, id: number, { due, why }: { due: Date; why: string }): Promise<void> {
  await db
    .updateTable("effects")
    .set({ not_before: due, waits: why })
    .where("id", "=", id)
    .where("status", "in", ["todo", "doing"])
    .execute();
}

/** The ordering keys of a repository that have due effects. */
export async function dueOrderingKeys(db: Database, repository: number): Promise<string[]> {
  const rows = await db
    .selectFrom("effects")
    .select("lane")
    .distinct()
    .where("repository", "=", repository)
    .where("status", "in", ["todo", "doing"])
    .where("not_before", "<=", sql<Date>`now()`)
    .execute();
  return rows.map(({ lane }) => lane);
}

/** When the next effect of an ordering key is due; null if nothing is left. */
export async function nextDue(db: Database, lane: string): Promise<Date | null> {
  const row = await db
    .selectFrom("effects")
    .select(({ fn }) => fn.min("not_before").as("due"))
    .where("lane", "=", lane)
    .where("status", "in", ["todo", "doing"])
    .executeTakeFirst();
  return row?.due === null || row?.due === undefined ? null : new Date(row.due);
}

/** The outcomes of a subject's effects, by key. */
export async function outcomesOf(db: Database, subject: Subject): Promise<Map<string, EffectOutcome>> {
  const rows = await db
    .selectFrom("effects")
    .select(["key", "status", "result", "waits"])
    .where("subject", "=", subjectKey(subject))
    .execute();
  return new Map(rows.map((row) => [row.key, outcomeOf(row)]));
}

/** The stored text of an end; null if there is nothing to store besides the status. `outcomeOf` reads it back. */
function resultText(end: EffectEnd): string | null {
  if (end.status === "failed") return JSON.stringify({ code: end.code, message: end.message });
  return end.result.type === "none" ? null : JSON.stringify({ result: end.result });
}

function outcomeOf(row: { status: string; result: string | null; waits: string | null }): EffectOutcome {
  if (row.result === null) {
    if (row.status === "done") return { status: "done", result: { type: "none" } };
    return row.waits === null ? { status: "waiting" } : { status: "waiting", why: row.waits };
  }
  // Only `resultText` above writes it.
  const stored: { result: EffectResult } | { code: string; message: string } = JSON.parse(row.result);
  if ("result" in stored) return { status: "done", result: stored.result };
  return { status: "failed", code: stored.code, message: stored.message };
}
