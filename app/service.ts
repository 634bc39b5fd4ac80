import { createObjectsCache } from "../collect/objects-cache.ts";
import { subjectKey } from "../core/effects.ts";
import { parsePublicKey } from "../core/keys.ts";
import { anchorText } from "./anchor.ts";
import { createAttemptGuard } from "./attempt-guard.ts";
import { createEntryReader, headOf } from "./chain.ts";
import type { Config } from "./config.ts";
import { type OpenDatabase, openDatabase } from "./database.ts";
import { exportLedger } from "./export.ts";
import { find } from "./find.ts";
import { createGitHub } from "./github.ts";
import { noteRewrite } from "./incident.ts";
import { drainLane } from "./lane.ts";
import { takeLease } from "./leases.ts";
import { listen } from "./listen.ts";
import { look } from "./look.ts";
import { createPatience } from "./patience.ts";
import { asSallyportError } from "./perform/failure.ts";
import type { World } from "./perform/world.ts";
import { perform } from "./perform.ts";
import { type PurgeTools, purge } from "./purge.ts";
import { createQueue } from "./queue.ts";
import { receiveWebhooks } from "./receive.ts";
import { keepSecrets, withoutSecrets } from "./redact.ts";
import { restoreChain } from "./restore.ts";
import { createSigner } from "./signer.ts";
import { getBody, putBody, record } from "./store.ts";
import { isPublished, storedChain } from "./stored-chain.ts";
import { callStore } from "./stored-payloads.ts";
import { watchRequired } from "./watch-required.ts";

/** A running service: where it listens, and how it ends without losing what is under way. */
export type Service = { url: string; publicKey: string; database: OpenDatabase; close(): Promise<void> };

/** How much of what GitHub told about commits, trees and files is kept in memory from look to look. */
const cacheBytes = 128 * 1024 * 1024;

/** Starts the service: database, queue, workers, webhook receiver. The one place where its parts are put together. */
export async function startService(config: Config, print: (line: string) => void): Promise<Service> {
  const secrets = keepSecrets(config);
  const log = (line: string) => print(secrets.hide(line));
  const signer = createSigner(config.ledgerKey);
  const github = createGitHub(config, secrets.addToken);
  const ourselves = await github.identify();
  const database = await openDatabase(config.database);
  const { db } = database;
  const queue = createQueue(database, (error) => log(`queue: ${error.message}`));
  const readEntries = createEntryReader(db);
  const guard = createAttemptGuard();
  const restored = new Map<number, Promise<unknown>>();
  // Nothing is decided, and so nothing is signed, before the store is known to reach as far as what was published.
  const entries = async (repository: number) => {
    const restoring = restored.get(repository) ?? restore(repository);
    restored.set(repository, restoring);
    await restoring.catch((error: unknown) => {
      restored.delete(repository);
      throw error;
    });
    return readEntries(repository);
  };
  const restore = async (repository: number) => {
    const client = await github.forRepository(repository, "read");
    const site = {
      repository,
      appId: ourselves.appId,
      ownKey: parsePublicKey(signer.publicKey),
      acceptLoss: false,
    };
    const { entries: count } = await restoreChain(db, client, site);
    if (count > 0) log(`${client.owner}/${client.repo}: ${count} ledger entries read back from GitHub`);
  };
  const cache = createObjectsCache(cacheBytes);
  const now = () => new Date();
  const stopping = new AbortController();

  const worldOf = async (repository: number): Promise<World> => ({
    github: await github.forRepository(repository, "write"),
    repositoryId: repository,
    ourselves,
    bodies: {
      get: (sha256) => getBody(db, sha256),
      put: (bytes, mediaType) => putBody(db, bytes, mediaType),
    },
    calls: callStore(db, repository),
    secrets: secrets.search,
    anthropic: config.anthropic,
    signal: stopping.signal,
    now,
    progress: log,
  });

  const payloads: PurgeTools = {
    db,
    ourselves,
    github: (repository) => github.forRepository(repository, "read"),
    entries,
    enqueue: queue,
    sign: signer.sign,
    now,
    guard,
  };

  const chores: Record<string, (repository: number) => Promise<void>> = {
    // An export that was given up when GitHub was away is taken up again.
    export: async (repository) => {
      if (await isPublished(db, repository)) return;
      await db.transaction().execute((trx) => queue.exportLedger(trx, repository));
    },
    purge: (repository) => purge(repository, payloads),
    "branch rules": (repository) => watchRequired(repository, { ...payloads, log }),
  };

  // What fails is stored by the queue and the lane, and told in entries and comments.
  const patience = createPatience(github, now);
  const clean = <T>(job: () => Promise<T>) => withoutSecrets(secrets.search, job);
  await queue.start({
    look: (subject) =>
      clean(() =>
        patience.read(subject.repository, () =>
          look(subject, {
            db,
            ourselves,
            github: (repository) => github.forRepository(repository, "read"),
            cache,
            secrets: secrets.search,
            entries,
            takeLease: (one) => takeLease(db, subjectKey(one)),
            record: (where, decision) =>
              record(db, where, patience.later(where.subject.repository, decision), {
                sign: signer.sign,
                now,
                guard,
                enqueue: queue,
              }),
            now,
            log,
          }),
        ),
      ),
    perform: (lane) =>
      clean(() =>
        drainLane(db, lane, {
          enqueue: queue,
          now,
          perform: (effect, repository) =>
            clean(async () =>
              perform(effect, await worldOf(repository), async () =>
                anchorText(await headOf(db, repository)),
              ),
            ),
        }),
      ),
    exportLedger: (repository) =>
      clean(async () => {
        await takeLease(db, `export/${repository}`);
        const client = await github.forRepository(repository, "write");
        try {
          await exportLedger(client, storedChain(db, repository, { secrets: secrets.search, ourselves }));
        } catch (error) {
          const home = { id: repository, name: `${client.owner}/${client.repo}` };
          const site = { db, repository: home, entries: await readEntries(repository), ourselves };
          await noteRewrite(error, site, { sign: signer.sign, now, guard });
          throw asSallyportError(error, now());
        }
      }),
    find: (search) => clean(() => patience.read(search.repository, () => find(search, github, queue))),
    sweep: () =>
      clean(async () => {
        const all = await github.repositories();
        const repositories = all.filter((repository) => github.limitedUntil(repository) === null);
        for (const repository of repositories) await find({ repository, sha: null }, github, queue);
        // The rest can wait: what cannot be done for one repository holds nothing else back.
        for (const [name, chore] of Object.entries(chores))
          for (const repository of repositories)
            await clean(() => chore(repository)).catch((error: Error) =>
              log(`${name} of ${repository}: ${error.message}`),
            );
      }),
  });

  const server = await listen(
    config,
    (probot) => receiveWebhooks(probot, { db, queue, botId: ourselves.bot.id, log }),
    log,
  );
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : config.port;
  return {
    url: `http://${config.host}:${port}`,
    publicKey: signer.publicKey,
    database,
    async close() {
      stopping.abort(new Error("the service is stopping"));
      await new Promise((resolve) => server.close(resolve));
      await queue.stop();
      await database.close();
    },
  };
}
