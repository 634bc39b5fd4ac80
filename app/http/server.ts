import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createNodeMiddleware, type EmitterWebhookEvent, Webhooks } from "@octokit/webhooks";
import type { Config } from "../settings/config.ts";

/** GitHub sends at most 25 MB; a longer body is not GitHub's. */
const maxWebhookBytes = 25 * 1024 * 1024;

/** The most bytes that are held of bodies: a signature can only be checked on a complete body. */
const maxPendingBytes = 4 * maxWebhookBytes;

/** The requests that are not answered yet, oldest first, each with the bytes that it has sent. */
type PendingRequests = Map<IncomingMessage, number>;

/** GitHub gives up a delivery after ten seconds; a slower sender is not GitHub and only takes up room. */
const requestTimeoutMs = 15_000;

/** The middleware logs senders' errors, and any sender could fill the log; `receive` logs our own. */
const ignore = () => undefined;
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** Answers what asks for a page; it is asked for nothing but `GET` and `HEAD`. */
export type Pages = (request: IncomingMessage, response: ServerResponse) => Promise<unknown>;

/**
 * The HTTP side: webhooks at `/api/github/webhooks`, a health check, and the pages, if there are any. `receive` gets
 * only events signed with the webhook secret, and a delivery is answered when it returns.
 */
export async function startServer(
  config: Pick<Config, "webhookSecret" | "host" | "port">,
  receive: (event: EmitterWebhookEvent) => Promise<void>,
  log: (line: string) => void,
  pages: Pages | null = null,
): Promise<Server> {
  const webhooks = new Webhooks({ secret: config.webhookSecret, log: silent });
  webhooks.onAny(receive);
  const middleware = createNodeMiddleware(webhooks, { path: "/api/github/webhooks", log: silent });
  const pending: PendingRequests = new Map();
  const server = createServer({ requestTimeout: requestTimeoutMs }, (request, response) => {
    answer(request, response, { webhooks: middleware, pages, pending }).catch((error: unknown) => {
      log(`request failed: ${String(error)}`);
      if (!response.headersSent) plain(response, 500, "The request failed; the log says why.");
    });
  });
  // Must outlast a kept-alive sender's pauses: a request sent while we close its connection would be lost.
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(config.port, config.host, resolve);
  });
  return server;
}

/** Grace period at shutdown: then all connections are closed. */
const closeTimeoutMs = 3_000;

/**
 * Closes the server: open requests are answered, and idle connections are closed. A sender that keeps its connection
 * alive, or opened one and sends nothing, does not delay the shutdown.
 */
export async function closeServer(server: Server): Promise<void> {
  const ended = new Promise((resolve) => server.close(resolve));
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const all = setTimeout(() => server.closeAllConnections(), closeTimeoutMs);
  await ended;
  clearInterval(idle);
  clearTimeout(all);
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  {
    webhooks,
    pages,
    pending,
  }: {
    webhooks(request: IncomingMessage, response: ServerResponse): unknown;
    pages: Pages | null;
    pending: PendingRequests;
  },
): Promise<void> {
  if (request.method === "GET" && request.url === "/healthz") return plain(response, 200, "ok");
  if (pages !== null && (request.method === "GET" || request.method === "HEAD")) {
    await pages(request, response);
    return;
  }
  // The length is known before the body is read, so that nobody can fill the memory.
  const length = Number(request.headers["content-length"]);
  if (request.method === "POST" && !Number.isInteger(length)) return plain(response, 411, "Say how long the body is.");
  if (length > maxWebhookBytes) return plain(response, 413, "The body is too long.");
  if (request.method === "POST") countBytes(pending, request, response);
  await webhooks(request, response);
  if (!response.headersSent) plain(response, 404, "There is nothing here; webhooks go to /api/github/webhooks.");
}

/**
 * Counts what has come of a body: what is only announced takes no room. While all together are too much, the incomplete
 * body of which most has come is cut, so nobody cuts off a delivery who does not send more than it at one time.
 */
function countBytes(pending: PendingRequests, request: IncomingMessage, response: ServerResponse): void {
  pending.set(request, 0);
  response.once("close", () => pending.delete(request));
  request.on("data", (chunk: Buffer) => {
    pending.set(request, (pending.get(request) ?? 0) + chunk.length);
    let bytes = [...pending.values()].reduce((sum, one) => sum + one, 0);
    if (bytes <= maxPendingBytes) return;
    const incomplete = [...pending].filter(([one]) => !one.complete).sort(([, one], [, other]) => other - one);
    for (const [largest, received] of incomplete) {
      if (bytes <= maxPendingBytes) return;
      bytes -= received;
      pending.delete(largest);
      largest.destroy(new Error("too much is sent at one time"));
    }
  });
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}
