/** A governed repository in a sandbox and the whole service beside it, joined by HTTP alone. */
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Octokit } from "@octokit/core";
import type { Inputs } from "../../action/inputs.ts";
import { run } from "../../action/run.ts";
import { freePort } from "../../app/demo/hosts.ts";
import { startService } from "../../app/service/service.ts";
import type { Config } from "../../app/settings/config.ts";
import { readBacklog } from "../../app/store/backlog.ts";
import { formatPublicKey } from "../../core/ledger/public-key.ts";
import type { Seed } from "../../sandbox/seed/seed.ts";
import { startSandbox } from "../../sandbox/server/server.ts";
import { newKey } from "../builders/ledger.ts";
import { expectConformance, watchSandbox } from "../conformance/watch.ts";
import { configOf, manifest, seedOurApp, webhookAt } from "./installed-app.ts";
import { asker } from "./store-and-github.ts";
import { waitUntil } from "./until.ts";

type RepositorySeed = NonNullable<Seed["repositories"]>[number];

export type TestService = Awaited<ReturnType<typeof startTestService>>;

export async function startTestService({
  policy,
  repository = {},
  otherApps = [],
  clock,
  config: more = {},
}: {
  /** Its lines between the version and the ledger's key. */
  policy: string;
  /** More of acme/governed than its files and its people: @lena administers it, @quinn writes, @mallory is nobody there. */
  repository?: Partial<RepositorySeed>;
  /** Apps of others that may do what ours may; each has its key in `<slug>.pem`, and the ids go on from 4002. */
  otherApps?: string[];
  clock?: () => number;
  /** Other settings than the tests' own. */
  config?: Partial<Config>;
}) {
  const dir = await mkdtemp(join(tmpdir(), "site-"));
  const port = await freePort();
  const key = newKey();
  const keys = `ledger:\n  keys: [{ key: "${formatPublicKey(key.publicKey)}" }]\n`;
  const sandbox = await startSandbox({
    ...(clock === undefined ? {} : { clock }),
    seed: {
      users: ["lena", "quinn", "mallory"].map((login) => ({ login, token: `ghp_${login}` })),
      organizations: [{ login: "acme", members: ["lena", "quinn"] }],
      apps: [
        seedOurApp(join(dir, "app.pem"), webhookAt(port)),
        ...otherApps.map((slug, index) => ({
          slug,
          id: 4002 + index,
          private_key_file: join(dir, `${slug}.pem`),
          permissions: manifest.default_permissions,
        })),
      ],
      repositories: [
        {
          full_name: "acme/governed",
          files: { ".github/sallyport.yml": `version: 1\n${policy}${keys}`, "README.md": "# Governed\n" },
          collaborators: { lena: "admin", quinn: "write" },
          installed: ["sallyport", ...otherApps],
          ...repository,
        },
      ],
    },
  });
  const watch = watchSandbox(sandbox);
  const config = configOf({
    privateKey: readFileSync(join(dir, "app.pem"), "utf8"),
    apiUrl: sandbox.url,
    port,
    database: { folder: join(dir, "database") },
    ledgerKey: key.pem,
    logLevel: "info",
    ...more,
  });
  const log: string[] = [];
  const start = () => startService(config, (line) => log.push(line));
  let service = await start();
  return {
    dir,
    key,
    /** What the service logged, a line each. */
    log,
    sandbox,
    watch,
    /** The running service; another one after a restart. */
    service: () => service,
    /** Waits until nothing is to be done: what happens then is asked for by nobody else, such as the sweep of the start. */
    async rest() {
      await waitUntil("the service to be at rest", async () => {
        const { queues, outbox } = await readBacklog(service.database.db);
        return (
          outbox.open === 0 && queues.every(({ queue, waiting, active }) => queue === "later" || !(waiting || active))
        );
      });
    },
    /** Ends the service and starts another one; what happens in between nobody tells it. */
    async restart(meanwhile = async () => {}) {
      await service.close();
      await meanwhile();
      service = await start();
    },
    as: asker(sandbox.url, "acme/governed"),
    /** Read from the sandbox's memory: asking over and over would keep it busy with git. */
    checkOn: (sha: string) =>
      sandbox.state.repositories[0]?.runs.findLast((one) => one.name === "sallyport" && one.suite.headSha === sha),
    /** What the Action gives for a job, run with @lena's token: its verdict, and why it failed. */
    async runAction(job: Pick<Inputs, "pullRequest" | "failOn" | "event">) {
      const { request } = new Octokit({ baseUrl: sandbox.url, auth: "ghp_lena" });
      const failed: string[] = [];
      let verdict = "";
      await run(
        {
          repository: "acme/governed",
          policyRef: "",
          status: "",
          gates: "",
          page: "",
          now: new Date().toISOString(),
          ...job,
        },
        {
          connect: async () => request,
          output: (name, value) => {
            if (name === "verdict") verdict = value;
          },
          summary: async () => undefined,
          annotate: () => undefined,
          say: () => undefined,
          fail: (line) => failed.push(line),
        },
      );
      return { verdict, failed };
    },
    async close() {
      await service.close();
      await sandbox.close();
      await rm(dir, { recursive: true, force: true });
      await expectConformance(watch);
    },
  };
}
