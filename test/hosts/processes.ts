/** Real processes of the service beside a sandbox; whatever they ask GitHub, the model or PostgreSQL passes by a gate. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect, createServer as createSocketServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { type FixtureResponse, LLMock } from "@copilotkit/aimock";
import { freePort } from "../../app/demo/hosts.ts";
import { formatPublicKey } from "../../core/ledger/public-key.ts";
import { startSandbox } from "../../sandbox/server/server.ts";
import { newKey } from "../builders/ledger.ts";
import { seedOurApp, webhookAt } from "./installed-app.ts";
import { asker } from "./store-and-github.ts";

const cli = join(import.meta.dirname, "../../app/cli.ts");

/** Hears of each thing that a process sends, or is answered, before it goes on its way; it waits until this resolves. */
export type Gate = (what: string, from: ServiceProcess) => Promise<void> | undefined;

/** One process of the service. */
export type ServiceProcess = {
  url: string;
  log: string[];
  isAlive(): boolean;
  exit: Promise<number | null>;
  signal(name: NodeJS.Signals): void;
};

export type ServiceProcesses = Awaited<ReturnType<typeof startProcesses>>;

/** What is on the way between a process and somebody else. */
const hop = /^(?:host|connection|content-length|content-encoding|transfer-encoding|keep-alive)$/;

export async function startProcesses({
  policy,
  answer = () => ({ content: "" }),
}: {
  /** Its lines between the version and the ledger's key. */
  policy: string;
  answer?: (request: { messages: { role: string; content: unknown }[] }) => FixtureResponse;
}) {
  const dir = mkdtempSync(join(tmpdir(), "processes-"));
  const key = newKey();
  const ports: number[] = [await freePort()];
  const webhook = webhookAt(ports[0] ?? 0);
  const sandbox = await startSandbox({
    seed: {
      users: ["lena", "quinn"].map((login) => ({ login, token: `ghp_${login}` })),
      organizations: [{ login: "acme", members: ["lena", "quinn"] }],
      apps: [seedOurApp(join(dir, "app.pem"), webhook)],
      repositories: [
        {
          full_name: "acme/governed",
          files: {
            ".github/sallyport.yml": `version: 1\n${policy}ledger:\n  keys: [{ key: "${formatPublicKey(key.publicKey)}" }]\n`,
            "README.md": "# Governed\n",
          },
          collaborators: { lena: "admin", quinn: "write" },
          installed: ["sallyport"],
        },
      ],
    },
  });
  const [repository] = sandbox.state.repositories;
  if (repository === undefined) throw new Error("the sandbox has no repository");
  const model = new LLMock({ port: 0, host: "127.0.0.1", logLevel: "silent" });
  model.addFixture({ match: { predicate: () => true }, response: (request) => answer(request) });
  await model.start();
  writeFileSync(join(dir, "ledger.pem"), key.pem);

  const host = { gate: (() => undefined) as Gate };
  const living = new Set<{ child: ChildProcess; exit: Promise<unknown>; close(): void }>();

  const start = async (database: { url: string } | { folder: string }) => {
    const port = ports.shift() ?? (await freePort());
    const log: string[] = [];
    let child: ChildProcess | null = null;
    const exit = Promise.withResolvers<number | null>();
    const process_: ServiceProcess = {
      url: `http://127.0.0.1:${port}`,
      log,
      isAlive: () => child !== null && child.exitCode === null && child.signalCode === null,
      exit: exit.promise,
      signal: (name) => void child?.kill(name),
    };
    const gate = (what: string) => host.gate(what, process_);
    const github = await httpPassage(sandbox.url, (what) => gate(`github ${what}`));
    const models = await httpPassage(model.url, (what) => gate(`model ${what}`));
    const store = "url" in database ? await storePassage(database.url, (what) => gate(`store ${what}`)) : null;
    child = spawn(process.execPath, ["--no-warnings", cli, "serve"], {
      cwd: dir,
      stdio: ["ignore", "ignore", "pipe"],
      env: {
        ...{ PATH: process.env.PATH, APP_ID: "4001", PRIVATE_KEY_PATH: join(dir, "app.pem"), PORT: String(port) },
        ...{ WEBHOOK_SECRET: webhook.secret, LEDGER_KEY: key.pem, GITHUB_API_URL: github.url },
        ...(store === null
          ? { DATABASE_FOLDER: "folder" in database ? database.folder : "" }
          : { DATABASE_URL: store.url }),
        ...{ ANTHROPIC_API_KEY: "not-a-key", ANTHROPIC_BASE_URL: models.url, GITHUB_THROTTLE: "off" },
        ...{ SALLYPORT_ONBOARDING: "off", LOG_LEVEL: "info" },
      },
    });
    const listening = Promise.withResolvers<void>();
    let rest = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      log.push(...lines);
      if (log.some((line) => line.startsWith("sallyport listening"))) listening.resolve();
    });
    child.once("close", (code) => {
      for (const passage of [github, models, store]) passage?.close();
      exit.resolve(code);
      listening.resolve();
    });
    living.add({ child, exit: exit.promise, close: () => void child?.kill("SIGKILL") });
    await listening.promise;
    return process_;
  };

  return {
    dir,
    key,
    sandbox,
    repository,
    as: asker(sandbox.url, "acme/governed"),
    start,
    /** From now on everything passes by this gate; a process that waits there for good is killed at the end. */
    gate(gate: Gate) {
      host.gate = gate;
    },
    open() {
      host.gate = () => undefined;
    },
    /** Opens a pull request that adds a file, and gives its number and head. */
    async openPull(branch: string): Promise<{ number: number; sha: string }> {
      const as = asker(sandbox.url, "acme/governed");
      const main = await as("lena", "GET", "git/ref/heads/main");
      await as("quinn", "POST", "git/refs", { ref: `refs/heads/${branch}`, sha: main.object.sha });
      const content = Buffer.from("new\n").toString("base64");
      await as("quinn", "PUT", `contents/${branch}.txt`, { message: "Add a file", branch, content });
      const pull = await as("quinn", "POST", "pulls", { title: `The change ${branch}`, head: branch, base: "main" });
      return { number: pull.number, sha: pull.head.sha };
    },
    async close() {
      host.gate = () => undefined;
      for (const { exit, close } of living) {
        close();
        await exit;
      }
      await sandbox.close();
      await model.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A server before another one: each request passes the gate as `METHOD path body`, and its answer as `answer to …`. */
async function httpPassage(target: string, gate: (what: string) => Promise<void> | undefined) {
  const pass = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = "GET", url = "" } = request;
    const body = await buffer(request);
    const what = `${method} ${url} ${body.toString("utf8")}`;
    const headers = Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
      typeof value === "string" && !hop.test(name) ? [[name, value]] : [],
    );
    await gate(what);
    // Whoever was killed meanwhile sends nothing.
    if (response.destroyed) return;
    const sent = body.length > 0 ? { body: new Uint8Array(body) } : {};
    const given = await fetch(`${target}${url}`, { method, headers, redirect: "manual", ...sent });
    const text = Buffer.from(await given.arrayBuffer());
    await gate(`answer to ${what}`);
    response
      .writeHead(given.status, Object.fromEntries([...given.headers].filter(([name]) => !hop.test(name))))
      .end(text);
  };
  const server = createServer((request, response) => {
    pass(request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The same before PostgreSQL: what a process sends at once, mostly a statement with its values, passes as one text. */
async function storePassage(url: string, gate: (what: string) => Promise<void> | undefined) {
  const { hostname, port, pathname, username } = new URL(url);
  const server = createSocketServer((client) => {
    const store = connect(Number(port), hostname);
    let before: Promise<void> = Promise.resolve();
    const pass = async (chunk: Buffer) => {
      await gate(chunk.toString("latin1"));
      if (!client.destroyed) store.write(chunk);
    };
    client.on("data", (chunk) => {
      before = before.then(() => pass(chunk));
    });
    store.on("data", (chunk) => client.write(chunk));
    for (const [one, other] of [
      [client, store],
      [store, client],
    ] as const)
      one.on("error", () => undefined).once("close", () => other.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `postgres://${username}@127.0.0.1:${portOf(server)}${pathname}`,
    close: () => void server.close(),
  };
}

const portOf = (server: Pick<Server, "address">) => (server.address() as AddressInfo).port;
