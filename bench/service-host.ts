/**
 * One process as the benches of the service start it: `probot`, or our receiver and queue on `pglite` or a PostgreSQL's
 * URL. Its looks take as long as it is told, as they would wait for GitHub, and do nothing.
 */
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createNodeMiddleware, Probot } from "probot";
import { startServer } from "../app/http/server.ts";
import { createReceiver } from "../app/http/webhooks.ts";
import { createQueue } from "../app/queue/queue.ts";
import { createLog } from "../app/settings/log.ts";
import { openDatabase, transact } from "../app/store/database.ts";

const [store = "", secret = "", lookMs = "0"] = process.argv.slice(2);
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

/** Our receiver and its queue; the metrics tell how much was looked at, and when a subject of repository 3 was. */
async function ours(): Promise<Server> {
  const database = await openDatabase(
    store === "pglite" ? { folder: mkdtempSync(join(tmpdir(), "bench-")) } : { url: store },
  );
  const queue = createQueue(database, { limitedUntil: () => null, secrets: async () => [], log });
  const told = { looked: 0, watched: {} as Record<number, number> };
  await queue.start({
    async reconcile({ repository, number }) {
      await sleep(Number(lookMs));
      told.looked++;
      if (repository === 3) told.watched[number] = Date.now();
    },
    async perform(lane) {
      // A model's work takes longer than the bench.
      if (lane.startsWith("agent/")) await sleep(600_000, undefined, { ref: false });
      return null;
    },
    publish: nothing,
    enqueueMatching: nothing,
    sweep: nothing,
  });
  const config = { webhookSecret: secret, host: "127.0.0.1", port: 0, metricsToken: secret };
  const { receive } = createReceiver({ db: database.db, queue, botId: 9, log, signal: new AbortController().signal });
  const metrics = async () => JSON.stringify(told);
  const server = await startServer(config, { receive, ready: nothing, metrics }, console.error);
  // No delivery begins an agent.
  const begin = async (agents: number) => {
    for (let index = 0; index < agents; index++)
      await transact(database.db, (trx) => queue.enqueueEffects(trx, `agent/${index}`, index));
  };
  process.stdin.on("data", (chunk) => void begin(Number(chunk)));
  return server;
}

const server = await (store === "probot" ? bareProbot() : ours());
console.log((server.address() as AddressInfo).port);
process.stdin.resume().once("end", () => process.exit(0));
