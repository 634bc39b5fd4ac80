import { sql, type Transaction } from "kysely";
import {
  type Effect,
  type EffectOutcome,
  type EffectResult,
  type Subject,
  subjectKey,
  subjectOf,
} from "../../core/effects.ts";
import { SallyportError } from "../../core/errors.ts";
import type { Database, Tables } from "./database.ts";

/** An effect that is still to be done, or whose last try was cut off; `tries` are those that were begun. */
export type OpenEffect = { id: number; effect: Effect; repository: number; subject: Subject; tries: number };

/** How an effect ended. */
export type EffectEnd = Exclude<EffectOutcome, { status: "waiting" }>;

/** The next effect of a lane that is due: the oldest, and never one with an earlier one of its subject before it. */
export async function nextOpenEffect(db: Database, lane: string): Promise<OpenEffect | null> {
  const row = await db
    .selectFrom("effects as e")
    .select(["id", "payload", "repository", "subject", "tries"])
    .where("lane", "=", lane)
    .where("status", "in", ["todo", "doing"])
    .where("not_before", "<=", sql<Date>`now()`)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("effects as earlier")
            .select("earlier.id")
            .whereRef("earlier.subject", "=", "e.subject")
            .whereRef("earlier.lane", "=", "e.lane")
            .whereRef("earlier.id", "<", "e.id")
            .where("earlier.status", "in", ["todo", "doing"]),
        ),
      ),
    )
    .orderBy("id")
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return null;
  // Both were written by the store in this very form.
  const effect: Effect = JSON.parse(row.payload);
  const subject = subjectOf(row.subject);
  if (subject === null) throw new SallyportError("internal", `an effect has no subject: ${row.subject}`);
  return {
    id: Number(row.id),
    effect,
    repository: Number(row.repository),
    subject,
    tries: row.tries,
  };
}

/** Counts a try before it is made, so that one with which the process ends is counted too. */
export async function beginEffect(db: Database, { id, tries }: OpenEffect): Promise<void> {
  await db
    .updateTable("effects")
    .set({ status: "doing", tries: tries + 1 })
    .where("id", "=", id)
    .execute();
}

/** Notes how an effect ended. Only the try that is under way may: an effect asked for again meanwhile stays to be done. */
export async function endEffect(trx: Transaction<Tables>, id: number, end: EffectEnd): Promise<void> {
  await trx
    .updateTable("effects")
    .set({ status: end.status, result: resultText(end) })
    .where("id", "=", id)
    .where("status", "=", "doing")
    .execute();
}

/** Leaves an effect to be tried again, not before a time. */
export async function postponeEffect(db: Database, id: number, due: Date): Promise<void> {
  await db
    .updateTable("effects")
    .set({ status: "todo", not_before: due })
    .where("id", "=", id)
    .where("status", "=", "doing")
    .execute();
}

/** When the next effect of a lane is due; null: nothing is left. */
export async function nextDue(db: Database, lane: string): Promise<Date | null> {
  const row = await db
    .selectFrom("effects")
    .select(({ fn }) => fn.min("not_before").as("due"))
    .where("lane", "=", lane)
    .where("status", "in", ["todo", "doing"])
    .executeTakeFirst();
  return row?.due === null || row?.due === undefined ? null : new Date(row.due);
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

/** What is stored of an end; null where there is only the fact that it is done. `outcomeOf` reads it back. */
function resultText(end: EffectEnd): string | null {
  if (end.status === "failed") return JSON.stringify({ code: end.code, message: end.message });
  return end.result.type === "none" ? null : JSON.stringify({ result: end.result });
}

function outcomeOf(row: { status: string; result: string | null }): EffectOutcome {
  if (row.result === null)
    return row.status === "done" ? { status: "done", result: { type: "none" } } : { status: "waiting" };
  // Written by `resultText` above and by nobody else.
  const stored: { result: EffectResult } | { code: string; message: string } = JSON.parse(row.result);
  if ("result" in stored) return { status: "done", result: stored.result };
  return { status: "failed", code: stored.code, message: stored.message };
}
