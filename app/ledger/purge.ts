import { type GitHub, mapKnown, requestKnown } from "../../collect/github/request.ts";
import { readCurrentPolicy } from "../../collect/policy/current.ts";
import type { Ourselves } from "../../core/effects.ts";
import type { Draft, TypedEntry } from "../../core/entries.ts";
import { SallyportError } from "../../core/errors.ts";
import type { PolicyReading } from "../../core/facts.ts";
import { known } from "../../core/known.ts";
import {
  decidePurge,
  openStoriesDue,
  purgedBodies,
  referencedBodies,
  retainedBodies,
} from "../../core/ledger/retention.ts";
import { keyOf } from "../../core/record/keys.ts";
import { type AppendTools, append, headOf } from "../store/chain.ts";
import { type Database, transact } from "../store/database.ts";
import type { TransactionQueue } from "../store/decisions.ts";
import { batches } from "../store/folds.ts";
import { dropAnswers, dropBodies, otherChains, storedBefore } from "../store/payloads.ts";
import { entriesUnder } from "../store/readings.ts";

/** Tools for purging old bodies. */
export type PurgeTools = AppendTools & {
  db: Database;
  ourselves: Ourselves;
  github(repository: number): Promise<GitHub>;
  /** Makes sure that the store has all of a ledger. */
  restored(repository: number): Promise<void>;
  queue: Pick<TransactionQueue, "enqueuePublish">;
};

const day = 86_400_000;

/**
 * Purges the bodies of one repository that are older than the policy's `ledger.retention`: an entry records it first,
 * then they leave the store and, when the entry is published, the evidence branch. It also finishes an interrupted
 * earlier purge.
 */
export async function purge(repository: number, tools: PurgeTools): Promise<void> {
  const { db, ourselves } = tools;
  await tools.restored(repository);
  const head = await headOf(db, repository);
  if (head === null) return;
  const github = await tools.github(repository);
  const { policy } = await readCurrentPolicy(github);
  const now = tools.now();
  const entries = await retentionEntries(db, repository, policy);
  const facts = { now: now.toISOString(), ourselves, policy, entries };
  const abandoned = await closedIssues(github, openStoriesDue(facts));
  const draft = decidePurge({ ...facts, abandoned });
  const name = `${github.owner}/${github.repo}`;
  if (draft !== null) await recordPurge({ id: repository, name }, head.seq, draft, tools);
  await dropPurged(repository, new Date(now.getTime() - day), tools);
  const days = daysKept(policy);
  if (days !== null) await dropAnswers(db, repository, new Date(now.getTime() - days * day));
}

/** The stories whose issue is closed. An unreadable one is left out, so its bodies are kept. */
async function closedIssues({ request, owner, repo }: GitHub, numbers: readonly number[]): Promise<Set<number>> {
  const closed = await mapKnown(numbers, async (issue_number) => {
    const issue = await requestKnown(
      `the issue #${issue_number}`,
      request("GET /repos/{owner}/{repo}/issues/{issue_number}", { owner, repo, issue_number }),
    );
    return known(issue.known && issue.value.state === "closed" ? [issue_number] : []);
  });
  return new Set(closed.known ? closed.value.flat() : []);
}

/** Appends the entry only to the ledger that was decided about: an entry added meanwhile may name one of the bodies. */
async function recordPurge(
  repository: { id: number; name: string },
  seen: number,
  draft: Draft,
  tools: PurgeTools,
): Promise<void> {
  await transact(tools.db, async (trx) => {
    await append(trx, repository, [draft], tools);
    const head = await headOf(trx, repository.id);
    if (head?.seq !== seen + 1)
      throw new SallyportError(
        "lease-lost",
        "an entry was recorded while old bodies were looked for; they are looked for again",
        { retry: true },
      );
    await tools.queue.enqueuePublish(trx, repository.id);
  });
}

/** The entries that decide what is purged, of a ledger of any length; none where the policy keeps all. */
async function retentionEntries(db: Database, repository: number, policy: PolicyReading): Promise<TypedEntry[]> {
  const entries: TypedEntry[] = [];
  if (daysKept(policy) === null) return entries;
  for await (const batch of batches(db, repository))
    entries.push(...batch.entries.filter((entry) => referencedBodies(entry).length > 0 || endings.has(entry.kind)));
  return entries;
}

/** The kinds that name no body by reference and still count. */
const endings: ReadonlySet<string> = new Set(["payload.purged", "run.closed"]);

function daysKept(policy: PolicyReading): number | null {
  return policy.state === "loaded" ? (policy.policy.ledger?.retention ?? null) : null;
}

/** Deletes purged bodies, unless another repository's ledger names the same content. */
async function dropPurged(repository: number, before: Date, { db }: PurgeTools): Promise<void> {
  const purges = await entriesUnder(db, repository, [keyOf.purged]);
  const named = purges.flatMap((entry) => (entry.kind === "payload.purged" ? entry.body.digests : []));
  const about = (digests: readonly string[], of: number) => entriesUnder(db, of, digests.map(keyOf.body));
  const old = await storedBefore(db, [...new Set(named.map(({ sha256 }) => sha256))], before);
  const purged = old.length === 0 ? new Map() : purgedBodies(await about(old, repository));
  const due = old.filter((sha256) => purged.has(sha256));
  if (due.length === 0) return;
  const held = new Set<string>();
  for (const other of await otherChains(db, repository))
    for (const sha256 of retainedBodies(await about(due, other))) held.add(sha256);
  await dropBodies(
    db,
    due.filter((sha256) => !held.has(sha256)),
    before,
  );
}
