import type { Ourselves } from "../../core/effects.ts";
import { appActor, type Draft, entriesOf } from "../../core/entries.ts";
import { SallyportError } from "../../core/errors.ts";
import { keyOf } from "../../core/record/keys.ts";
import { type AppendTools, appendEntries } from "../store/chain.ts";
import type { Database } from "../store/database.ts";
import { entriesUnder } from "../store/readings.ts";

/** Where an incident is recorded. */
export type IncidentContext = {
  db: Database;
  repository: { id: number; name: string };
  ourselves: Ourselves;
};

/** Records an incident outside of a reconcile. `subject` names the digests it is about, if any. */
export async function raiseIncident(
  { db, repository, ourselves }: IncidentContext,
  { code, message, subject = [] }: { code: string; message: string; subject?: Draft["subject"] },
  tools: AppendTools,
): Promise<void> {
  const body = { code, message, issue: null };
  await appendEntries(
    db,
    repository,
    [{ kind: "incident.raised", actor: appActor({ ourselves }), subject, body }],
    tools,
  );
}

/**
 * Records that somebody rewrote the published ledger, once for each state of the branch that was found; other errors
 * are no incident. The entry is published when the branch is restored, and until then it is in the store only.
 */
export async function noteRewrite(error: unknown, context: IncidentContext, tools: AppendTools): Promise<void> {
  if (!(error instanceof SallyportError) || error.code !== "evidence-rewritten") return;
  const { code, message } = error;
  const { db, repository } = context;
  const entries = await entriesUnder(db, repository.id, [keyOf.incident(code)]);
  const isNoted = entriesOf(entries, "incident.raised").some(({ body }) => body.message === message);
  if (!isNoted) await raiseIncident(context, { code, message }, tools);
}
