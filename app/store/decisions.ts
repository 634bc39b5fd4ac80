import { sql, type Transaction } from "kysely";
import type { Decision } from "../../core/decision.ts";
import { sha256 } from "../../core/digest.ts";
import { type Effect, repeatable } from "../../core/effects.ts";
import { effectKey } from "../../core/identifiers.ts";
import { type Subject, subjectKey } from "../../core/subject.ts";
import type { BodyRef } from "../../schemas/entry-parts.ts";
import { currentCause } from "../settings/log.ts";
import { type AppendTools, append } from "./chain.ts";
import { type Database, type Tables, transact } from "./database.ts";
import { endWork } from "./effects.ts";
import { holdLease, isHeld, lost } from "./leases.ts";
import { putOverview } from "./overviews.ts";
import type { Reading } from "./readings.ts";

type Trx = Transaction<Tables>;

/** The job queue's part of the same transaction, so that no recorded work depends on a message that can be lost. */
export type TransactionQueue = {
  enqueue(trx: Trx, subject: Subject, after?: number): Promise<void>;
  enqueueEffects(trx: Trx, orderingKey: string, repository: number): Promise<void>;
  enqueuePublish(trx: Trx, repository: number): Promise<void>;
};

/** The ordering key of an effect: writes to one repository run one after the other, long work in parallel. */
function orderingKeyOf(effect: Effect, repository: number): string {
  switch (effect.type) {
    case "run-agent":
    case "run-commands":
    case "ask-planner":
    case "ask-reviewer":
    case "open-onboarding":
    case "show-backtest":
    case "gather-report":
    // It waits between its steps, and holds back no other write.
    case "cancel-run":
      return `agent/${effect.key}`;
    default:
      return `github/${repository}`;
  }
}

/** Whether an ordering key is of long work, which never takes a worker from checks, comments and commits. */
export function isLongWork(orderingKey: string): boolean {
  return orderingKey.startsWith("agent/");
}

/**
 * Records a decision in one transaction: entries appended to the chain under its lock, bodies, open effects, and the
 * jobs that will perform them. All of it happens or none. Nothing happens where the ledger moved in what the decision
 * read (`seen`): a replay reads all that comes before an entry, and would come to another. What others recorded
 * meanwhile about other subjects does not count.
 */
export async function saveDecision(
  db: Database,
  where: { subject: Subject; fence: number; repository: { id: number; name: string }; seen: readonly Reading[] },
  decision: Decision,
  tools: AppendTools & { queue: TransactionQueue },
): Promise<"recorded" | "moved"> {
  const { subject, fence, repository, seen } = where;
  const lease = { key: subjectKey(subject), fence };
  if (isOverviewOnly(decision)) {
    const { overview } = decision;
    const isHolder = await (overview === undefined ? isHeld(db, lease) : putOverview(db, subject, overview, lease));
    if (!isHolder) throw lost(lease.key);
    return "recorded";
  }
  return transact(db, async (trx) => {
    // A reconcile with an older fence may no longer record.
    await holdLease(trx, lease);
    if (!(await append(trx, repository, decision.drafts, tools, seen))) return "moved";
    for (const body of decision.bodies) await putBody(trx, Buffer.from(body.text), body.mediaType);
    if (decision.overview !== undefined) await putOverview(trx, subject, decision.overview, lease);
    const cancelled: Effect[] = [];
    for (const draft of decision.drafts) {
      cancelled.push(...(await endWork(trx, repository.id, draft)));
    }
    const orderingKeys = new Set<string>();
    for (const effect of [...decision.effects, ...cancelled.flatMap(cancellation)]) {
      const orderingKey = orderingKeyOf(effect, repository.id);
      if (await insertEffect(trx, effect, subject, orderingKey)) orderingKeys.add(orderingKey);
    }
    for (const orderingKey of orderingKeys) await tools.queue.enqueueEffects(trx, orderingKey, repository.id);
    for (const other of decision.enqueue) await tools.queue.enqueue(trx, other);
    if (decision.requeueAfter !== null) await tools.queue.enqueue(trx, subject, decision.requeueAfter);
    if (decision.drafts.length > 0) await tools.queue.enqueuePublish(trx, repository.id);
    return "recorded";
  });
}

/** Whether nothing follows but where the subject stands, as after most looks: that needs no transaction. */
function isOverviewOnly({ drafts, bodies, effects, enqueue, requeueAfter }: Decision): boolean {
  return drafts.length + bodies.length + effects.length + enqueue.length === 0 && requeueAfter === null;
}

/** What a cancelled effect leaves to be ended elsewhere: a run on Actions goes on until somebody cancels it. */
function cancellation(effect: Effect): Effect[] {
  if (effect.type !== "run-agent" || effect.actions === undefined) return [];
  return [{ type: "cancel-run", key: effectKey.cancel(effect.key), agent: effect.key }];
}

/** Stores an effect as still to do. False if it exists already and is not repeatable. */
async function insertEffect(trx: Trx, effect: Effect, subject: Subject, orderingKey: string): Promise<boolean> {
  const row = {
    key: effect.key,
    repository: subject.repository,
    subject: subjectKey(subject),
    lane: orderingKey,
    type: effect.type,
    payload: JSON.stringify(effect),
    status: "todo" as const,
    cause: currentCause() ?? null,
  };
  const insert = trx.insertInto("effects").values(row);
  const inserted = repeatable.has(effect.type)
    ? await insert
        .onConflict((conflict) =>
          conflict.column("key").doUpdateSet({
            payload: row.payload,
            status: "todo",
            tries: 0,
            result: null,
            not_before: sql`now()`,
            cause: row.cause,
          }),
        )
        .returning("id")
        .execute()
    : await insert
        .onConflict((conflict) => conflict.column("key").doNothing())
        .returning("id")
        .execute();
  return inserted.length > 0;
}

/** Stores a body under the hash of its bytes; storing it again only updates its time. */
export async function putBody(db: Database | Trx, bytes: Uint8Array, mediaType: string): Promise<BodyRef> {
  const digest = sha256(bytes);
  await db
    .insertInto("bodies")
    .values({ sha256: digest, media_type: mediaType, bytes })
    .onConflict((conflict) => conflict.column("sha256").doUpdateSet({ stored_at: sql`now()` }))
    .execute();
  return { sha256: digest, bytes: bytes.byteLength, mediaType };
}

/** A stored body, or null. */
export async function getBody(db: Database, sha256: string): Promise<Uint8Array | null> {
  const row = await db.selectFrom("bodies").select("bytes").where("sha256", "=", sha256).executeTakeFirst();
  return row === undefined ? null : row.bytes;
}
