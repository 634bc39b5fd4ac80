import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createAppAuth } from "@octokit/auth-app";
import { Octokit } from "@octokit/core";
import { load } from "js-yaml";
import { setStatuses, statusesOf } from "../../action/statuses.ts";
import { type JobVerdict, type VerdictSource, verdictOn } from "../../action/verdict.ts";
import { type Sandbox, startSandbox } from "../../sandbox/server/server.ts";

const readme = readFileSync(new URL("../../action/README.md", import.meta.url), "utf8");
const [, sample = ""] = /^```yaml\n(.*?)^```$/ms.exec(readme) ?? [];
const { permissions } = load(sample) as { permissions: Record<string, string> };

/** Every gate that asks GitHub for more than the content. */
const policy = `version: 1
extends: default
people: { approvers: ["@wes"], architects: ["@wes"] }
gates:
  review: { by: [approvers] }
  ci: { checks: ["@github-actions/test"] }
  manual-test: { when: { always: true } }
`;

let dir: string;
let sandbox: Sandbox;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "sallyport-"));
  sandbox = await startSandbox({
    dir: join(dir, "data"),
    seed: {
      users: [
        { login: "lena", token: "ghp_lena" },
        { login: "wes", token: "ghp_wes" },
      ],
      apps: [
        {
          slug: "runner",
          id: 4002,
          private_key_file: join(dir, "app.pem"),
          permissions: { actions: "read", contents: "read", issues: "read", pull_requests: "read", checks: "read" },
          webhook: { url: "http://127.0.0.1:9/", secret: "a secret of this test" },
          events: [],
        },
      ],
      repositories: [
        {
          full_name: "lena/web",
          private: true,
          files: { ".github/sallyport.yml": policy },
          collaborators: { lena: "admin", wes: "write" },
          installed: ["runner"],
        },
      ],
    },
  });
  const as = async (person: string, method: string, path: string, body?: object) => {
    const response = await fetch(`${sandbox.url}/repos/lena/web/${path}`, {
      method,
      headers: { authorization: `Bearer ghp_${person}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return JSON.parse(await response.text());
  };
  const { object } = await as("lena", "GET", "git/ref/heads/main");
  await as("lena", "POST", "git/refs", { ref: "refs/heads/change", sha: object.sha });
  const content = Buffer.from("A note.\n").toString("base64");
  await as("lena", "PUT", "contents/notes.md", { message: "Add a note", content, branch: "change" });
  const { head } = await as("lena", "POST", "pulls", { title: "A note", head: "change", base: "main" });
  await as("wes", "POST", "pulls/1/reviews", { event: "APPROVE", commit_id: head.sha });
  await as("wes", "POST", "issues/1/comments", { body: `/sign-off ${head.sha} pass manual` });
});
afterAll(async () => {
  await sandbox.close();
  rmSync(dir, { recursive: true, force: true });
});

/** What comes of setting the status with the token of a job of these permissions. */
async function statusWith(context: string, order: { permissions: Record<string, string>; from_fork?: boolean }) {
  const body = JSON.stringify({ repository: "lena/web", ...order });
  const answer = await fetch(`${sandbox.url}/_sandbox/job-tokens`, { method: "POST", body });
  const { token } = JSON.parse(await answer.text());
  const { request } = new Octokit({ baseUrl: sandbox.url, auth: token });
  const source: VerdictSource = {
    request,
    owner: "lena",
    repo: "web",
    now: "2026-11-21T10:00:00Z",
    policyRef: undefined,
  };
  const judged = await verdictOn(source, { kind: "pull", number: 1, head: null });
  if (!judged.known || judged.value === null) throw new Error("the pull request is known here");
  const own: JobVerdict = judged.value;
  const statuses = statusesOf([own], null, { context, gates: [] });
  return setStatuses(source, { sha: own.verdict.head, statuses, page: "https://example.com" });
}

test("the permissions of the workflow that judges again are enough, also for setting the status", async () => {
  const text = readFileSync(new URL("../../action/workflow.yml", import.meta.url), "utf8");
  const { permissions } = load(text) as { permissions: Record<string, string> };
  expect(await statusWith("sallyport", { permissions })).toEqual({ known: true, value: 1 });
});

test.each([
  ["without `statuses: write`", { permissions: { ...permissions, statuses: "read" } }],
  ["on `pull_request` from a fork", { permissions: { ...permissions, statuses: "write" }, from_fork: true }],
])("%s the status is not set, and the job says what is missing", async (title, order) => {
  expect(await statusWith(title, order)).toMatchObject({
    known: false,
    why: expect.stringContaining("`statuses: write`"),
  });
});

/** The Action's answer with a token of a workflow that has all of the sample's permissions but one. */
async function answerWithout(left: string | null) {
  const held = Object.entries(permissions).filter(([name]) => name !== left);
  const names = held.map(([name, level]) => [name.replace("-", "_"), level]);
  const app = new Octokit({
    baseUrl: sandbox.url,
    authStrategy: createAppAuth,
    auth: { appId: 4002, privateKey: readFileSync(join(dir, "app.pem"), "utf8") },
  });
  const { data: installation } = await app.request("GET /repos/{owner}/{repo}/installation", {
    owner: "lena",
    repo: "web",
  });
  const { data: minted } = await app.request("POST /app/installations/{installation_id}/access_tokens", {
    installation_id: installation.id,
    permissions: Object.fromEntries(names),
  });
  const source = {
    request: new Octokit({ baseUrl: sandbox.url, auth: minted.token }).request,
    owner: "lena",
    repo: "web",
    now: "2026-11-21T10:00:00Z",
    policyRef: undefined,
  };
  const answer = await verdictOn(source, { kind: "pull", number: 1, head: null });
  if (!answer.known) return answer.why;
  const { gates = [] } = answer.value?.verdict ?? {};
  const named = (status: string) => gates.filter((gate) => gate.status === status).map(({ gate }) => gate);
  return { pending: named("pending"), unknown: named("unknown"), fail: named("fail") };
}

test("the README's permissions are enough to read all that gates ask for", async () => {
  expect(await answerWithout(null)).toEqual({ pending: ["ci"], unknown: [], fail: [] });
});

test("without `checks` the gate `ci` alone cannot be settled", async () => {
  expect(await answerWithout("checks")).toEqual({ pending: [], unknown: ["ci"], fail: [] });
});

test.each(["contents", "pull-requests"])("without `%s` there is no verdict", async (name) => {
  expect(await answerWithout(name)).toMatch(/^GitHub did not give pull request #1/);
});
