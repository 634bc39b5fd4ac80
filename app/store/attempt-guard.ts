import type { Transaction } from "kysely";
import type { Draft } from "../../core/entries.ts";
import { SallyportError } from "../../core/errors.ts";
import { type Attempts, attemptKinds, checkAttempt, emptyAttempts } from "../../core/ledger/attempt-protocol.ts";
import { readEntry } from "../../core/ledger/entry.ts";
import { typedEntry } from "../../core/ledger/typed-entry.ts";
import type { Tables } from "./database.ts";

/**
 * Refuses drafts that would break the attempt protocol: one wrong entry, once signed, would break the chain for good.
 */
export type AttemptGuard = (trx: Transaction<Tables>, repository: number, drafts: readonly Draft[]) => Promise<void>;

/** A guard that remembers how far it has followed each chain. It is called while the chain is locked. */
export function createAttemptGuard(): AttemptGuard {
  const followed = new Map<number, { seq: number; attempts: Attempts }>();
  return async (trx, repository, drafts) => {
    if (!drafts.some(({ kind }) => attemptKinds.has(kind))) return;
    const progress = followed.get(repository) ?? { seq: 0, attempts: emptyAttempts() };
    const rows = await trx
      .selectFrom("entries")
      .select(["seq", "line"])
      .where("repository", "=", repository)
      .where("seq", ">", progress.seq)
      .where("kind", "in", [...attemptKinds])
      .orderBy("seq")
      .execute();
    for (const { seq, line } of rows) {
      const entry = readEntry(line, seq);
      if (!entry.ok) throw new SallyportError("ledger-broken", entry.problem.message);
      const typed = typedEntry(entry.entry);
      if (typed !== null) checkAttempt(progress.attempts, typed);
      progress.seq = seq;
    }
    followed.set(repository, progress);
    // Tried on a copy: these drafts may still not be stored.
    const attempts = structuredClone(progress.attempts);
    for (const draft of drafts) {
      const problem = checkAttempt(attempts, draft);
      if (problem !== null) throw new SallyportError("internal", `refused before it was signed: ${problem}`);
    }
  };
}
