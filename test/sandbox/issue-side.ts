/** A running sandbox with one person for each role and two Apps, watched for conformance, for the issue-side tests. */
import { createSign, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Sandbox, startSandbox } from "../../sandbox/server.ts";
import { expectConformance, type Watch, watchSandbox } from "../conformance/watch.ts";

export type Answer<T = unknown> = { status: number; body: T; headers: Headers };

export type Person = "admin" | "writer" | "triager" | "reader" | "outsider";
export type Caller = Person | "app" | "bystander" | "nobody";

export type IssueSide = {
  sandbox: Sandbox;
  watch: Watch;
  /** Asks as someone; a path without a leading slash is below the repository acme/web. */
  call: <T = unknown>(who: Caller, method: string, path: string, body?: unknown) => Promise<Answer<T>>;
  /** The payloads of one event so far, oldest first. */
  sent: (event: string) => Payload[];
  token: (who: Caller) => string | undefined;
  /** Checks everything that was watched, and ends the sandbox. */
  close: () => Promise<void>;
};

export type Payload = Record<string, unknown> & { action?: string };

const PERSONS: Record<Person, string | undefined> = {
  admin: "admin",
  writer: "write",
  triager: "triage",
  reader: "read",
  outsider: undefined,
};

const APP_PERMISSIONS = {
  issues: "write",
  checks: "write",
  statuses: "write",
  pull_requests: "write",
  contents: "write",
  members: "read",
  metadata: "read",
};

const EVENTS = ["issues", "issue_comment", "label", "sub_issues", "issue_dependencies", "check_run", "check_suite", "status"];

export async function startIssueSide(): Promise<IssueSide> {
  const dir = mkdtempSync(join(tmpdir(), "issue-side-"));
  const keys = { app: writeKey(dir, "app"), bystander: writeKey(dir, "bystander") };
  const sandbox = await startSandbox({ seed: seed(dir), dir: join(dir, "data") });
  const watch = watchSandbox(sandbox);
  const tokens: Partial<Record<Caller, string>> = {
    app: await installationToken(sandbox, 4001, keys.app),
    bystander: await installationToken(sandbox, 4002, keys.bystander),
  };
  for (const person of Object.keys(PERSONS) as Person[]) tokens[person] = `ghp_${person}`;
  return {
    sandbox,
    watch,
    call: (who, method, path, body) => ask(sandbox, tokens[who], method, path, body),
    sent: (event) => watch.webhooks.filter((sent) => sent.event === event).map((sent) => sent.payload as Payload),
    token: (who) => tokens[who],
    close: async () => {
      await sandbox.close();
      rmSync(dir, { recursive: true, force: true });
      expectConformance(watch);
    },
  };
}

async function ask<T>(
  sandbox: Sandbox,
  token: string | undefined,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer<T>> {
  const url = path.startsWith("/") ? `${sandbox.url}${path}` : `${sandbox.url}/repos/acme/web/${path}`;
  const headers: Record<string, string> = { accept: "application/vnd.github+json" };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(url, { method, headers, ...sent });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text), headers: response.headers };
}

async function installationToken(sandbox: Sandbox, appId: number, key: string): Promise<string> {
  const jwt = signed({ iss: String(appId), iat: now() - 30, exp: now() + 300 }, key);
  const installations = await ask<{ id: number }[]>(sandbox, jwt, "GET", "/app/installations");
  const path = `/app/installations/${installations.body[0]?.id}/access_tokens`;
  const answer = await ask<{ token: string }>(sandbox, jwt, "POST", path, {});
  return answer.body.token;
}

function signed(claims: Record<string, unknown>, key: string): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}`;
  return `${text}.${createSign("RSA-SHA256").update(text).sign(key, "base64url")}`;
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}

function writeKey(dir: string, name: string): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  writeFileSync(join(dir, `${name}.pem`), pem, { mode: 0o600 });
  return pem;
}

function seed(dir: string) {
  const webhook = { url: "http://127.0.0.1:9/", secret: "a secret of this test" };
  const persons = Object.keys(PERSONS) as Person[];
  const roles = persons.filter((person) => PERSONS[person] !== undefined);
  return {
    users: persons.map((login) => ({ login, token: `ghp_${login}` })),
    organizations: [{ login: "acme", members: ["admin", "writer"], teams: [{ slug: "leads", members: ["writer"] }] }],
    apps: [
      {
        slug: "sallyport",
        id: 4001,
        private_key_file: join(dir, "app.pem"),
        webhook,
        permissions: APP_PERMISSIONS,
        events: EVENTS,
      },
      {
        slug: "bystander",
        id: 4002,
        private_key_file: join(dir, "bystander.pem"),
        webhook,
        permissions: { metadata: "read" },
        events: [],
      },
    ],
    repositories: [
      {
        full_name: "acme/web",
        files: { "README.md": "# web\n" },
        collaborators: Object.fromEntries(roles.map((person) => [person, PERSONS[person]])),
        teams: { leads: "write" },
        installed: ["sallyport", "bystander"],
        labels: [{ name: "bug", color: "d73a4a", description: "Something is wrong" }],
      },
      { full_name: "acme/vault", private: true, files: { "README.md": "# vault\n" }, collaborators: { admin: "admin" } },
    ],
  };
}
