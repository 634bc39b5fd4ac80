import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Octokit } from "@octokit/core";
import { run } from "../../action/run.ts";
import { until } from "../../app/demo/acting.ts";
import { freePort } from "../../app/demo/hosts.ts";
import { type Service, startService } from "../../app/service.ts";
import { sha256 } from "../../core/contract.ts";
import { formatPublicKey } from "../../core/keys.ts";
import { type Sandbox, startSandbox } from "../../sandbox/server.ts";
import { Verdict } from "../../schemas/verdict.ts";
import { expectConformance, type Watch, watchSandbox } from "../conformance/watch.ts";
import { newKey } from "../ledger.ts";
import type { Json } from "./acme.ts";

const key = newKey();
const policy = `version: 1
people: { approvers: ["@quinn"] }
gates:
  review: {}
  manual-test: { when: { always: true } }
ledger:
  keys: [{ key: "${formatPublicKey(key.publicKey)}" }]
`;

let dir: string;
let sandbox: Sandbox;
let watch: Watch;
let service: Service;
/** Milliseconds by which GitHub's clock is ahead: it tells times in whole seconds, and every act here has one of its own. */
let ahead = 0;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "retarget-"));
  const port = await freePort();
  const webhook = { url: `http://127.0.0.1:${port}/api/github/webhooks`, secret: "a secret of these tests" };
  const write = { contents: "write", issues: "write", pull_requests: "write", checks: "write" } as const;
  sandbox = await startSandbox({
    clock: () => Date.now() + ahead,
    seed: {
      users: [
        { login: "lena", token: "ghp_lena" },
        { login: "quinn", token: "ghp_quinn" },
      ],
      organizations: [{ login: "acme", members: ["lena", "quinn"] }],
      apps: [
        {
          slug: "sallyport",
          id: 4001,
          private_key_file: join(dir, "app.pem"),
          webhook,
          permissions: { ...write, statuses: "write", members: "read", metadata: "read" },
          events: ["issue_comment", "pull_request", "pull_request_review", "push"],
        },
      ],
      repositories: [
        {
          full_name: "acme/governed",
          files: { ".github/sallyport.yml": policy, "README.md": "# Governed\n" },
          collaborators: { lena: "admin", quinn: "write" },
          installed: ["sallyport"],
        },
      ],
    },
  });
  watch = watchSandbox(sandbox);
  service = await startService(
    {
      appId: 4001,
      privateKey: readFileSync(join(dir, "app.pem"), "utf8"),
      webhookSecret: webhook.secret,
      apiUrl: sandbox.url,
      port,
      host: "127.0.0.1",
      database: { folder: null },
      ledgerKey: key.pem,
      anthropic: { apiKey: null, baseUrl: null },
      throttle: false,
      logLevel: "error",
    },
    () => undefined,
  );
}, 60_000);
afterAll(async () => {
  await service.close();
  await sandbox.close();
  await rm(dir, { recursive: true, force: true });
  await expectConformance(watch);
}, 30_000);

async function as(who: "lena" | "quinn", method: string, path: string, body?: object): Promise<Json> {
  ahead += 2_000;
  const answer = await fetch(`${sandbox.url}/repos/acme/governed/${path}`, {
    method,
    headers: { authorization: `Bearer ghp_${who}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Read from the sandbox's memory: asking over and over would keep it busy with git. */
const checkOn = (sha: string) =>
  sandbox.state.repositories[0]?.runs.findLast(
    (one) => one.name === "sallyport" && one.suite.headSha === sha,
  );

/** The Action's verdict on a pull request, as a job gives it. */
async function actionVerdict(number: number): Promise<string> {
  const { request } = new Octokit({ baseUrl: sandbox.url, auth: "ghp_lena" });
  let verdict = "";
  await run(
    {
      repository: "acme/governed",
      pullRequest: `${number}`,
      failOn: "failure",
      policyRef: "",
      now: new Date().toISOString(),
      event: { name: "workflow_dispatch", text: null },
    },
    {
      connect: async () => request,
      output: (name, value) => {
        if (name === "verdict") verdict = value;
      },
      summary: async () => undefined,
      annotate: () => undefined,
      say: () => undefined,
      fail: () => undefined,
    },
  );
  return verdict;
}

/** A file on a new branch, on top of another one. */
async function branchOff(from: string, branch: string): Promise<void> {
  const tip = await as("lena", "GET", `git/ref/heads/${from}`);
  await as("lena", "POST", "git/refs", { ref: `refs/heads/${branch}`, sha: tip.object.sha });
  const content = Buffer.from(`${branch}\n`).toString("base64");
  await as("lena", "PUT", `contents/${branch}.txt`, { message: "Add a file", branch, content });
}

test("T066: what was given for another base branch does not count for this one, in App and Action alike", async () => {
  await branchOff("main", "topic");
  await branchOff("topic", "feature");
  const opened = { title: "A change", head: "feature", base: "topic" };
  const { number, head } = await as("lena", "POST", "pulls", opened);
  const sha: string = head.sha;
  const give = async () => {
    await as("quinn", "POST", `pulls/${number}/reviews`, { event: "APPROVE", commit_id: sha });
    await as("quinn", "POST", `issues/${number}/comments`, { body: `/sign-off ${sha} pass manual` });
  };
  const pointAt = (base: string) => as("lena", "PATCH", `pulls/${number}`, { base });
  /** The gates that hold it up, once App and Action agree on every byte of the verdict. */
  const held = (what: string, isSettled: (held: string[]) => boolean) =>
    until(
      what,
      async () => {
        const text = await actionVerdict(number);
        if (text === "" || checkOn(sha)?.externalId !== sha256(text)) return null;
        const { gates } = Verdict.parse(JSON.parse(text));
        const blocking = gates.filter(({ status }) => status !== "pass" && status !== "not-applicable");
        const codes = blocking.flatMap(({ reasons }) => reasons.map(({ code }) => code));
        return isSettled(codes) ? codes : null;
      },
      60,
    );

  await give();
  await held("green for the own branch", (codes) => codes.length === 0);
  expect(checkOn(sha)).toMatchObject({ status: "completed", conclusion: "success" });

  await pointAt("main");
  const after = await held("the verdict for main", (codes) => codes.length > 0);
  expect(after.sort()).toEqual(["not-signed-off", "review-before-retarget"]);
  expect(checkOn(sha)).toMatchObject({ status: "in_progress", conclusion: null });

  await give();
  await held("green for main", (codes) => codes.length === 0);
  expect(checkOn(sha)).toMatchObject({ status: "completed", conclusion: "success" });

  // The sign-off for the own branch says so in the ledger; a review names no branch.
  await pointAt("topic");
  const back = await held("the verdict for the own branch again", (codes) => codes.length > 0);
  expect(back).toEqual(["review-before-retarget"]);
}, 240_000);
