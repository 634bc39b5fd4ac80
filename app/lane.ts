import { sql } from "kysely";
import { type Effect, type EffectResult, type Subject, subjectOf } from "../core/effects.ts";
import { SallyportError } from "../core/errors.ts";
import type { Database } from "./database.ts";
import { takeLease } from "./leases.ts";
import type { Enqueue } from "./store.ts";

/** One open effect as the lane hands it to the performer. */
type Open = { id: number; effect: Effect; repository: number; subject: Subject; tries: number };

/** After so many failed tries an effect is given up and the subject shows why. */
const mostTries = 8;

/**
 * Performs a lane's open effects, oldest first: intent, call, completion. An effect that has to wait holds back only
 * the later ones of its own subject. Gives the seconds until the next try, or null when nothing is left.
 */
export async function drainLane(
  db: Database,
  lane: string,
  tools: {
    perform(effect: Effect, repository: number): Promise<EffectResult>;
    enqueue: Enqueue;
    now: () => Date;
  },
): Promise<number | null> {
  await takeLease(db, lane);
  for (;;) {
    const open = await nextOpen(db, lane);
    if (open === null) return secondsToNext(db, lane, tools.now());
    if (open.tries >= mostTries) {
      // Each try ended with the process, so nobody was there to count it: one more would as well.
      const message = `it was begun ${open.tries} times, and the service ended before it did`;
      await finish(db, open, { status: "failed", stored: { code: "internal", message } }, tools.enqueue);
      continue;
    }
    await db
      .updateTable("effects")
      .set({ status: "doing", tries: open.tries + 1 })
      .where("id", "=", open.id)
      .execute();
    let result: EffectResult;
    try {
      result = await tools.perform(open.effect, open.repository);
    } catch (error) {
      await postpone(db, open, error, tools);
      continue;
    }
    await finish(
      db,
      open,
      { status: "done", stored: result.type === "none" ? null : { result } },
      tools.enqueue,
    );
  }
}

async function nextOpen(db: Database, lane: string): Promise<Open | null> {
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

/**
 * Effects that only show what was decided already. No decision waits for one that is done; whatever changed meanwhile has
 * an event of its own.
 */
const shows: ReadonlySet<Effect["type"]> = new Set(["ensure-check", "ensure-sticky"]);

/** Only the try that is under way may end it: an effect asked for again meanwhile stays to be done. */
async function finish(
  db: Database,
  open: Open,
  end: { status: "done" | "failed"; stored: unknown },
  enqueue: Enqueue,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await trx
      .updateTable("effects")
      .set({ status: end.status, result: end.stored === null ? null : JSON.stringify(end.stored) })
      .where("id", "=", open.id)
      .where("status", "=", "doing")
      .execute();
    if (end.status === "failed" || !shows.has(open.effect.type)) await enqueue.look(trx, open.subject);
  });
}

async function postpone(
  db: Database,
  open: Open,
  error: unknown,
  tools: { enqueue: Enqueue; now: () => Date },
): Promise<void> {
  const known =
    error instanceof SallyportError
      ? error
      : new SallyportError("internal", String(error), { cause: error, retry: true });
  if (!known.retry || open.tries + 1 >= mostTries) {
    await finish(
      db,
      open,
      { status: "failed", stored: { code: known.code, message: known.message } },
      tools.enqueue,
    );
    return;
  }
  const backoff = new Date(tools.now().getTime() + 1_000 * 2 ** open.tries);
  const due = known.notBefore === undefined || known.notBefore < backoff ? backoff : known.notBefore;
  await db
    .updateTable("effects")
    .set({ status: "todo", not_before: due })
    .where("id", "=", open.id)
    .where("status", "=", "doing")
    .execute();
}

async function secondsToNext(db: Database, lane: string, now: Date): Promise<number | null> {
  const row = await db
    .selectFrom("effects")
    .select(({ fn }) => fn.min("not_before").as("due"))
    .where("lane", "=", lane)
    .where("status", "in", ["todo", "doing"])
    .executeTakeFirst();
  if (row?.due === null || row?.due === undefined) return null;
  return Math.max(1, Math.ceil((new Date(row.due).getTime() - now.getTime()) / 1_000));
}
