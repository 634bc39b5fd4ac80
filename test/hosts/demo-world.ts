import { createPublicKey } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clientFor, readerFor } from "../../app/demo/acting.ts";
import { demoSeed, git, people, prepareGoverned } from "../../app/demo/governed.ts";
import { freePort } from "../../app/demo/hosts.ts";
import { startModels } from "../../app/demo/models.ts";
import { roles as allRoles, type Role } from "../../app/queue/limits.ts";
import { startService } from "../../app/service/service.ts";
import type { Config } from "../../app/settings/config.ts";
import { formatPublicKey } from "../../core/ledger/public-key.ts";
import { seedSchema } from "../../sandbox/seed/seed-schema.ts";
import { startSandbox } from "../../sandbox/server/server.ts";
import { newKey } from "../builders/ledger.ts";
import { watchSandbox } from "../conformance/watch.ts";
import { actionsManifest, configOf, webhookAt } from "./installed-app.ts";
import { wholeLedger } from "./whole-ledger.ts";

/** A GitHub, the App, a model service and a governed repository, all in this process and joined by HTTP alone. */
export async function startJourney({
  models: given = startModels,
  apiKey = "not-a-key",
  workers = "",
  tiers = "",
  gates = "",
  root = "",
  ledger = "",
  more = {} as Partial<Config>,
  /** The workflow in whose runs programs work, for the address of the service; absent: the App may start none. */
  workflow = null as ((url: string) => Promise<string>) | null,
  /** The address under which the App finds GitHub. */
  front = async (url: string) => url,
  roles = allRoles as readonly Role[],
} = {}) {
  const dir = await mkdtemp(join(tmpdir(), "journey-"));
  const key = newKey();
  const source = join(dir, "source");
  await git(dir, ["init", "--quiet", "--initial-branch", "main", source]);
  await git(source, ["commit", "--quiet", "--allow-empty", "--message", "Begin"]);
  const governed = await prepareGoverned(source, dir, formatPublicKey(createPublicKey(key.pem)));
  const port = await freePort();
  const text = await workflow?.(`http://127.0.0.1:${port}`);
  const actions = text === undefined ? "" : await addWorkflow(governed.path, text);
  if (workers + tiers + gates + root + actions + ledger !== "")
    await addToPolicy(governed.path, { workers, tiers, gates, root: root + actions, ledger });
  const models = await given();
  const webhook = webhookAt(port);
  const privateKeyFile = join(dir, "app.pem");
  const seed = seedSchema.parse(demoSeed({ ...governed, privateKeyFile, webhook }));
  const [app] = seed.apps;
  if (text !== undefined && app !== undefined) {
    Object.assign(app.permissions, actionsManifest.default_permissions);
    app.events.push(...actionsManifest.default_events);
  }
  const sandbox = await startSandbox({ seed, ...(text === undefined ? {} : { actions: agentActions }) });
  const watch = watchSandbox(sandbox);
  const [repository] = sandbox.state.repositories;
  if (repository === undefined) throw new Error("the sandbox has no repository");
  const log: string[] = [];
  const config = configOf({
    privateKey: await readFile(privateKeyFile, "utf8"),
    apiUrl: await front(sandbox.url),
    port,
    ledgerKey: key.pem,
    anthropic: { apiKey, baseUrl: models.url },
    openai: { apiKey, baseUrl: `${models.url}/v1` },
    logLevel: "info",
    ...(text === undefined ? {} : { publicUrl: `http://127.0.0.1:${port}` }),
    ...more,
  });
  const start = () => startService(config, (line) => log.push(line), roles);
  let service = await start();
  return {
    dir,
    key,
    governed,
    config,
    sandbox,
    /** The running service; another one after a fire. */
    service: () => service,
    /** The server burns down, its database with it, and a new one starts with nothing but its keys. */
    async burnDown() {
      await service.close();
      service = await start();
    },
    /** The ledger of the governed repository, as the database has it. */
    entries: () => wholeLedger(service.database.db, repository.id),
    watch,
    log,
    webhook,
    lena: clientFor(sandbox.url, "lena"),
    quinn: clientFor(sandbox.url, "quinn"),
    max: clientFor(sandbox.url, "max"),
    seen: readerFor(sandbox.url, "lena"),
    cloneUrl: `http://lena:${people.lena.token}@127.0.0.1:${sandbox.port}/acme/governed.git`,
    async close() {
      await service.close();
      await sandbox.close();
      await models.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

const agentWorkflow = ".github/workflows/sallyport-agent.yml";

/** Our own action from source, as a process of its own. */
const agentActions = {
  "sallyport/sallyport/action/agent": [
    process.execPath,
    "--no-warnings",
    join(import.meta.dirname, "../../app/job.ts"),
  ],
};

/** Commits the workflow; the policy's lines that pin it and let the demo's role work in it. */
async function addWorkflow(path: string, text: string): Promise<string> {
  await mkdir(join(path, ".github/workflows"), { recursive: true });
  await writeFile(join(path, agentWorkflow), text);
  await git(path, ["add", agentWorkflow]);
  await git(path, ["commit", "--quiet", "--message", "Let programs work on Actions"]);
  const blob = await git(path, ["rev-parse", `HEAD:${agentWorkflow}`]);
  const route = "{ role: demo, use: anthropic, tool: custom, backend: actions }";
  return `agents:\n  actions: { workflow: ${agentWorkflow}, blob: ${blob} }\n  routes: [${route}]\n`;
}

/** More lines below `roles`, `tiers`, `gates` and `ledger`, and before that one, in the policy of the governed repository. */
async function addToPolicy(
  path: string,
  { workers, tiers, gates, root, ledger }: Record<"workers" | "tiers" | "gates" | "root" | "ledger", string>,
) {
  const file = join(path, ".github", "sallyport.yml");
  const policy = await readFile(file, "utf8");
  await writeFile(
    file,
    policy
      .replace(/^roles:\n/m, (line) => line + workers)
      .replace(/^tiers:\n/m, (line) => line + tiers)
      .replace(/^gates:\n/m, (line) => line + gates)
      .replace(/^ledger:\n/m, (line) => root + line + ledger),
  );
  await git(path, ["commit", "--quiet", "--all", "--message", "Ask for more"]);
}

export type Journey = Awaited<ReturnType<typeof startJourney>>;
