import type { Effect, EffectResult } from "../../core/effects.ts";
import { type ErrorCode, SallyportError } from "../../core/errors.ts";
import { causedBy } from "../settings/log.ts";
import { effectLagSeconds } from "../settings/metrics.ts";
import { type Database, transact } from "../store/database.ts";
import { isLongWork, type TransactionQueue } from "../store/decisions.ts";
import {
  beginEffect,
  delayEffect,
  type EffectEnd,
  endEffect,
  nextDue,
  nextOpenEffect,
  type OpenEffect,
  postponeEffect,
} from "../store/effects.ts";
import { type Lease, takeLease } from "../store/leases.ts";
import type { Holder } from "./context.ts";

/** After this many failed tries an effect is given up, and its subject shows why. */
const maxTries = 8;

/**
 * Performs the open effects of an ordering key, verdicts first: intent, call, completion. A waiting effect holds back
 * only the later ones of its own subject. Returns the seconds until the next try, or null when nothing is left.
 */
export async function drainOutbox(
  db: Database,
  orderingKey: string,
  tools: {
    perform(effect: Effect, repository: number, holder: Holder): Promise<EffectResult>;
    queue: TransactionQueue;
    now: () => Date;
    /** Until when GitHub's limit holds back writes in a repository; null if no limit is known. */
    limitedUntil(repository: number): Date | null;
    /** Hears of each effect that waits, until when and why. */
    delayed(key: string, until: Date, why: string): void;
    /** Ends the work: the effect under way is told so, and none begins after it. */
    signal: AbortSignal;
  },
): Promise<number | null> {
  const { signal, queue } = tools;
  const lease = { key: orderingKey, fence: await takeLease(db, orderingKey) };
  while (!signal.aborted) {
    const next = await nextOpenEffect(db, orderingKey);
    if (next === null) return secondsToNext(db, orderingKey, tools.now());
    if (next.tries >= maxTries) {
      // The service died in each try, so no failure was recorded; another try would likely end the same way.
      const message = `it was begun ${next.tries} times, and the service ended before it did`;
      await finish(db, next, { status: "failed", code: "internal", message }, { queue, lease });
      continue;
    }
    // A model's work mostly asks the model, and finds out by itself.
    const until = isLongWork(orderingKey) ? null : tools.limitedUntil(next.repository);
    if (until !== null) {
      const why = "GitHub wants us to write nothing until then";
      await delayEffect(db, next.id, { due: until, why });
      tools.delayed(next.effect.key, until, why);
      continue;
    }
    const open = await beginEffect(db, next, lease);
    if (open === null) continue;
    let result: EffectResult;
    try {
      const perform = () => tools.perform(open.effect, open.repository, { lease, signal });
      // Whichever job finds it: it happens for what it was decided for.
      result = await (open.cause === null ? perform() : causedBy(open.cause, perform));
    } catch (error) {
      // A service may be stopped often while long work is under way. Its own time being over counts, or it never ended.
      const isStopped = signal.aborted && signal.reason?.name !== "TimeoutError";
      // A write may have reached GitHub: it is none that never began.
      const tries = isLongWork(orderingKey) ? open.tries : open.tries + 1;
      const again = { due: tools.now(), why: "the service was stopped" };
      if (isStopped) await postponeEffect(db, { ...open, tries }, again, lease);
      else await postpone(db, open, error, { ...tools, lease });
      continue;
    }
    await finish(db, open, { status: "done", result }, { queue, lease });
    effectLagSeconds.observe(
      { type: open.effect.type },
      Math.max(0, tools.now().getTime() - open.due.getTime()) / 1_000,
    );
  }
  return secondsToNext(db, orderingKey, tools.now());
}

/** Display-only effects. No rule reads their outcome, so finishing one does not trigger a reconcile. */
const displayOnly: ReadonlySet<Effect["type"]> = new Set(["ensure-check", "ensure-sticky"]);

async function finish(
  db: Database,
  open: OpenEffect,
  end: EffectEnd,
  { queue, lease }: { queue: TransactionQueue; lease: Lease },
): Promise<void> {
  if (end.status === "done" && displayOnly.has(open.effect.type)) return endEffect(db, open.id, end, lease);
  await transact(db, async (trx) => {
    await endEffect(trx, open.id, end, lease);
    await queue.enqueue(trx, open.subject);
  });
}

async function postpone(
  db: Database,
  open: OpenEffect,
  error: unknown,
  tools: {
    queue: TransactionQueue;
    now: () => Date;
    lease: Lease;
    delayed(key: string, until: Date, why: string): void;
  },
): Promise<void> {
  const known =
    error instanceof SallyportError
      ? error
      : new SallyportError("internal", String(error), { cause: error, retry: true });
  const { code, message, retry, notBefore } = known;
  // Nothing failed: it waits for what goes on elsewhere, however long that takes.
  if (code === "waiting") return postponeEffect(db, open, { due: notBefore ?? tools.now(), why: message }, tools.lease);
  // A limit of GitHub's ends: work that has to wait for it waits, however often.
  const isLimit = code === "rate-limit";
  if (!retry || (!isLimit && open.tries + 1 >= maxTries))
    return finish(db, open, { status: "failed", code, message }, tools);
  const due = dueAgain({ code, notBefore, tries: open.tries, now: tools.now(), chance: Math.random() });
  const tries = Math.min(open.tries + 1, maxTries - 1);
  await postponeEffect(db, { ...open, tries }, { due, why: message }, tools.lease);
  tools.delayed(open.effect.key, due, message);
  // A model's work can wait for hours, which its issue tells.
  if (isLimit && isLongWork(tools.lease.key)) await transact(db, (trx) => tools.queue.enqueue(trx, open.subject));
}

/** The wait before the second try, in seconds; others begin with one. GitHub asks for a minute at least. */
const firstWaits: Partial<Record<ErrorCode, number>> = { "rate-limit": 60, model: 30 };

/** The longest wait of our own, in seconds. */
const longestWait = 3_600;

/**
 * When an effect is tried again: the wait doubles with each try, chance adds up to a quarter so that what failed
 * together does not come back together, and it is never before the time that the failure names.
 */
export function dueAgain({
  code,
  notBefore,
  tries,
  now,
  chance,
}: {
  code: ErrorCode;
  notBefore: Date | undefined;
  tries: number;
  now: Date;
  chance: number;
}): Date {
  const wait = Math.min(longestWait, (firstWaits[code] ?? 1) * 2 ** tries);
  const own = now.getTime() + wait * (1 + chance / 4) * 1_000;
  return new Date(Math.max(own, notBefore?.getTime() ?? 0));
}

async function secondsToNext(db: Database, orderingKey: string, now: Date): Promise<number | null> {
  const due = await nextDue(db, orderingKey);
  return due === null ? null : Math.max(1, Math.ceil((due.getTime() - now.getTime()) / 1_000));
}
