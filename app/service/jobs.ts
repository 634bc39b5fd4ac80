import { createObjectsCache } from "../../collect/github/cache.ts";
import type { Effect, Ourselves } from "../../core/effects.ts";
import { messageOf, SallyportError } from "../../core/errors.ts";
import { parsePublicKey } from "../../core/ledger/public-key.ts";
import { keyOf } from "../../core/record/keys.ts";
import { endedPulls } from "../../core/record/unended.ts";
import { type Subject, subjectKey } from "../../core/subject.ts";
import type { GitHubClients } from "../github/clients.ts";
import { keepListed } from "../github/installations.ts";
import { anchorText } from "../ledger/anchor.ts";
import { noteRewrite } from "../ledger/incident.ts";
import { publishLedger } from "../ledger/publish.ts";
import { purge } from "../ledger/purge.ts";
import { createRestorer } from "../ledger/restore.ts";
import { refuseSecondSigner } from "../ledger/second-signer.ts";
import type { Signer } from "../ledger/signer.ts";
import { chainSource, isPublished } from "../ledger/source.ts";
import { type MaintenanceTools, watchRequired } from "../ledger/watch-required.ts";
import { contextOf, type Holder } from "../perform/context.ts";
import { drainOutbox } from "../perform/outbox.ts";
import { perform } from "../perform/perform.ts";
import { redeliverFailed } from "../perform/redeliver.ts";
import type { JobHandlers, Queue } from "../queue/queue.ts";
import { enqueueMatching } from "../queue/search.ts";
import { reconcile } from "../reconcile/reconcile.ts";
import type { ReconcileTools } from "../reconcile/tools.ts";
import type { Config } from "../settings/config.ts";
import type { Log } from "../settings/log.ts";
import { type Secrets, withoutSecrets } from "../settings/secrets.ts";
import { traced } from "../settings/tracing.ts";
import { type AppendTools, headOf } from "../store/chain.ts";
import { type Database, transact } from "../store/database.ts";
import { saveDecision } from "../store/decisions.ts";
import { dropDeliveries } from "../store/deliveries.ts";
import { dropDispatches } from "../store/dispatches.ts";
import { cancelEffects, dueOrderingKeys } from "../store/effects.ts";
import { standingOf } from "../store/folds.ts";
import { takeLease } from "../store/leases.ts";
import { createEntryReader, entriesUnder } from "../store/readings.ts";
import { lastSearch, noteSearch } from "../store/searches.ts";

/** The parts of a service that its jobs use. */
export type JobTools = {
  db: Database;
  queue: Queue;
  github: GitHubClients;
  ourselves: Ourselves;
  signer: Signer;
  onboarding: ReconcileTools["onboarding"];
  secrets: Secrets;
  anthropic: Config["anthropic"];
  openai: Config["openai"];
  google: Config["google"];
  agentTools: Config["agentTools"];
  packageRegistry: Config["packageRegistry"];
  publicUrl: Config["publicUrl"];
  /** Where the pages are; null: nowhere. */
  pagesUrl: string | null;
  /** Where digests are told besides GitHub; null: nowhere. */
  digestWebhook: string | null;
  /** Aborted when the service stops. */
  signal: AbortSignal;
  /** Ends the service: going on would do harm. */
  end(reason: Error): void;
  log: Log;
};

/** The most bytes of commits, trees and files from GitHub that are cached across looks and effects. */
const cacheBytes = 128 * 1024 * 1024;

/** The most bytes of ledger entries that are kept in memory across looks, of all repositories. */
const readingBytes = 64 * 1024 * 1024;

/** How long a delivery's id and a run on Actions are remembered, in milliseconds: anybody's star or comment brings one. */
const deliveriesKept = 30 * 86_400_000;

/** How long GitHub can send a delivery again, in milliseconds. */
const redeliverable = 3 * 86_400_000;

/** The codes of a ledger that what we hold does not continue, or falls short of. */
const againstUs: ReadonlySet<string> = new Set(["evidence-rewritten", "ledger-behind"]);

/** The handlers of the queue's jobs. */
export function createJobs(tools: JobTools): JobHandlers {
  const { db, queue, github, ourselves, signer, secrets, log } = tools;
  const warn = (line: string) => log.warn({}, line);
  const progress = (line: string) => log.info({}, line);
  const now = () => new Date();
  const ledger: AppendTools = { sign: signer.sign, now };
  const restored = createRestorer({ ...tools, log: progress });
  const readEntries = createEntryReader(db, readingBytes);
  const standing = async (repository: number) => {
    await restored(repository);
    return standingOf(db, repository);
  };
  const ended = async (repository: number, pulls: readonly number[]) =>
    endedPulls(await entriesUnder(db, repository, pulls.map(keyOf.number)));
  const reader = (repository: number) => github.forRepository(repository, "read");

  const cache = createObjectsCache(cacheBytes);
  const reconcileTools: ReconcileTools = {
    db,
    ourselves,
    onboarding: tools.onboarding,
    digestWebhook: tools.digestWebhook,
    github: reader,
    cache,
    secrets: secrets.search,
    async entries(repository, keys) {
      await restored(repository);
      return readEntries(repository, keys);
    },
    standing,
    takeLease: (subject) => takeLease(db, subjectKey(subject)),
    record: (where, decision) => {
      const { drafts, effects, requeueAfter } = decision;
      const subject = subjectKey(where.subject);
      const kinds = drafts.map(({ kind }) => kind);
      // Each sweep looks at all that is open, and nothing follows from most looks.
      const isQuiet = kinds.length + effects.length === 0 && requeueAfter === null;
      log[isQuiet ? "debug" : "info"](
        { subject, entries: kinds, effects: effects.map(({ key }) => key), requeueAfter },
        `${subject} is decided`,
      );
      return saveDecision(db, where, decision, { ...ledger, queue });
    },
    now,
    log: warn,
  };

  const searches = {
    last: (repository: number) => lastSearch(db, repository),
    note: (repository: number) => noteSearch(db, repository),
  };
  const maintenance: MaintenanceTools = { ...ledger, db, ourselves, github: reader, restored, queue, log: warn };
  const purged = new Map<number, string>();
  const tasks: Record<string, (repository: number) => Promise<void>> = {
    search: (repository) => {
      const named = [{ subjects: [], searches: [{ repository, sha: null }], isSwept: true }];
      return transact(db, (trx) => queue.enqueueNamed(trx, named));
    },
    // Retries a publish that was given up when GitHub was unreachable.
    export: async (repository) => {
      if (await isPublished(db, repository)) return;
      await transact(db, (trx) => queue.enqueuePublish(trx, repository));
    },
    // The same for effects, whose job was given up when the store was.
    outbox: async (repository) => {
      for (const orderingKey of await dueOrderingKeys(db, repository))
        await transact(db, (trx) => queue.enqueueEffects(trx, orderingKey, repository));
    },
    // It reads a whole ledger where the policy keeps bodies for so many days, and a day more or less is no matter.
    purge: async (repository) => {
      const today = now().toISOString().slice(0, 10);
      if (purged.get(repository) === today) return;
      await purge(repository, maintenance);
      purged.set(repository, today);
    },
    "branch rules": (repository) => watchRequired(repository, maintenance),
  };

  const publish = async (repository: number) => {
    await takeLease(db, `export/${repository}`);
    // A store from an older backup would look like another service's. What the branch and the checks say against what we
    // hold keeps us from signing more, and publishing finds by itself whether the branch takes it.
    await restored(repository).catch((error: unknown) => {
      if (!(error instanceof SallyportError && againstUs.has(error.code))) throw error;
    });
    const client = await github.forRepository(repository, "write");
    try {
      const source = { reader: await reader(repository), secrets: secrets.search, ourselves };
      await publishLedger(client, chainSource(db, repository, source));
    } catch (error) {
      await refuseSecondSigner(error, client, { db, repository, ownKey: parsePublicKey(signer.publicKey) }).catch(
        (second) => {
          tools.end(second);
          throw second;
        },
      );
      const repositoryRef = { id: repository, name: `${client.owner}/${client.repo}` };
      const context = { db, repository: repositoryRef, ourselves };
      await noteRewrite(error, context, ledger);
      throw error;
    }
  };

  // What another process had sent again shows two attempts, and is left alone.
  let redeliveredUntil = 0;
  const redeliver = async () => {
    const began = now().getTime();
    const { sent, isAll } = await redeliverFailed(github, new Date(Math.max(redeliveredUntil, began - redeliverable)));
    if (sent > 0) log.info({ deliveries: sent }, "GitHub sends again what it could not deliver");
    if (isAll) redeliveredUntil = began;
  };

  const sweep = async () => {
    await withoutSecrets(secrets.search, redeliver).catch((error: Error) =>
      warn(`failed deliveries are not sent again: ${error.message}`),
    );
    const past = new Date(now().getTime() - deliveriesKept);
    await dropDeliveries(db, past);
    await dropDispatches(db, past);
    const all = await github.repositories((installation, error) =>
      warn(`the repositories of installation ${installation} are not swept: ${messageOf(error)}`),
    );
    // What is left of an hour's requests is for verdicts, not for looking at what is most likely as it was.
    const isFree = (repository: number) =>
      github.limitedUntil(repository) === null && github.limitedUntil(repository, "sweep") === null;
    const repositories = all.filter(isFree);
    // A failure in one repository does not hold back the others; the searches are jobs, which are retried.
    for (const [name, task] of Object.entries(tasks))
      for (const repository of repositories) {
        // The next start sweeps again.
        if (tools.signal.aborted) return;
        await withoutSecrets(secrets.search, () => task(repository)).catch((error: Error) =>
          warn(`${name} of ${repository}: ${error.message}`),
        );
      }
  };

  // A failure is stored with the effect, and shown in entries and comments.
  const performSafely = async (effect: Effect, repository: number, holder: Holder) => {
    const begun = Date.now();
    const details = () => ({ effect: effect.key, type: effect.type, ms: Date.now() - begun });
    try {
      const result = await traced(`effect ${effect.type}`, { key: effect.key, repository }, () =>
        withoutSecrets(secrets.search, async () =>
          perform(effect, await contextOf(repository, holder, now, { ...tools, cache, log: progress }), async () =>
            anchorText(await headOf(db, repository)),
          ),
        ),
      );
      log.info(details(), `${effect.type} is done`);
      return result;
    } catch (error) {
      const code = error instanceof SallyportError ? error.code : null;
      if (code === "waiting") log.debug(details(), `${effect.type} waits: ${messageOf(error)}`);
      // Somebody's `/stop` is no failure.
      else if (code === "cancelled") log.info(details(), `${effect.type} ended: ${messageOf(error)}`);
      else log.warn(details(), `${effect.type} failed: ${messageOf(error)}`);
      throw error;
    }
  };

  const listed = keepListed(() => github.repositories());

  /**
   * Ends the work in a repository that is no longer ours, as GitHub's list of them says: nobody waits for it. An
   * installation ends with all that it had, so where one was just found nowhere the last list is asked first.
   */
  const giveUp = async ({ repository }: Subject, error: unknown) => {
    const isNowhere = error instanceof SallyportError && error.code === "not-found";
    const last = isNowhere ? await listed(false).catch(() => null) : null;
    const ours = last !== null && !last.includes(repository) ? last : await listed(true).catch(() => null);
    if (ours === null || ours.includes(repository)) throw error;
    await transact(db, (trx) => cancelEffects(trx, repository, ""));
    log.info({ repository }, `the App is no longer on ${repository}: nothing more is done there`);
  };

  return {
    reconcile: async (subject) => {
      const look = reconcile(subject, reconcileTools);
      await (subject.kind === "repository" ? look.catch((error: unknown) => giveUp(subject, error)) : look);
    },
    perform: (orderingKey, signal) =>
      drainOutbox(db, orderingKey, {
        queue,
        now,
        perform: performSafely,
        limitedUntil: (repository) => github.limitedUntil(repository, "write"),
        delayed: (effect, until, why) =>
          log.info({ effect, until, why }, `${effect} waits until ${until.toISOString()}`),
        signal: AbortSignal.any([signal, tools.signal]),
      }),
    publish,
    enqueueMatching: (search, isSwept) =>
      enqueueMatching({ ...search, isSwept }, { github, queue, standing, ended, searches }),
    sweep,
  };
}
