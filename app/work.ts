import { createObjectsCache } from "../collect/objects-cache.ts";
import { type Ourselves, subjectKey } from "../core/effects.ts";
import type { TypedEntry } from "../core/entries.ts";
import { parsePublicKey } from "../core/keys.ts";
import { anchorText } from "./anchor.ts";
import { createAttemptGuard } from "./attempt-guard.ts";
import { type AppendTools, createEntryReader, headOf } from "./chain.ts";
import type { Config } from "./config.ts";
import type { Database } from "./database.ts";
import { exportLedger } from "./export.ts";
import { find } from "./find.ts";
import type { GitHubClients } from "./github.ts";
import { noteRewrite } from "./incident.ts";
import { drainLane } from "./lane.ts";
import { takeLease } from "./leases.ts";
import { look } from "./look.ts";
import { createPatience } from "./patience.ts";
import { asSallyportError } from "./perform/failure.ts";
import type { World } from "./perform/world.ts";
import { perform } from "./perform.ts";
import { purge } from "./purge.ts";
import type { Queue, Work } from "./queue.ts";
import type { LookTools } from "./reconcile/tools.ts";
import { type Secrets, withoutSecrets } from "./redact.ts";
import { restoreChain } from "./restore.ts";
import type { Signer } from "./signer.ts";
import { dropDeliveries } from "./store/deliveries.ts";
import { getBody, putBody, record } from "./store.ts";
import { isPublished, storedChain } from "./stored-chain.ts";
import { callStore } from "./stored-payloads.ts";
import { type WatchTools, watchRequired } from "./watch-required.ts";

/** The parts of a service that its jobs work with. */
export type WorkTools = {
  db: Database;
  queue: Queue;
  github: GitHubClients;
  ourselves: Ourselves;
  signer: Signer;
  secrets: Secrets;
  anthropic: Config["anthropic"];
  /** Ends what may take long when the service stops. */
  signal: AbortSignal;
  log(line: string): void;
};

/** How much of what GitHub told about commits, trees and files is kept in memory from look to look. */
const cacheBytes = 128 * 1024 * 1024;

/** How long it is remembered that a delivery came, in milliseconds: anybody's star or comment brings one. */
const deliveriesKept = 30 * 86_400_000;

/** What the service does when the queue hands out a job. */
export function createWork(tools: WorkTools): Work {
  const { db, queue, github, ourselves, signer, secrets, log } = tools;
  const now = () => new Date();
  const ledger: AppendTools = { sign: signer.sign, now, guard: createAttemptGuard() };
  const readEntries = createEntryReader(db);
  const entries = restoredFirst(readEntries, tools);
  const patience = createPatience(github, now);
  const reader = (repository: number) => github.forRepository(repository, "read");
  // What fails is stored by the queue and the lane, and told in entries and comments.
  const clean = <T>(job: () => Promise<T>) => withoutSecrets(secrets.search, job);

  const looking: LookTools = {
    db,
    ourselves,
    github: reader,
    cache: createObjectsCache(cacheBytes),
    secrets: secrets.search,
    entries,
    takeLease: (subject) => takeLease(db, subjectKey(subject)),
    record: (where, decision) =>
      record(db, where, patience.later(where.subject.repository, decision), { ...ledger, enqueue: queue }),
    now,
    log,
  };

  const upkeep: WatchTools = { ...ledger, db, ourselves, github: reader, entries, enqueue: queue, log };
  const rounds: Record<string, (repository: number) => Promise<void>> = {
    search: (repository) => db.transaction().execute((trx) => queue.find(trx, { repository, sha: null })),
    // An export that was given up when GitHub was away is taken up again.
    export: async (repository) => {
      if (await isPublished(db, repository)) return;
      await db.transaction().execute((trx) => queue.exportLedger(trx, repository));
    },
    purge: (repository) => purge(repository, upkeep),
    "branch rules": (repository) => watchRequired(repository, upkeep),
  };

  const publish = async (repository: number) => {
    await takeLease(db, `export/${repository}`);
    const client = await github.forRepository(repository, "write");
    try {
      await exportLedger(client, storedChain(db, repository, { secrets: secrets.search, ourselves }));
    } catch (error) {
      const home = { id: repository, name: `${client.owner}/${client.repo}` };
      const site = { db, repository: home, entries: await readEntries(repository), ourselves };
      await noteRewrite(error, site, ledger);
      throw asSallyportError(error, now());
    }
  };

  const sweep = async () => {
    await dropDeliveries(db, new Date(now().getTime() - deliveriesKept));
    const all = await github.repositories();
    const repositories = all.filter((repository) => github.limitedUntil(repository) === null);
    // What cannot be done for one repository holds nothing else back; the searches are jobs, which are tried again.
    for (const [name, round] of Object.entries(rounds))
      for (const repository of repositories)
        await clean(() => round(repository)).catch((error: Error) =>
          log(`${name} of ${repository}: ${error.message}`),
        );
  };

  return {
    look: (subject) => clean(() => patience.read(subject.repository, () => look(subject, looking))),
    perform: (lane) =>
      clean(() =>
        drainLane(db, lane, {
          enqueue: queue,
          now,
          perform: (effect, repository) =>
            clean(async () =>
              perform(effect, await worldOf(repository, now, tools), async () =>
                anchorText(await headOf(db, repository)),
              ),
            ),
        }),
      ),
    exportLedger: (repository) => clean(() => publish(repository)),
    find: (search) => clean(() => patience.read(search.repository, () => find(search, github, queue))),
    sweep: () => clean(sweep),
  };
}

/**
 * Reads a repository's entries, at the first time only after the store was made to reach as far as what was published: before
 * that nothing is decided, and so nothing is signed.
 */
function restoredFirst(
  readEntries: (repository: number) => Promise<TypedEntry[]>,
  { db, github, ourselves, signer, log }: WorkTools,
): (repository: number) => Promise<TypedEntry[]> {
  const restored = new Map<number, Promise<void>>();
  const restore = async (repository: number) => {
    const client = await github.forRepository(repository, "read");
    const ownKey = parsePublicKey(signer.publicKey);
    const site = { repository, appId: ourselves.appId, ownKey, acceptLoss: false };
    const { entries: count } = await restoreChain(db, client, site);
    if (count > 0) log(`${client.owner}/${client.repo}: ${count} ledger entries read back from GitHub`);
  };
  return async (repository) => {
    const restoring = restored.get(repository) ?? restore(repository);
    restored.set(repository, restoring);
    await restoring.catch((error: unknown) => {
      restored.delete(repository);
      throw error;
    });
    return readEntries(repository);
  };
}

/** What an effect in a repository is carried out with. */
async function worldOf(repository: number, now: () => Date, tools: WorkTools): Promise<World> {
  const { db, github, ourselves, secrets, anthropic, signal, log } = tools;
  return {
    github: await github.forRepository(repository, "write"),
    repositoryId: repository,
    ourselves,
    bodies: {
      get: (sha256) => getBody(db, sha256),
      put: (bytes, mediaType) => putBody(db, bytes, mediaType),
    },
    calls: callStore(db, repository),
    secrets: secrets.search,
    anthropic,
    signal,
    now,
    progress: log,
  };
}
