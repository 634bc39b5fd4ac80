import type { Ourselves } from "../core/effects.ts";
import { entriesOf, type TypedEntry } from "../core/entries.ts";
import { SallyportError } from "../core/errors.ts";
import { appActor } from "../core/story/answer.ts";
import { type AppendTools, appendEntries } from "./chain.ts";
import type { Database } from "./database.ts";

/** Where an incident is written down, and the entries that are there. */
export type IncidentSite = {
  db: Database;
  repository: { id: number; name: string };
  entries: readonly TypedEntry[];
  ourselves: Ourselves;
};

/**
 * Writes down that somebody rewrote the published ledger, once for each state of the branch that was found; any other error
 * is no incident. The entry is published when the branch is put back, and until then it stands in the store.
 */
export async function noteRewrite(error: unknown, site: IncidentSite, tools: AppendTools): Promise<void> {
  if (!(error instanceof SallyportError) || error.code !== "evidence-rewritten") return;
  const { db, repository, entries, ourselves } = site;
  const isNoted = entriesOf(entries, "incident.raised").some(({ body }) => body.message === error.message);
  if (isNoted) return;
  const body = { code: error.code, message: error.message, issue: null };
  await appendEntries(
    db,
    repository,
    [{ kind: "incident.raised", actor: appActor({ ourselves }), subject: [], body }],
    tools,
  );
}
