import type { Transaction } from "kysely";
import type { Draft } from "../../core/entries.ts";
import { SallyportError } from "../../core/errors.ts";
import { attemptKinds, checkAttempt, emptyAttempts } from "../../core/ledger/attempt-protocol.ts";
import { keyOf } from "../../core/record/keys.ts";
import type { Tables } from "./database.ts";
import { readAbout } from "./readings.ts";

/**
 * Refuses drafts that would break the attempt protocol: one wrong entry, once signed, would break the chain for good. It
 * is called while the chain is locked and its index is complete, and reads the prompts and runs of the drafts.
 */
export async function checkDrafts(
  trx: Transaction<Tables>,
  repository: number,
  drafts: readonly Draft[],
): Promise<void> {
  const checked = drafts.filter(({ kind }) => attemptKinds.has(kind));
  if (checked.length === 0) return;
  const keys = checked.flatMap(({ body }) => [
    ...("run" in body ? [keyOf.run(body.run)] : []),
    ...("prompt" in body && typeof body.prompt === "number" ? [keyOf.number(body.prompt)] : []),
  ]);
  const attempts = emptyAttempts();
  for (const entry of await readAbout(trx, repository, keys)) checkAttempt(attempts, entry);
  for (const draft of drafts) {
    const problem = checkAttempt(attempts, draft);
    if (problem !== null) throw new SallyportError("internal", `refused before it was signed: ${problem}`);
  }
}
