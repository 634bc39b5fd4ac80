/** One receiver of webhooks as a process of its own: `probot`, or ours on `pglite` or a PostgreSQL's URL. */
import { generateKeyPairSync } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createNodeMiddleware, Probot } from "probot";
import { startServer } from "../app/http/server.ts";
import { createReceiver } from "../app/http/webhooks.ts";
import { createQueue } from "../app/queue/queue.ts";
import { createLog } from "../app/settings/log.ts";
import { openDatabase } from "../app/store/database.ts";

const [store = "", secret = ""] = process.argv.slice(2);
const log = createLog({ logLevel: "error", logFormat: "json" }, console.error);
const nothing = async () => undefined;

/** Probot with a handler that does nothing: what receiving costs at least. */
async function bareProbot(): Promise<Server> {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const probot = new Probot({ appId: 1, privateKey: pem, secret, logLevel: "error" });
  const options = { probot, webhooksPath: "/api/github/webhooks" };
  const middleware = await createNodeMiddleware((app) => void app.onAny(() => {}), options);
  const server = createServer((request, response) => void middleware(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

/** Our receiver and its queue; looks do nothing, and `looked` counts them. */
async function ours(): Promise<Server> {
  const database = await openDatabase(store === "pglite" ? { folder: null } : { url: store });
  const queue = createQueue(database, { limitedUntil: () => null, secrets: async () => [], log });
  let looks = 0;
  const reconcile = async () => void looks++;
  await queue.start({
    reconcile,
    perform: async () => null,
    publish: nothing,
    enqueueMatching: nothing,
    sweep: nothing,
  });
  const config = { webhookSecret: secret, host: "127.0.0.1", port: 0, metricsToken: secret };
  const { signal } = new AbortController();
  const { receive } = createReceiver({ db: database.db, queue, botId: 9, log, signal });
  const metrics = async () => String(looks);
  return startServer(config, { receive, ready: nothing, metrics }, console.error);
}

const server = await (store === "probot" ? bareProbot() : ours());
console.log((server.address() as AddressInfo).port);
process.stdin.resume().once("end", () => process.exit(0));
