import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../core/errors.ts";
import { createGateway } from "../actions/gateway.ts";
import { createGitHub } from "../github/clients.ts";
import { shareLimits } from "../github/limits.ts";
import { closeServer, type Pages, type Receiver, startServer } from "../http/server.ts";
import { createReceiver } from "../http/webhooks.ts";
import { createSigner } from "../ledger/signer.ts";
import { createPages } from "../pages/pages.ts";
import { serviceOf } from "../perform/model.ts";
import { roles as allRoles, queuesOf, type Role } from "../queue/limits.ts";
import { createQueue, type Queue } from "../queue/queue.ts";
import { confinementProblem } from "../runner/availability.ts";
import type { Config } from "../settings/config.ts";
import { createLog } from "../settings/log.ts";
import { metricsText } from "../settings/metrics.ts";
import { createSecrets } from "../settings/secrets.ts";
import { startTracing } from "../settings/tracing.ts";
import { readBacklog } from "../store/backlog.ts";
import { unpublished } from "../store/chain.ts";
import { type OpenDatabase, openDatabase } from "../store/database.ts";
import { createJobs } from "./jobs.ts";

/** A running service: its address, and how to close it without losing running work. */
export type Service = {
  url: string;
  publicKey: string;
  database: OpenDatabase;
  /** Resolves when the service cannot go on without harm, with the reason; whoever started it closes it then. */
  failed: Promise<Error>;
  close(): Promise<void>;
};

/** How long an answer to whether the service is ready holds, in milliseconds: anybody may ask, and it costs a write. */
const readyMs = 1_000;

/** Asks once for all who ask while no answer has come, or came just now by a clock that nobody sets. */
function shared(ask: () => Promise<void>): () => Promise<void> {
  let last: { answer: Promise<void>; until: number } | null = null;
  return () => {
    if (last !== null && performance.now() < last.until) return last.answer;
    const one = { answer: ask(), until: Number.POSITIVE_INFINITY };
    const answered = () => {
      one.until = performance.now() + readyMs;
    };
    one.answer.then(answered, answered);
    last = one;
    return one.answer;
  };
}

/** How long entries may take to be published when the service stops, in milliseconds. */
const flushMs = 8_000;

/** The same for the last traces. */
const lastTracesMs = 2_000;

/**
 * Starts the service: HTTP server, database, queue, workers. Only here are its parts connected. It listens first: a
 * second process on the same port ends before it touches anything. What started is closed again when the rest fails.
 */
export async function startService(
  config: Config,
  print: (line: string) => void,
  roles: readonly Role[] = allRoles,
): Promise<Service> {
  const secrets = createSecrets(config);
  const log = createLog(config, (line) => print(secrets.redact(line)));
  const warn = (line: string) => log.warn({}, line);
  const signer = createSigner(config.ledgerKey);
  const github = createGitHub(config, secrets.addToken);
  const stopping = new AbortController();
  const { anthropic, openai, google, agentTools, packageRegistry, publicUrl, digestWebhook } = config;
  const hasPages = config.pages.for !== "nobody";
  const pagesUrl = hasPages ? publicUrl : null;
  const { signal } = stopping;

  const starting = async () => {
    throw new Error("the service is starting");
  };
  const receiver: Receiver = { receive: starting, ready: starting, metrics: starting };
  const failed = Promise.withResolvers<Error>();
  let [pages, runs]: [Pages, NonNullable<Receiver["runs"]>] = [starting, starting];
  const server = await startServer(
    config,
    {
      receive: (event) => receiver.receive(event),
      ready: () => receiver.ready(),
      metrics: () => receiver.metrics(),
      runs: (...asked) => runs(...asked),
    },
    warn,
    hasPages ? (request, response) => pages(request, response) : null,
  );
  let database: OpenDatabase | null = null;
  let queue: Queue | null = null;
  let isLost = false;
  let publishRest = async () => {};
  let stopTracing = async () => {};
  let stopSharing = () => {};
  const close = async () => {
    stopping.abort(new Error("the service is stopping"));
    await closeServer(server);
    // Without a store what runs can record nothing: it is left as a process leaves it that is killed.
    await queue?.stop(isLost ? 0 : undefined);
    stopSharing();
    if (!isLost) await Promise.race([publishRest(), sleep(flushMs, undefined, { ref: false })]);
    await database?.close();
    await Promise.race([stopTracing().catch(() => undefined), sleep(lastTracesMs, undefined, { ref: false })]);
  };

  try {
    if (config.tracing !== null) stopTracing = await startTracing(config.tracing);
    const ourselves = await github.identify();
    database = await openDatabase(config.database);
    const { db } = database;
    void database.failed.then((reason) => {
      isLost = true;
      failed.resolve(reason);
    });
    stopSharing = await shareLimits(db, github.limits, warn);
    queue = createQueue(database, {
      limitedUntil: github.limitedUntil,
      secrets: secrets.search,
      log,
    });
    const onboarding = config.onboarding ? { ledgerKey: signer.publicKey } : null;
    const common = { db, queue, github, ourselves, onboarding, digestWebhook, signer, secrets, packageRegistry };
    const parts = { ...common, anthropic, openai, google, agentTools, publicUrl, pagesUrl, signal, log };
    const jobs = createJobs({ ...parts, end: failed.resolve });
    await queue.start(jobs, queuesOf(roles));
    if ([anthropic, openai, google].every(({ apiKey }) => apiKey === null))
      warn(
        "no plan and no run will work: set ANTHROPIC_API_KEY, OPENAI_API_KEY or GOOGLE_API_KEY, as policies name them",
      );
    const unconfined = agentTools === null ? null : await confinementProblem();
    if (unconfined !== null) warn(`no run by an agent's program will work: ${unconfined}`);
    // The last entries are recorded while the jobs end; published now, they survive the machine.
    publishRest = async () => {
      const publish = (repository: number) =>
        jobs
          .publish(repository)
          .catch((error: unknown) => warn(`the ledger of ${repository} stays unpublished: ${messageOf(error)}`));
      await Promise.all((await unpublished(db)).map(publish));
    };
    const webhooks = createReceiver({ db, queue, botId: ourselves.bot.id, log, signal });
    if (roles.includes("receive")) webhooks.passOn();
    receiver.receive = roles.includes("receive")
      ? webhooks.receive
      : async ({ id }) => {
          log.error({}, `delivery ${id} came to a process without the role receive: send webhooks to one that has it`);
          throw new Error(`delivery ${id} was not stored`);
        };
    runs = createGateway({
      ...{ db, github, ourselves, secrets, apiUrl: config.apiUrl, publicUrl, signal, log },
      serviceOf: (effect, purse) => serviceOf(effect, { ...config, purse }),
    });
    receiver.metrics = async () => metricsText(await readBacklog(db));
    if (hasPages) pages = createPages(config, { db, github, log: warn });
    receiver.ready = shared(webhooks.ready);
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : config.port;
    return {
      url: `http://${config.host}:${port}`,
      publicKey: signer.publicKey,
      database,
      failed: failed.promise,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
