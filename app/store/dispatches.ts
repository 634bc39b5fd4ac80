import { sql } from "kysely";
import * as z from "zod";
import { AnswerRedaction, StepResult, Usage } from "../../schemas/step.ts";
import { type Database, type Tables, transact } from "./database.ts";
import type { TransactionQueue } from "./decisions.ts";

/** What the model calls of a run used, what was cut out of the answers, and why no further call passes; null: it may. */
const Spent = z.strictObject({
  usage: Usage,
  redacted: z.array(AnswerRedaction),
  ended: z
    .strictObject({
      code: StepResult.shape.code,
      message: z.string(),
      retry: z.boolean(),
      until: z.string().nullable(),
    })
    .nullable(),
});
type Spent = z.infer<typeof Spent>;

/** A run of the workflow that was asked for, or is about to be: recorded before GitHub hears of it. */
export type Dispatch = {
  /** Of the effect whose result it brings. */
  key: string;
  repository: number;
  /** 128 bits of chance in the run's name. Whoever may read the run sees it: it shows which request a result answers. */
  nonce: string;
  deadline: Date;
  /** When GitHub was asked last, by which id it knows the run, and when it was asked to cancel it. */
  asked: Date | null;
  run: number | null;
  cancelled: Date | null;
  spent: Spent | null;
};

function dispatchOf(row: Omit<Tables["dispatches"], "deadline"> & { deadline: Date }): Dispatch {
  const { key, repository, nonce, deadline, asked, run, cancelled, spent } = row;
  return {
    ...{ key, repository: Number(repository), nonce, deadline: new Date(deadline) },
    asked: asked === null ? null : new Date(asked),
    run: run === null ? null : Number(run),
    cancelled: cancelled === null ? null : new Date(cancelled),
    spent: spent === null ? null : Spent.parse(JSON.parse(spent)),
  };
}

/** The run that was asked for under a key, or by its nonce, or by the digest of its bearer token. */
export async function findDispatch(
  db: Database,
  by: "key" | "nonce" | "bearer",
  value: string,
): Promise<Dispatch | null> {
  const row = await db.selectFrom("dispatches").selectAll().where(by, "=", value).executeTakeFirst();
  return row === undefined ? null : dispatchOf(row);
}

/** Records a run that is to be asked for; one that is recorded under its key stays. */
export async function openDispatch(
  db: Database,
  fresh: Pick<Dispatch, "key" | "repository" | "nonce" | "deadline">,
): Promise<Dispatch> {
  const row = await db
    .insertInto("dispatches")
    .values({ ...fresh, asked: null, run: null, bearer: null, cancelled: null, spent: null })
    // Nothing changes, and the row comes back.
    .onConflict((conflict) => conflict.column("key").doUpdateSet({ key: fresh.key }))
    .returningAll()
    .executeTakeFirstOrThrow();
  return dispatchOf(row);
}

/** What became known of a run; the digest of its bearer token replaces an earlier one. */
export async function noteDispatch(
  db: Database,
  key: string,
  news: { asked?: Date; run?: number; bearer?: string; cancelled?: Date; spent?: Spent },
): Promise<void> {
  const { spent, ...others } = news;
  await db
    .updateTable("dispatches")
    .set({ ...others, ...(spent === undefined ? {} : { spent: JSON.stringify(spent) }) })
    .where("key", "=", key)
    .execute();
}

/** Forgets a run: its effect has ended, or is to ask anew. */
export async function dropDispatch(db: Database, key: string): Promise<void> {
  await db.deleteFrom("dispatches").where("key", "=", key).execute();
}

/** Forgets runs whose deadline passed long ago. */
export async function dropDispatches(db: Database, moment: Date): Promise<void> {
  await db.deleteFrom("dispatches").where("deadline", "<", moment).execute();
}

/** Makes the effect that waits for a run due now: GitHub told that the run is over. */
export async function wakeDispatch(
  db: Database,
  queue: Pick<TransactionQueue, "enqueueEffects">,
  repository: number,
  run: number,
): Promise<void> {
  await transact(db, async (trx) => {
    const woken = await trx
      .updateTable("effects")
      .set({ not_before: sql`now()` })
      .where("status", "=", "todo")
      .where("key", "in", (eb) =>
        eb.selectFrom("dispatches").select("key").where("repository", "=", repository).where("run", "=", run),
      )
      .returning("lane")
      .execute();
    for (const { lane } of woken) await queue.enqueueEffects(trx, lane, repository);
  });
}
