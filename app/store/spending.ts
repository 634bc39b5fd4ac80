import { sql, type Transaction } from "kysely";
import type { TypedEntry } from "../../core/entries.ts";
import { effectKey } from "../../core/identifiers.ts";
import { microsOf, moneyText, type Spending, worstMicros } from "../../core/money.ts";
import { costIn } from "../../core/record/spent.ts";
import type { Purse } from "../agents/run.ts";
import { modelSpent } from "../settings/metrics.ts";
import { type Database, type Tables, transact } from "./database.ts";

/** Whose work is paid for: an effect in a repository; `mayPay` fails when it is no longer its caller's. */
export type Payer = { repository: number; effect: string; mayPay(): Promise<void>; now(): Date };

const parts = ["attempt", "story", "campaign", "day"] as const;

/**
 * A purse with what the policy lets an effect spend. Money is set aside under a lock of the repository, so that two runs
 * never spend the same. A call of which nobody tells what it cost counts as the worst that it can have cost.
 */
export function openPurse(db: Database, payer: Payer, { story, currency, price, budget }: Spending): Purse {
  const { repository, effect, mayPay, now } = payer;
  return {
    async reserve({ read, written }) {
      await mayPay();
      const micros = worstMicros(read, written, price);
      return transact(db, async (trx) => {
        await sql`select pg_advisory_xact_lock(hashtextextended(${`spending/${repository}`}, 0))`.execute(trx);
        const at = now();
        const today = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()));
        const tomorrow = new Date(today.getTime() + 86_400_000);
        const sum = trx.fn.sum<number | null>("micros");
        const spent = await trx
          .selectFrom("spending")
          .select([
            sum.filterWhere("effect", "=", effect).as("attempt"),
            sum.filterWhere("story", "=", story).as("story"),
            sum.filterWhere("at", ">=", today).as("day"),
            sum.as("campaign"),
          ])
          .where("repository", "=", repository)
          .where("currency", "=", currency)
          .executeTakeFirstOrThrow();
        for (const part of parts) {
          const most = budget[part];
          const before = Number(spent[part] ?? 0);
          if (most === undefined || before + micros <= most * 1_000_000) continue;
          // What fits into no day would wait in vain.
          const isPutOff = part === "day" && micros <= most * 1_000_000;
          const why = overText(part, { most, before, micros, currency, isPutOff });
          return { ok: false, why, until: isPutOff ? tomorrow : null } as const;
        }
        const { id } = await trx
          .insertInto("spending")
          .values({ repository, effect, story, currency, micros, at })
          .returning("id")
          .executeTakeFirstOrThrow();
        return {
          ok: true,
          async settle(counted) {
            const { read: inputTokens, cached, cacheWrite, written: outputTokens } = counted ?? free;
            const tokens = { inputTokens, outputTokens, cachedTokens: cached, cacheWriteTokens: cacheWrite };
            const cost = microsOf(tokens, price);
            await db.updateTable("spending").set({ micros: cost }).where("id", "=", id).execute();
            modelSpent.inc({ currency }, cost / 1_000_000);
          },
        } as const;
      });
    },
  };
}

const free = { read: 0, cached: 0, cacheWrite: 0, written: 0 };

const names = {
  attempt: "this attempt",
  story: "the story",
  campaign: "the whole repository",
  day: "the repository and this day",
};

/** Why a call may not be made, and who does what. What was approved names the policy, so another one asks for that again. */
function overText(
  part: (typeof parts)[number],
  {
    most,
    before,
    micros,
    currency,
    isPutOff,
  }: { most: number; before: number; micros: number; currency: string; isPutOff: boolean },
): string {
  const spent = `${moneyText(before, currency)} of ${moneyText(most * 1_000_000, currency)}`;
  const why = `the budget of ${names[part]} is used up: ${spent} are spent, and the next call can cost ${moneyText(micros, currency)}`;
  const raise = `a maintainer raises \`agents.budget.${part}\` in the policy`;
  return isPutOff
    ? `${why}; it goes on tomorrow. To go on today, ${raise}, then it is stopped, planned and approved again`
    : `${why}; ${raise}, then it is planned and approved again`;
}

/**
 * Counts again what entries say that models cost, which were read back from the ledger after the database was lost. What
 * an older backup knows of the same work is a part of that.
 */
export async function restoreSpending(
  db: Database | Transaction<Tables>,
  repository: number,
  entries: readonly TypedEntry[],
): Promise<void> {
  const stored = await db
    .selectFrom("spending")
    .select("effect")
    .distinct()
    .where("repository", "=", repository)
    .execute();
  const known = new Set(stored.map(({ effect }) => effect));
  for (const entry of entries) {
    const found = costIn(entry);
    if (found === null) continue;
    const paid = paidIn(entry, repository);
    if (paid !== null && known.has(paid))
      await db.deleteFrom("spending").where("repository", "=", repository).where("effect", "=", paid).execute();
    const { story, cost } = found;
    const { micros, currency } = cost;
    const row = { repository, effect: `restored/${entry.seq}`, story, currency, micros, at: new Date(entry.at) };
    await db.insertInto("spending").values(row).execute();
  }
}

/** The key of the effect whose cost an entry tells; null: it tells none. */
function paidIn({ kind, body }: TypedEntry, repository: number): string | null {
  if (kind === "response.recorded") return effectKey.agent(repository, body);
  if (kind === "advice.given") return effectKey.advice(repository, body);
  const isPlan = kind === "plan.proposed" || kind === "plan.failed";
  return isPlan ? effectKey.plan(repository, body.story, body.request) : null;
}
