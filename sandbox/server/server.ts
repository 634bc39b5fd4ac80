/** Starts GitHub in one process: REST at `/` and `/api/v3`, git over HTTP, webhooks, and controls for tests. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { watchQueues } from "../changes/merge-queue.ts";
import { manifestPages } from "../endpoints/app-manifests.ts";
import { applySeed, type Seed } from "../seed/seed.ts";
import { addFault, type FaultOrder } from "../state/faults.ts";
import type { State } from "../state/memory.ts";
import { createState } from "../state/state.ts";
import type { Exchange } from "../state/traffic.ts";
import { settled } from "../state/work.ts";
import { issuer } from "../workflows/identity.ts";
import { controls } from "./control.ts";
import { restApi, type ServedRequest } from "./rest.ts";
import { routes } from "./routes.ts";
import { gitOverHttp } from "./smart-http.ts";
import { viewer } from "./viewer.ts";

export type Sandbox = {
  /** `http://127.0.0.1:port`; as an API base both this and `url + "/api/v3"` serve. */
  url: string;
  port: number;
  state: State;
  /** Every REST request answered so far. */
  requests: () => ServedRequest[];
  fault: (order: FaultOrder) => void;
  /** Resolves when no webhook delivery and no simulated check is pending. */
  settled: () => Promise<void>;
  onExchange: (listener: (exchange: Exchange) => void) => void;
  onWebhook: (listener: (webhook: { event: string; payload: unknown }) => void) => void;
  /** Waits for pending work, then stops; removes the directory if the sandbox created it. */
  close: () => Promise<void>;
};

export type SandboxOptions = {
  seed: Seed;
  /** 0 or undefined: any free port. */
  port?: number;
  /** The directory of the repositories, which is kept. Without it a temporary directory is used. */
  dir?: string;
  clock?: () => number;
  /** The programs of the actions that workflows may use, by name. Without it runs stay queued. */
  actions?: Readonly<Record<string, readonly string[]>>;
};

const REST_LIMIT = 32 * 1024 * 1024;

/** Throws a one-line error when the seed is wrong or the port is taken. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), "sandbox-")));
  await mkdir(dir, { recursive: true });
  const state = createState({ dir, clock: options.clock ?? Date.now, actions: options.actions ?? null });
  watchQueues(state);
  const asked: ServedRequest[] = [];
  const serve = getRequestListener(application(state, asked).fetch);
  const server = createServer((request, response) => void serve(request, response));
  // Longer than any client keeps a connection, so that none is closed in the middle of a request.
  server.keepAliveTimeout = 65_000;
  const stop = async () => {
    await close(server);
    if (options.dir === undefined) await rm(dir, { recursive: true, force: true });
  };
  let port = 0;
  try {
    port = await listen(server, options.port ?? 0);
    state.url = `http://127.0.0.1:${port}`;
    await applySeed(state, options.seed);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: state.url,
    port,
    state,
    requests: () => asked,
    fault: (order) => addFault(state.faults, order),
    settled: () => settled(state),
    onExchange: (listener) => state.exchangeListeners.push(listener),
    onWebhook: (listener) => state.webhookListeners.push(listener),
    close: async () => {
      await settled(state);
      await stop();
    },
  };
}

function application(state: State, asked: ServedRequest[]): Hono {
  const api = restApi(state, routes, (request) => asked.push(request));
  const root = new Hono();
  const tooLarge = { maxSize: REST_LIMIT, onError: () => refusal(413, "Request body is too large") };
  root.route("/_sandbox", controls(state, asked));
  root.route("/_services/token", issuer(state));
  root.route("/", gitOverHttp(state));
  root.use(bodyLimit(tooLarge));
  root.route("/", manifestPages(state));
  root.route("/", viewer(state, api));
  root.route("/api/v3", api);
  root.route("/", api);
  root.notFound((context) => {
    asked.push({ method: context.req.method, path: context.req.path, route: "", status: 404 });
    return refusal(404, "Not Found");
  });
  root.onError((error) => {
    console.error(`sandbox: ${error.stack ?? error.message}`);
    return refusal(500, "Server Error");
  });
  return root;
}

function refusal(status: number, message: string): Response {
  const body = { message, documentation_url: "https://docs.github.com/rest", status: String(status) };
  return Response.json(body, { status });
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("the sandbox has no port"));
      else resolve(address.port);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
