import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createNodeMiddleware, Probot } from "probot";
import { listAll } from "../collect/listing.ts";
import { createObjectsCache } from "../collect/objects-cache.ts";
import { listQueueBranches } from "../collect/queue-branches.ts";
import { groupSubject, type Subject, subjectKey } from "../core/effects.ts";
import { parsePublicKey } from "../core/keys.ts";
import { anchorText } from "./anchor.ts";
import { createAttemptGuard } from "./attempt-guard.ts";
import type { Config } from "./config.ts";
import { type OpenDatabase, openDatabase } from "./database.ts";
import { exportLedger } from "./export.ts";
import { createGitHub, type GitHubClients } from "./github.ts";
import { noteRewrite } from "./incident.ts";
import { drainLane } from "./lane.ts";
import { takeLease } from "./leases.ts";
import { look } from "./look.ts";
import type { World } from "./perform/world.ts";
import { perform } from "./perform.ts";
import { createQueue, type Queue, type Search } from "./queue.ts";
import { receiveWebhooks } from "./receive.ts";
import { keepSecrets, withoutSecrets } from "./redact.ts";
import { restoreChain } from "./restore.ts";
import { createSigner } from "./signer.ts";
import { createEntryReader, getBody, headOf, linesFrom, putBody, record } from "./store.ts";

/** A running service: where it listens, and how it ends without losing what is under way. */
export type Service = { url: string; publicKey: string; database: OpenDatabase; close(): Promise<void> };

/** GitHub sends at most 25 MB; a longer body is not from there. */
const webhookBytes = 25 * 1024 * 1024;

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
    calls: callStore(database),
    secrets: secrets.search,
    anthropic: config.anthropic,
    signal: stopping.signal,
    now,
    progress: log,
  });

  // What fails is stored by the queue and the lane, and told in entries and comments.
  const clean = <T>(job: () => Promise<T>) => withoutSecrets(secrets.search, job);
  await queue.start({
    look: (subject) =>
      clean(() =>
        look(subject, {
          db,
          ourselves,
          github: (repository) => github.forRepository(repository, "read"),
          cache,
          entries,
          takeLease: (one) => takeLease(db, subjectKey(one)),
          record: (where, decision) =>
            record(db, where, decision, { sign: signer.sign, now, guard, enqueue: queue }),
          now,
          log,
        }),
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
          await exportLedger(client, {
            repository,
            lines: (from) => linesFrom(db, repository, from),
            body: (sha256) => getBody(db, sha256),
            secrets: secrets.search,
            ourselves,
          });
        } catch (error) {
          const home = { id: repository, name: `${client.owner}/${client.repo}` };
          const site = { db, repository: home, entries: await readEntries(repository), ourselves };
          await noteRewrite(error, site, { sign: signer.sign, now, guard });
          throw error;
        }
      }),
    find: (search) => clean(() => find(search, github, queue)),
    sweep: () =>
      clean(async () => {
        for (const repository of await github.repositories())
          await find({ repository, sha: null }, github, queue);
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

/** Stored answers of model calls, so that an answer that was paid for is never asked for again. */
function callStore({ db }: OpenDatabase): World["calls"] {
  return {
    async get(key) {
      const row = await db.selectFrom("answers").select("answer").where("key", "=", key).executeTakeFirst();
      return row?.answer ?? null;
    },
    async put(key, answer) {
      await db
        .insertInto("answers")
        .values({ key, answer })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },
  };
}

/** Marks dirty the pull requests of a commit, or everything open that may be ours. */
async function find(search: Search, github: GitHubClients, queue: Queue): Promise<void> {
  const { repository, sha } = search;
  const client = await github.forRepository(repository, "read");
  const { request, owner, repo } = client;
  const subjects: Subject[] = [];
  const pulls = await listAll("the open pull requests", (page) =>
    sha === null
      ? request("GET /repos/{owner}/{repo}/pulls", { owner, repo, state: "open", per_page: 100, page })
      : request("GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls", {
          owner,
          repo,
          commit_sha: sha,
          per_page: 100,
          page,
        }),
  );
  if (!pulls.known) throw new Error(pulls.why);
  for (const { number, state } of pulls.value)
    if (state === "open") subjects.push({ kind: "pull", repository, number });
  if (sha === null) {
    const groups = await listQueueBranches(client);
    if (!groups.known) throw new Error(groups.why);
    subjects.push(...groups.value.flatMap(({ ref }) => groupSubject(repository, ref) ?? []));
    for (const label of ["story", "epic"]) {
      const issues = await listAll(`the open issues labelled ${label}`, (page) =>
        request("GET /repos/{owner}/{repo}/issues", {
          owner,
          repo,
          state: "open",
          labels: label,
          per_page: 100,
          page,
        }),
      );
      if (!issues.known) throw new Error(issues.why);
      for (const { number } of issues.value) subjects.push({ kind: "issue", repository, number });
    }
  }
  for (const subject of subjects) await queue.mark(subject);
}

/** The HTTP side: webhooks at `/api/github/webhooks`, a health check, and nothing else. */
async function listen(
  config: Config,
  app: (probot: Probot) => void,
  log: (line: string) => void,
): Promise<Server> {
  const probot = new Probot({
    appId: config.appId,
    privateKey: config.privateKey,
    secret: config.webhookSecret,
    baseUrl: config.apiUrl,
    logLevel: "fatal",
  });
  const webhooks = await createNodeMiddleware(app, { probot, webhooksPath: "/api/github/webhooks" });
  const server = createServer((request, response) => {
    answer(request, response, webhooks).catch((error: unknown) => {
      log(`request failed: ${String(error)}`);
      if (!response.headersSent) plain(response, 500, "The request failed; the log says why.");
    });
  });
  // A sender that keeps its connection must not meet its end while we are busy: what it sends then would be lost.
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(config.port, config.host, resolve);
  });
  return server;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  webhooks: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<void> {
  if (request.method === "GET" && request.url === "/healthz") return plain(response, 200, "ok");
  // The length is known before the body is read, so that nobody can fill the memory.
  const length = Number(request.headers["content-length"]);
  if (request.method === "POST" && !Number.isInteger(length))
    return plain(response, 411, "Say how long the body is.");
  if (length > webhookBytes) return plain(response, 413, "The body is too long.");
  await webhooks(request, response);
  if (!response.headersSent)
    plain(response, 404, "There is nothing here; webhooks go to /api/github/webhooks.");
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}
