import { createGitHub } from "../github/clients.ts";
import { closeServer, startServer } from "../http/server.ts";
import { createReceiver } from "../http/webhooks.ts";
import { createSigner } from "../ledger/signer.ts";
import { createPages } from "../pages/pages.ts";
import { createQueue } from "../queue/queue.ts";
import type { Config } from "../settings/config.ts";
import { createSecrets } from "../settings/secrets.ts";
import { type OpenDatabase, openDatabase } from "../store/database.ts";
import { indexOldEntries } from "../store/mentions.ts";
import { createJobs } from "./jobs.ts";

/** A running service: its address, and how to close it without losing running work. */
export type Service = { url: string; publicKey: string; database: OpenDatabase; close(): Promise<void> };

/** Starts the service: database, queue, workers, webhook receiver. Only here are its parts connected. */
export async function startService(config: Config, print: (line: string) => void): Promise<Service> {
  const secrets = createSecrets(config);
  const log = (line: string) => print(secrets.redact(line));
  const signer = createSigner(config.ledgerKey);
  const github = createGitHub(config, secrets.addToken);
  const ourselves = await github.identify();
  const database = await openDatabase(config.database);
  const { db } = database;
  await indexOldEntries(db);
  const queue = createQueue(database, {
    limitedUntil: github.limitedUntil,
    secrets: secrets.search,
    log: (line) => log(`queue: ${line}`),
  });
  const stopping = new AbortController();
  const { anthropic, publicUrl } = config;
  const pages = config.pages.for === "nobody" ? null : createPages(config, { db, github, log });
  const pagesUrl = pages === null ? null : publicUrl;
  const { signal } = stopping;
  const onboarding = config.onboarding ? { ledgerKey: signer.publicKey } : null;
  const common = { db, queue, github, ourselves, onboarding, signer, secrets };
  await queue.start(createJobs({ ...common, anthropic, pagesUrl, signal, log }));

  const server = await startServer(config, createReceiver({ db, queue, botId: ourselves.bot.id, log }), log, pages);
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : config.port;
  return {
    url: `http://${config.host}:${port}`,
    publicKey: signer.publicKey,
    database,
    async close() {
      stopping.abort(new Error("the service is stopping"));
      await closeServer(server);
      await queue.stop();
      await database.close();
    },
  };
}
