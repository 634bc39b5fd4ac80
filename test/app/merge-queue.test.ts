import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Octokit } from "@octokit/core";
import { run } from "../../action/run.ts";
import { createEntryReader } from "../../app/chain.ts";
import type { Config } from "../../app/config.ts";
import { until as waitFor } from "../../app/demo/acting.ts";
import { freePort } from "../../app/demo/hosts.ts";
import { type Service, startService } from "../../app/service.ts";
import { sha256 } from "../../core/contract.ts";
import { formatPublicKey } from "../../core/keys.ts";
import { type Sandbox, startSandbox } from "../../sandbox/server.ts";
import { expectConformance, type Watch, watchSandbox } from "../conformance/watch.ts";
import { newKey } from "../ledger.ts";
import type { Json } from "./acme.ts";

const token = "ghp_lena";
const key = newKey();
const policy = `version: 1
people: { approvers: ["@lena"] }
gates:
  diff-size: { lines: 25 }
ledger:
  keys: [{ key: "${formatPublicKey(key.publicKey)}" }]
`;

let dir: string;
let sandbox: Sandbox;
let watch: Watch;
let service: Service;
let start: () => Promise<Service>;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "merge-queue-"));
  const port = await freePort();
  const webhook = { url: `http://127.0.0.1:${port}/api/github/webhooks`, secret: "a secret of these tests" };
  const write = { contents: "write", issues: "write", pull_requests: "write", checks: "write" } as const;
  sandbox = await startSandbox({
    seed: {
      users: [{ login: "lena", token }],
      organizations: [{ login: "acme", members: ["lena"] }],
      apps: [
        {
          slug: "sallyport",
          id: 4001,
          private_key_file: join(dir, "app.pem"),
          webhook,
          permissions: {
            ...write,
            statuses: "write",
            members: "read",
            metadata: "read",
            merge_queues: "read",
          },
          events: ["check_run", "merge_group", "pull_request", "push", "status"],
        },
      ],
      repositories: [
        {
          full_name: "acme/governed",
          files: { ".github/sallyport.yml": policy, "README.md": "# Governed\n" },
          collaborators: { lena: "admin" },
          installed: ["sallyport"],
          protection: [
            {
              branch: "main",
              checks: [{ context: "sallyport", app: "sallyport" }, { context: "deploy" }],
              merge_queue: true,
            },
          ],
        },
      ],
    },
  });
  watch = watchSandbox(sandbox);
  const config: Config = {
    appId: 4001,
    privateKey: readFileSync(join(dir, "app.pem"), "utf8"),
    webhookSecret: webhook.secret,
    apiUrl: sandbox.url,
    port,
    host: "127.0.0.1",
    database: { folder: join(dir, "database") },
    ledgerKey: key.pem,
    anthropic: { apiKey: null, baseUrl: null },
    throttle: false,
    logLevel: "error",
  };
  start = () => startService(config, () => undefined);
  service = await start();
}, 30_000);
afterAll(async () => {
  await service.close();
  await sandbox.close();
  await rm(dir, { recursive: true, force: true });
  await expectConformance(watch);
}, 30_000);

const until = <T>(what: string, ask: () => Promise<T | null | undefined | false>) => waitFor(what, ask, 120);

async function ask(method: string, path: string, body?: object): Promise<Json> {
  const url = path.startsWith("/") ? `${sandbox.url}${path}` : `${sandbox.url}/repos/acme/governed/${path}`;
  const answer = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Read from the sandbox's memory: asking over and over would keep it busy with git. */
const checkOn = async (sha: string) =>
  sandbox.state.repositories[0]?.runs.findLast(
    (one) => one.name === "sallyport" && one.suite.headSha === sha,
  );
const deployed = (sha: string) => ask("POST", `statuses/${sha}`, { context: "deploy", state: "success" });

/** A pull request with a new file of some lines, green by the App's own check and by the other one that the branch asks for. */
async function openGreen(branch: string, count: number): Promise<{ number: number; head: string }> {
  const main = await ask("GET", "git/ref/heads/main");
  await ask("POST", "git/refs", { ref: `refs/heads/${branch}`, sha: main.object.sha });
  const content = Buffer.from(`${branch}\n`.repeat(count)).toString("base64");
  await ask("PUT", `contents/${branch}.txt`, { message: "Add a file", branch, content });
  const pull = await ask("POST", "pulls", { title: `About ${branch}`, head: branch, base: "main" });
  const head: string = pull.head.sha;
  await until(`the green check of ${branch}`, async () => (await checkOn(head))?.conclusion === "success");
  await deployed(head);
  return { number: pull.number, head };
}

const queue = async (
  ...pulls: { number: number }[]
): Promise<{ head_ref: string; head_sha: string; base_sha: string }> =>
  ask("POST", "/_sandbox/merge-queue", {
    repository: "acme/governed",
    pulls: pulls.map(({ number }) => number),
  });

const stateOf = async ({ number }: { number: number }) => {
  const { merged, state } = await ask("GET", `pulls/${number}`);
  return merged ? "merged" : state;
};

/** The Action's verdict on a merge group, as a job of its event gives it. */
async function actionVerdict(group: {
  head_ref: string;
  head_sha: string;
}): Promise<{ verdict: string; failed: string[] }> {
  const { request } = new Octokit({ baseUrl: sandbox.url, auth: token });
  const failed: string[] = [];
  let verdict = "";
  await run(
    {
      repository: "acme/governed",
      pullRequest: "",
      failOn: "pending",
      policyRef: "",
      now: new Date().toISOString(),
      event: {
        name: "merge_group",
        text: JSON.stringify({ action: "checks_requested", merge_group: group }),
      },
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
}

test("T072 T073 T074: two green ones that break a limit together are refused; a good pair is merged", async () => {
  const [wide, broad, slim] = await Promise.all([
    openGreen("wide", 20),
    openGreen("broad", 20),
    openGreen("slim", 2),
  ]);
  const main = (await ask("GET", "git/ref/heads/main")).object.sha;
  const bad = await queue(wide, broad);
  const refused = await until("the refusal", async () => {
    const check = await checkOn(bad.head_sha);
    return check?.status === "completed" ? check : null;
  });
  expect([refused.conclusion, refused.output.title]).toEqual(["failure", "1 gate fails: diff-size"]);
  await sandbox.settled();
  expect(await Promise.all([wide, broad].map(stateOf))).toEqual(["open", "open"]);
  expect((await ask("GET", "git/ref/heads/main")).object.sha).toBe(main);

  const good = await queue(wide, slim);
  const passed = await until("the green group", async () => {
    const check = await checkOn(good.head_sha);
    return check?.conclusion === "success" ? check : null;
  });
  const action = await until("the Action's verdict to be the App's", async () => {
    const given = await actionVerdict(good);
    return sha256(given.verdict) === passed.externalId ? given : null;
  });
  expect(action.failed).toEqual([]);
  expect(JSON.parse(action.verdict)).toMatchObject({
    conclusion: "success",
    base: main,
    head: good.head_sha,
  });
  await deployed(good.head_sha);
  await sandbox.settled();
  expect(await Promise.all([wide, slim].map(stateOf))).toEqual(["merged", "merged"]);
  expect((await ask("GET", "git/ref/heads/main")).object.sha).toBe(good.head_sha);

  // A job that is run again after the group has landed decides nothing.
  expect(await actionVerdict(good)).toEqual({ verdict: "", failed: [expect.stringContaining("is no more")] });

  const entries = createEntryReader(service.database.db);
  const repository: number = (await ask("GET", "/repos/acme/governed")).id;
  const merges = await until("both merges in the ledger", async () => {
    const found = (await entries(repository)).filter(({ kind }) => kind === "merge.observed");
    return found.length === 2 ? found : null;
  });
  for (const { body } of merges) expect(body).toMatchObject({ judged: true });
  const judged = (await entries(repository)).flatMap((entry) =>
    entry.kind === "group.judged" ? [entry.body] : [],
  );
  expect(judged).toMatchObject([
    { head: bad.head_sha, conclusion: "failure" },
    {
      headRef: good.head_ref,
      head: good.head_sha,
      base: main,
      members: [
        { pull: wide.number, head: wide.head },
        { pull: slim.number, head: slim.head },
      ],
      conclusion: "success",
      verdictSha256: passed.externalId,
    },
  ]);
  // Never skipped, never neutral: GitHub would take either for a pass.
  const shown = watch.exchanges.flatMap(({ requestBody }): Json[] => [requestBody ?? {}]);
  const ours = shown.filter((body) => body.external_id !== undefined && body.conclusion !== undefined);
  expect(new Set(ours.map((body) => body.conclusion))).toEqual(new Set(["success", "failure"]));
}, 150_000);

test("T073: a group whose webhook was lost is found by the sweep", async () => {
  const late = await openGreen("late", 1);
  sandbox.fault({ kind: "drop_webhook", event: "merge_group" });
  const group = await queue(late);
  await sandbox.settled();
  expect(await checkOn(group.head_sha)).toBe(undefined);
  // A service sweeps when it starts, as it does every five minutes.
  await service.close();
  service = await start();
  await until("the found group", async () => (await checkOn(group.head_sha))?.conclusion === "success");
}, 150_000);
