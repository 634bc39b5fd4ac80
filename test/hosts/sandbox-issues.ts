/** A running sandbox with one person for each role and two Apps, watched for conformance, for the issue-side tests. */
import { resolveCommit } from "../../sandbox/git/git.ts";
import type { Seed } from "../../sandbox/seed/seed.ts";
import { type Sandbox, startSandbox } from "../../sandbox/server/server.ts";
import { addInstallationToken } from "../../sandbox/state/tokens.ts";
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
  /** The commit at the head of main. */
  head: () => Promise<string>;
  /** Checks everything that was watched, and ends the sandbox. */
  close: () => Promise<void>;
};

export type Payload = Record<string, unknown> & { action?: string };

const PERSONS: Record<Person, "admin" | "write" | "triage" | "read" | undefined> = {
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
} as const;

const EVENTS = [
  "issues",
  "issue_comment",
  "label",
  "sub_issues",
  "issue_dependencies",
  "check_run",
  "check_suite",
  "status",
];

export async function startIssueSide(): Promise<IssueSide> {
  const sandbox = await startSandbox({ seed });
  const watch = watchSandbox(sandbox);
  const tokens: Partial<Record<Caller, string>> = {
    app: installationToken(sandbox, "sallyport"),
    bystander: installationToken(sandbox, "bystander"),
  };
  for (const person of persons) tokens[person] = `ghp_${person}`;
  return {
    sandbox,
    watch,
    call: (who, method, path, body) => ask(sandbox, tokens[who], method, path, body),
    sent: (event) => watch.webhooks.filter((sent) => sent.event === event).map((sent) => sent.payload as Payload),
    token: (who) => tokens[who],
    head: async () => (await resolveCommit(sandbox.state.repositories[0]!.dir, "main"))!,
    close: async () => {
      await sandbox.close();
      await expectConformance(watch);
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
  return {
    status: response.status,
    body: text === "" ? undefined : JSON.parse(text),
    headers: response.headers,
  };
}

function installationToken(sandbox: Sandbox, slug: string): string {
  const installation = sandbox.state.installations.find(({ app }) => app.slug === slug)!;
  return addInstallationToken(sandbox.state, installation, installation.app.permissions, null).token;
}

const webhook = { url: "http://127.0.0.1:9/", secret: "a secret of this test" };
const persons = Object.keys(PERSONS) as Person[];
const collaborators = persons.flatMap((person) => (PERSONS[person] === undefined ? [] : [[person, PERSONS[person]]]));

const seed: Seed = {
  users: persons.map((login) => ({ login, token: `ghp_${login}` })),
  organizations: [{ login: "acme", members: ["admin", "writer"], teams: [{ slug: "leads", members: ["writer"] }] }],
  apps: [
    { slug: "sallyport", id: 4001, webhook, permissions: APP_PERMISSIONS, events: EVENTS },
    { slug: "bystander", id: 4002, webhook, permissions: { metadata: "read" }, events: [] },
  ],
  repositories: [
    {
      full_name: "acme/web",
      files: { "README.md": "# web\n" },
      collaborators: Object.fromEntries(collaborators),
      teams: { leads: "write" },
      installed: ["sallyport", "bystander"],
      labels: [{ name: "bug", color: "d73a4a", description: "Something is wrong" }],
    },
    {
      full_name: "acme/vault",
      private: true,
      files: { "README.md": "# vault\n" },
      collaborators: { admin: "admin" },
    },
  ],
};
