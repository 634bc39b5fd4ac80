/** A sandbox with one repository, our App on it and its clients, watched for conformance: for tests of all that writes. */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGitHub, type GitHubClients } from "../../app/github/clients.ts";
import { requestIn } from "../../app/github/requests.ts";
import type { PerformContext } from "../../app/perform/context.ts";
import { perform } from "../../app/perform/perform.ts";
import { createSecrets } from "../../app/settings/secrets.ts";
import type { Dispatch } from "../../app/store/dispatches.ts";
import { createObjectsCache } from "../../collect/github/cache.ts";
import type { Effect, EffectResult } from "../../core/effects.ts";
import { SallyportError } from "../../core/errors.ts";
import type { Seed } from "../../sandbox/seed/seed.ts";
import { type Sandbox, startSandbox } from "../../sandbox/server/server.ts";
import { newKey } from "../builders/ledger.ts";
import { expectConformance, type Watch, watchSandbox } from "../conformance/watch.ts";
import { actionsManifest, manifest, seedOurApp } from "./installed-app.ts";

// What an answer holds is asserted by the tests, not by types.
// biome-ignore lint/suspicious/noExplicitAny: the shape is GitHub's, and each test reads another part of it
export type Json = any;

export type Acme = {
  sandbox: Sandbox;
  watch: Watch;
  clients: GitHubClients;
  privateKey: string;
  /** The numeric id of acme/web. */
  repository: number;
  world: PerformContext;
  /** Carries an effect out as the service does: once. */
  perform(effect: Effect): Promise<EffectResult>;
  /** Carries an effect out as the queue does: again after what may pass by itself. Gives the number of tries. */
  settle(effect: Effect): Promise<{ result: EffectResult; tries: number }>;
  /** Asks as a person; a path without a leading slash is below acme/web. */
  as(person: "lena" | "wes", method: string, path: string, body?: unknown): Promise<Json>;
  /** Stores a value as a body and gives its digest. */
  store(value: unknown): Promise<string>;
  /** The requests other than reading, as `METHOD path`, since the last time this was asked. */
  written(): string[];
  close(): Promise<void>;
};

export const files = {
  "README.md": "# web\n",
  "web/page.html": "<p>hello</p>\n",
  "web/run.sh": "#!/bin/sh\n",
  "web/deep/er/leaf.txt": "leaf\n",
};

/** How often a read is asked for before it counts as failed: a fault for it has to last as long. */
export const tries = 4;

export const anchor = "Ledger head: `1:abc`";

/** Asks as a person; a path without a leading slash is below the repository. */
export const asker =
  (url: string, repository: string) =>
  async (person: string, method: string, path: string, body?: unknown): Promise<Json> => {
    const whole = path.startsWith("/") ? `${url}${path}` : `${url}/repos/${repository}/${path}`;
    const response = await fetch(whole.replace(/\/$/, ""), {
      method,
      headers: { authorization: `Bearer ghp_${person}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? null : JSON.parse(text);
  };

/** `onActions`: the App may also start runs on Actions, as its second manifest asks. */
export async function startAcme({ onActions = false } = {}): Promise<Acme> {
  const dir = mkdtempSync(join(tmpdir(), "acme-"));
  const sandbox = await startSandbox({ seed: seed(dir, onActions), dir: join(dir, "data") });
  const privateKey = readFileSync(join(dir, "app.pem"), "utf8");
  const watch = watchSandbox(sandbox);
  const as: Acme["as"] = asker(sandbox.url, "acme/web");
  const secrets = createSecrets({
    privateKey,
    webhookSecret: "a secret of this test",
    ledgerKey: newKey().pem,
    anthropic: { apiKey: "sk-ant-0123456789abcdefghij", baseUrl: null },
    database: { folder: null },
  });
  const clients = createGitHub({ apiUrl: sandbox.url, appId: 4001, privateKey, throttle: false }, secrets.addToken);
  const repository: number = (await as("lena", "GET", "")).id;
  const bodies = new Map<string, Uint8Array>();
  const github = await clients.forRepository(repository, "write");
  const context: PerformContext = {
    github,
    reader: await clients.forRepository(repository, "read"),
    cache: createObjectsCache(10_000_000),
    request: requestIn(github),
    repositoryId: repository,
    ourselves: await clients.identify(),
    bodies: {
      get: async (sha256) => bodies.get(sha256) ?? null,
      put: async (bytes, mediaType) => {
        const sha256 = createHash("sha256").update(bytes).digest("hex");
        bodies.set(sha256, bytes);
        return { sha256, bytes: bytes.byteLength, mediaType };
      },
    },
    calls: { get: async () => null, put: async () => {} },
    purse: () => ({ reserve: async () => ({ ok: true, settle: async () => {} }) }),
    secrets: secrets.search,
    anthropic: { apiKey: null, baseUrl: null },
    openai: { apiKey: null, baseUrl: null },
    google: { apiKey: null, baseUrl: null },
    agentTools: null,
    packageRegistry: "http://127.0.0.1:1",
    dispatches: recordedDispatches(),
    publicUrl: "https://sallyport.example.com",
    pagesUrl: "https://sallyport.example.com",
    digestWebhook: null,
    signal: new AbortController().signal,
    isOpen: async () => true,
    now: () => new Date("2026-11-21T10:00:00.000Z"),
    steps: () => async () => undefined,
    progress: () => {},
  };
  const once = (effect: Effect) => perform(effect, context, async () => anchor);
  let seen = 0;
  return {
    sandbox,
    watch,
    clients,
    privateKey,
    repository,
    world: context,
    perform: once,
    as,
    async settle(effect) {
      for (let tries = 1; ; tries++) {
        try {
          return { result: await once(effect), tries };
        } catch (error) {
          if (!(error instanceof SallyportError && error.retry) || tries === 5) throw error;
        }
      }
    },
    async store(value) {
      return (await context.bodies.put(Buffer.from(JSON.stringify(value)), "application/json")).sha256;
    },
    written() {
      const fresh = watch.exchanges.slice(seen);
      seen = watch.exchanges.length;
      return fresh
        .filter(({ method, path }) => method !== "GET" && !path.endsWith("/access_tokens"))
        .map(({ method, path }) => `${method} ${path.replace("/repos/acme/web", "")}`);
    },
    async close() {
      await sandbox.close();
      rmSync(dir, { recursive: true, force: true });
      await expectConformance(watch);
    },
  };
}

/** The record of runs on Actions, in memory. */
function recordedDispatches(): PerformContext["dispatches"] {
  const rows = new Map<string, Dispatch>();
  return {
    find: async (key) => rows.get(key) ?? null,
    async open(fresh) {
      const row = rows.get(fresh.key) ?? {
        ...fresh,
        repository: 0,
        asked: null,
        run: null,
        cancelled: null,
        spent: null,
      };
      rows.set(fresh.key, row);
      return row;
    },
    async note(key, news) {
      const row = rows.get(key);
      if (row !== undefined) rows.set(key, { ...row, ...news });
    },
    drop: async (key) => void rows.delete(key),
  };
}

function seed(dir: string, onActions: boolean): Seed {
  return {
    users: [
      { login: "lena", token: "ghp_lena" },
      { login: "wes", token: "ghp_wes" },
    ],
    organizations: [{ login: "acme", members: ["lena", "wes"] }],
    apps: [
      // It hears of nothing: what these tests are about is asked for, one effect at a time.
      {
        ...seedOurApp(join(dir, "app.pem"), { url: "http://127.0.0.1:9/", secret: "a secret of this test" }),
        events: [],
        ...(onActions
          ? { permissions: { ...manifest.default_permissions, ...actionsManifest.default_permissions } }
          : {}),
      },
    ],
    repositories: [
      {
        full_name: "acme/web",
        files,
        collaborators: { lena: "admin", wes: "write" },
        installed: ["sallyport"],
      },
      {
        full_name: "acme/vault",
        private: true,
        files,
        collaborators: { lena: "admin" },
        installed: ["sallyport"],
      },
      { full_name: "acme/elsewhere", files, collaborators: { lena: "admin" } },
    ],
  };
}
