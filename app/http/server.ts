import { timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type EmitterWebhookEvent, Webhooks } from "@octokit/webhooks";
import { sha256 } from "../../core/digest.ts";
import { SallyportError } from "../../core/errors.ts";
import { runsPath } from "../actions/protocol.ts";
import type { Config } from "../settings/config.ts";
import { deliveries } from "../settings/metrics.ts";
import { readDelivery, webhookPath } from "./delivery.ts";

/** GitHub sends at most 25 MB; a longer body is not GitHub's. */
const maxWebhookBytes = 25 * 1024 * 1024;

/** The form of a page holds a sealed text and nothing else. */
const maxFormBytes = 10_000;

/** The most bytes that are held of bodies: a signature can only be checked on a complete body. */
const maxPendingBytes = 4 * maxWebhookBytes;

/** The requests that are not answered yet, oldest first, each with the bytes that it has sent, and their sum. */
type PendingRequests = { sent: Map<IncomingMessage, number>; bytes: number };

/** GitHub gives up a delivery after ten seconds; a slower sender is not GitHub and only takes up room. */
const requestTimeoutMs = 15_000;

/**
 * How long an answer may take, in milliseconds: GitHub gives a delivery up after ten seconds. A readiness check has the
 * same patience as those who ask for it.
 */
const deadlines = { delivery: 8_000, ready: 2_000 } as const;

/** Answers what asks for a page, or sends a short form of one. */
export type Pages = (request: IncomingMessage, response: ServerResponse) => Promise<unknown>;

/** What the server passes on to. Both fail by throwing, and the caller is told by the status. */
export type Receiver = {
  /** Takes in a delivery that was signed with the webhook secret; it is answered when this returns. */
  receive(event: EmitterWebhookEvent): Promise<void>;
  /** Returns when deliveries can be taken in now. */
  ready(): Promise<void>;
  /** What the process counts, as text for Prometheus. */
  metrics(): Promise<string>;
  /** Answers a run of the workflow on Actions; a model may think for minutes before it does. */
  runs?(request: IncomingMessage, response: ServerResponse): Promise<void>;
};

/**
 * The HTTP side: webhooks at `/api/github/webhooks`, runs on Actions below `/api/runs`, the pages, if there are any, and
 * two checks: `/healthz` says that the process lives, `/readyz` that it can take in deliveries. `/metrics` is there for
 * whoever knows its token, if it has one. Fails with `bad-input` when the port is taken.
 */
export async function startServer(
  config: Pick<Config, "webhookSecret" | "host" | "port" | "metricsToken">,
  { receive, ready, metrics, runs }: Receiver,
  log: (line: string) => void,
  pages: Pages | null = null,
): Promise<Server> {
  const webhooks = new Webhooks({ secret: config.webhookSecret });
  const deliver = (request: IncomingMessage, response: ServerResponse) =>
    answerDelivery(request, response, webhooks, receive);
  const pending: PendingRequests = { sent: new Map(), bytes: 0 };
  const server = createServer({ requestTimeout: requestTimeoutMs }, (request, response) => {
    const failed = (error: unknown) => {
      log(`request failed: ${String(error)}`);
      if (!response.headersSent) plain(response, 500, "The request failed; the log says why.");
    };
    const health = { "/healthz": async () => undefined, "/readyz": () => within(deadlines.ready, ready()) };
    const { metricsToken } = config;
    if (metricsToken !== null && request.method === "GET" && request.url === "/metrics")
      return void answerMetrics(request, response, metricsToken, metrics).catch(failed);
    answer(request, response, { deliver, ...(runs === undefined ? {} : { runs }), pages, pending, health }).catch(
      failed,
    );
  });
  // Must outlast a kept-alive sender's pauses: a request sent while we close its connection would be lost.
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", ({ code = "" }: NodeJS.ErrnoException) =>
      reject(
        new SallyportError(
          "bad-input",
          code === "EADDRINUSE"
            ? `another program listens on port ${config.port} of ${config.host}: end it, or set PORT to another port`
            : `the service cannot listen on ${config.host}, port ${config.port} (${code}): set HOST to an address of this machine, and PORT to one that its user may use`,
        ),
      ),
    );
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

/** The metrics, for a bearer of their token. Digests are compared: they have one length, whatever was sent. */
async function answerMetrics(
  request: IncomingMessage,
  response: ServerResponse,
  token: string,
  metrics: () => Promise<string>,
): Promise<void> {
  const digest = (text: string) => Buffer.from(sha256(text));
  if (!timingSafeEqual(digest(request.headers.authorization ?? ""), digest(`Bearer ${token}`)))
    return plain(response, 401, "Send METRICS_TOKEN as a bearer token.");
  plain(response, 200, await within(deadlines.ready, metrics()), "text/plain; version=0.0.4; charset=utf-8");
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  {
    deliver,
    runs,
    pages,
    pending,
    health,
  }: Pick<Receiver, "runs"> & {
    deliver(request: IncomingMessage, response: ServerResponse): Promise<void>;
    pages: Pages | null;
    pending: PendingRequests;
    health: Readonly<Record<string, () => Promise<void>>>;
  },
): Promise<void> {
  const url = request.url ?? "";
  // Many who watch a service ask with HEAD; the pages would answer that, with a sign-in.
  const isRead = request.method === "GET" || request.method === "HEAD";
  const check = isRead && Object.hasOwn(health, url) ? health[url] : undefined;
  if (check !== undefined) {
    const isWell = await check().then(
      () => true,
      () => false,
    );
    return isWell ? plain(response, 200, "ok") : plain(response, 503, "Not ready; the log says why.");
  }
  const answerRun = url.startsWith(runsPath) ? runs : undefined;
  if (answerRun !== undefined && request.method === "GET") return answerRun(request, response);
  const isPost = request.method === "POST" && !url.startsWith("/api/");
  const isShort = isPost && Number(request.headers["content-length"]) <= maxFormBytes;
  if (pages !== null && (isRead || isShort)) {
    await pages(request, response);
    return;
  }
  const [path = ""] = url.split("?", 1);
  const isDelivery = path.startsWith(webhookPath) && /^\/*$/.test(path.slice(webhookPath.length));
  const reject = isDelivery ? refuse : plain;
  // The length is known before the body is read, so that nobody can fill the memory.
  const length = Number(request.headers["content-length"]);
  if (request.method === "POST" && !Number.isInteger(length)) return reject(response, 411, "Say how long the body is.");
  if (length > maxWebhookBytes) return reject(response, 413, "The body is too long.");
  if (request.method === "POST") countBytes(pending, request, response);
  if (answerRun !== undefined) return answerRun(request, response);
  if (isDelivery) return deliver(request, response);
  plain(response, 404, `There is nothing here; webhooks go to ${webhookPath}.`);
}

/** A sender's mistakes are counted and not logged, or any sender could fill the log. */
function refuse(response: ServerResponse, status: number, line: string): void {
  deliveries.inc({ event: "other", outcome: "refused" });
  plain(response, status, line);
}

/** Answers a delivery once it is stored; if it was not, `receive` has logged why. */
async function answerDelivery(
  request: IncomingMessage,
  response: ServerResponse,
  webhooks: Webhooks,
  receive: Receiver["receive"],
): Promise<void> {
  // Nothing holds the event while it waits for the store: hundreds may, and each is large.
  const taken = await readDelivery(request, webhooks).then((read) =>
    "status" in read ? read : { stored: within(deadlines.delivery, receive(read)) },
  );
  if ("status" in taken) return refuse(response, taken.status, taken.line);
  const isStored = await taken.stored.then(
    () => true,
    () => false,
  );
  if (isStored) plain(response, 200, "ok");
  else plain(response, 500, "The delivery was not stored; the log says why.");
}

/**
 * Counts what has come of a body: what is only announced takes no room. While all together are too much, the incomplete
 * body of which most has come is cut, so nobody cuts off a delivery who does not send more than it at one time.
 */
function countBytes(pending: PendingRequests, request: IncomingMessage, response: ServerResponse): void {
  const { sent } = pending;
  const forget = (one: IncomingMessage) => {
    pending.bytes -= sent.get(one) ?? 0;
    sent.delete(one);
  };
  sent.set(request, 0);
  response.once("close", () => forget(request));
  request.on("data", ({ length }: Buffer) => {
    const before = sent.get(request);
    if (before === undefined) return;
    sent.set(request, before + length);
    pending.bytes += length;
    if (pending.bytes <= maxPendingBytes) return;
    const incomplete = [...sent].filter(([one]) => !one.complete).sort(([, one], [, other]) => other - one);
    for (const [largest] of incomplete) {
      if (pending.bytes <= maxPendingBytes) return;
      forget(largest);
      largest.destroy(new Error("too much is sent at one time"));
    }
  });
}

/** The result of work, or a failure if it takes longer than so many milliseconds. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1_000} s`)), ms);
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function plain(response: ServerResponse, status: number, text: string, type = "text/plain; charset=utf-8"): void {
  const body = `${text}\n`;
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) }).end(body);
}
