/** A running sandbox with a repository of some branches and two Apps, watched for conformance. */
import { execFile } from "node:child_process";
import { createSign, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Seed } from "../../sandbox/seed/seed.ts";
import { type Sandbox, startSandbox } from "../../sandbox/server/server.ts";
import { expectConformance, type Watch, watchSandbox } from "../conformance/watch.ts";

/** JSON as tests read it: they assert what it is. */
// biome-ignore lint/suspicious/noExplicitAny: a test reads many shapes, and a wrong one fails the test
export type Json = any;

export type Answer = { status: number; body: Json; headers: Headers };

export type Received = { event: string; guid: string; signature: string; text: string; payload: Json };

export type GitSide = {
  sandbox: Sandbox;
  watch: Watch;
  /** Where keys and clones may lie. */
  dir: string;
  /** Asks with a token (or none); a path without a leading slash is below the repository acme/web. */
  call: (token: string | null, method: string, path: string, body?: unknown) => Promise<Answer>;
  /** A fresh installation token of one of the Apps. */
  tokenOf: (slug: "sallyport" | "other", narrowing?: object) => Promise<string>;
  jwt: (slug: "sallyport" | "other", claims?: object) => string;
  /** Puts a file on a branch, which is made from main when it is not there; gives the new commit. */
  commit: (branch: string, path: string, text: string) => Promise<string>;
  /** What the App's webhook address received. */
  received: Received[];
  /** Checks everything that was watched, and ends the sandbox. */
  close: () => Promise<void>;
};

export const SECRET = "it stays between us";
export const APP_IDS = { sallyport: 4001, other: 4002 };

const ALL = {
  contents: "write",
  pull_requests: "write",
  issues: "write",
  checks: "write",
  statuses: "write",
  administration: "write",
} as const;

const EVENTS = ["push", "create", "delete", "pull_request", "pull_request_review", "check_run"];

type RepositorySeed = NonNullable<Seed["repositories"]>[number];

/** `repository` overrides fields of acme/web in the seed; `clock` stands in for the time of day. */
export async function startGitSide(
  repository: Partial<RepositorySeed> = {},
  clock: () => number = Date.now,
): Promise<GitSide> {
  const dir = mkdtempSync(join(tmpdir(), "git-side-"));
  const keys = { sallyport: newKey(), other: newKey() };
  const keyFile = (slug: "sallyport" | "other") => {
    const file = join(dir, `${slug}.pem`);
    writeFileSync(file, keys[slug]);
    return file;
  };
  const { received, hook, stop } = await listen();
  const app = (slug: "sallyport" | "other") => ({
    slug,
    id: APP_IDS[slug],
    private_key_file: keyFile(slug),
    permissions: ALL,
  });
  const sandbox = await startSandbox({
    clock,
    seed: {
      users: [
        { login: "lena", token: "admin", email: "lena@example.org" },
        { login: "quinn", token: "writer" },
        { login: "rita", token: "reader" },
        { login: "otto", token: "outsider" },
      ],
      organizations: [{ login: "acme" }],
      apps: [{ ...app("sallyport"), webhook: { url: hook, secret: SECRET }, events: EVENTS }, app("other")],
      repositories: [
        {
          full_name: "acme/web",
          files: { "README.md": "# Web\n", "src/a.txt": "one\ntwo\nthree\n" },
          collaborators: { lena: "admin", quinn: "write", rita: "read" },
          installed: ["sallyport", "other"],
          ...repository,
        },
        { full_name: "acme/hidden", private: true, installed: ["other"] },
      ],
    },
  });
  const watch = watchSandbox(sandbox);
  const call: GitSide["call"] = async (token, method, path, body) => {
    const url = sandbox.url + (path.startsWith("/") ? path : `/repos/acme/web${path === "." ? "" : `/${path}`}`);
    const answer = await fetch(url, {
      method,
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const json = answer.headers.get("content-type")?.includes("json") ? JSON.parse(text) : text;
    return { status: answer.status, body: json, headers: answer.headers };
  };
  const jwt: GitSide["jwt"] = (slug, claims) => signJwt(keys[slug], { iss: APP_IDS[slug], ...claims }, clock);
  return {
    sandbox,
    watch,
    dir,
    call,
    jwt,
    received,
    tokenOf: async (slug, narrowing = {}) => {
      const installation = await call(jwt(slug), "GET", "/repos/acme/web/installation");
      const path = `/app/installations/${installation.body.id}/access_tokens`;
      return (await call(jwt(slug), "POST", path, narrowing)).body.token;
    },
    commit: async (branch, path, text) => {
      const main = await call("admin", "GET", "git/ref/heads/main");
      await call("admin", "POST", "git/refs", { ref: `refs/heads/${branch}`, sha: main.body.object.sha });
      const old = await call("admin", "GET", `contents/${path}?ref=${branch}`);
      const change = {
        message: `Change ${path}`,
        branch,
        content: Buffer.from(text).toString("base64"),
        ...(old.status === 200 ? { sha: old.body.sha } : {}),
      };
      const written = await call("admin", "PUT", `contents/${path}`, change);
      if (written.status > 201) throw new Error(JSON.stringify(written.body));
      return written.body.commit.sha;
    },
    close: async () => {
      await sandbox.close();
      await stop();
      rmSync(dir, { recursive: true });
      await expectConformance(watch);
    },
  };
}

/** git as a person has it on their machine, with the token in the address. */
export async function userGit(dir: string, ...args: string[]): Promise<{ ok: boolean; said: string }> {
  const env = {
    PATH: process.env.PATH ?? "",
    HOME: dir,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    ...{ GIT_AUTHOR_NAME: "Quinn", GIT_AUTHOR_EMAIL: "quinn@example.org" },
    ...{ GIT_COMMITTER_NAME: "Quinn", GIT_COMMITTER_EMAIL: "quinn@example.org" },
  };
  try {
    const { stdout, stderr } = await promisify(execFile)("git", args, { cwd: dir, env });
    return { ok: true, said: stdout + stderr };
  } catch (error) {
    return { ok: false, said: String((error as Error & { stderr?: string }).stderr) };
  }
}

export function signJwt(key: string, claims: object, clock: () => number = Date.now): string {
  const now = Math.floor(clock() / 1000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ alg: "RS256", typ: "JWT" })}.${part({ iat: now - 30, exp: now + 300, ...claims })}`;
  return `${text}.${createSign("sha256").update(text).sign(key, "base64url")}`;
}

export function newKey(): string {
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  return privateKey;
}

async function listen(): Promise<{ received: Received[]; hook: string; stop: () => Promise<void> }> {
  const received: Received[] = [];
  const server = createServer((request, answer) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const header = (name: string) => String(request.headers[name]);
      received.push({
        event: header("x-github-event"),
        guid: header("x-github-delivery"),
        signature: header("x-hub-signature-256"),
        text,
        payload: JSON.parse(text),
      });
      answer.writeHead(202).end("noted");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { received, hook: `http://127.0.0.1:${address.port}/hook`, stop };
}
