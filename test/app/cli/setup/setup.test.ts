import { createPublicKey } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { setupCommand } from "../../../../app/cli/setup/setup.ts";
import { createGitHub } from "../../../../app/github/clients.ts";
import { readConfig } from "../../../../app/settings/config.ts";
import type { Io } from "../../../../app/terminal/io.ts";
import { type Sandbox, startSandbox } from "../../../../sandbox/server/server.ts";
import { expectConformance, type Watch, watchSandbox } from "../../../conformance/watch.ts";
import { manifest } from "../../../hosts/installed-app.ts";
import { runCommand } from "../../../hosts/run-command.ts";
import { waitUntil } from "../../../hosts/until.ts";

let sandbox: Sandbox;
let watch: Watch;
let dir: string;
beforeAll(async () => {
  sandbox = await startSandbox({
    seed: {
      users: [{ login: "lena", token: "ghp_lena" }],
      organizations: [{ login: "acme", owners: ["lena"] }],
    },
  });
  watch = watchSandbox(sandbox);
});
afterAll(async () => {
  await sandbox.close();
  await expectConformance(watch);
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "setup-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Starts the command; `exit` is set once it has ended. */
function start(...args: string[]) {
  const said = { err: "", exit: null as number | null };
  const io: Io = {
    out: () => undefined,
    err: (text) => {
      said.err += text;
    },
    exit: (code) => {
      said.exit = code;
    },
    env: {},
    cwd: dir,
    color: false,
  };
  const ended = setupCommand(io).parseAsync(["--github-url", sandbox.url, ...args], { from: "user" });
  const page = waitUntil("the page", async () => /http:\/\/127\.0\.0\.1:[0-9]+\//.exec(said.err)?.[0]);
  return { said, ended, page };
}

const unescaped = (text: string) => text.replaceAll("&quot;", '"').replaceAll("&amp;", "&");

/** What a browser would send when the page's button is pressed. */
async function formOf(page: string) {
  const answer = await fetch(page);
  const html = await answer.text();
  const [action = "", text = ""] = [/action="([^"]*)"/, /value="([^"]*)"/].map((one) =>
    unescaped(one.exec(html)?.[1] ?? ""),
  );
  return { action, text, policy: answer.headers.get("content-security-policy") };
}

const press = ({ action, text }: { action: string; text: string }) =>
  fetch(action, { method: "POST", body: new URLSearchParams({ manifest: text }), redirect: "manual" });

test("U2: one page and one button make the App, its settings for this user's eyes alone, and the ledger's key", async () => {
  const webhook = "https://sallyport.acme.dev/api/github/webhooks";
  const { said, ended, page } = start("--org", "acme", "--name", "Sallyport Acme", "--webhook-url", webhook);
  const form = await formOf(await page);
  expect(form.policy).toContain("default-src 'none'");
  expect(JSON.parse(form.text)).toMatchObject({
    name: "Sallyport Acme",
    public: false,
    hook_attributes: { url: webhook, active: true },
    callback_urls: ["https://sallyport.acme.dev/sign-in/callback"],
    default_events: manifest.default_events,
    default_permissions: manifest.default_permissions,
  });
  const back = await press(form);
  const arrived = await fetch(back.headers.get("location") ?? "", { redirect: "manual" });
  const install = `${sandbox.url}/apps/sallyport-acme/installations/new`;
  expect([arrived.status, arrived.headers.get("location")]).toEqual([303, install]);
  await ended;
  expect(said.exit).toBe(0);
  expect(said.err).toContain(install);

  for (const file of [".env", "ledger.pem"]) expect(statSync(join(dir, file)).mode & 0o777).toBe(0o600);
  const env = parseEnv(readFileSync(join(dir, ".env"), "utf8"));
  const reading = readConfig({ ...env, LEDGER_KEY_PATH: join(dir, env.LEDGER_KEY_PATH ?? "") });
  if (!reading.ok) throw new Error(reading.problems.join("; "));
  const { config } = reading;
  expect(config).toMatchObject({ publicUrl: "https://sallyport.acme.dev", pages: { for: "readers" } });
  expect(config.apiUrl).toBe(`${sandbox.url}/api/v3`);
  expect(createPublicKey(config.ledgerKey).asymmetricKeyType).toBe("ed25519");
  expect(await createGitHub({ ...config, throttle: false }).identify()).toMatchObject({ slug: "sallyport-acme" });
  const app = sandbox.state.apps.find(({ slug }) => slug === "sallyport-acme");
  expect(app).toMatchObject({ owner: { login: "acme" }, webhook: { url: webhook, secret: config.webhookSecret } });
  for (const secret of [config.webhookSecret, "PRIVATE KEY"]) expect(said.err).not.toContain(secret);
  await expect(fetch(await page)).rejects.toThrow();
});

describe("an answer that is not GitHub's to this page makes nothing", () => {
  test("another state, no code, another name of this machine; the page stays open, and a used code is refused", async () => {
    const { said, ended, page } = start();
    const form = await formOf(await page);
    const url = new URL(await page);
    expect((await fetch(`${url.href}created?code=x&state=guessed`)).status).toBe(403);
    expect((await fetch(`${url.href}created?code=x`)).status).toBe(403);
    expect((await fetch(`${url.href}created?state=x`)).status).toBe(404);
    const rebound = await new Promise<number | undefined>((resolve) =>
      request({ host: url.hostname, port: url.port, path: "/", headers: { host: "evil.example" } }, ({ statusCode }) =>
        resolve(statusCode),
      ).end(),
    );
    expect(rebound).toBe(404);
    const state = new URL(form.action).searchParams.get("state");
    expect((await fetch(`${url.href}created?code=guessed&state=${state}`)).status).toBe(502);
    await ended;
    expect(said.exit).toBe(2);
    expect(said.err).toContain("GitHub answered 404: the code was used before, or is older than an hour. Begin again.");
    expect(readdirSync(dir)).toEqual([]);
  });
});

test.each<[string, string[], number, RegExp]>([
  ["settings that are there", [], 1, /\.env is there and is kept; --force replaces it/],
  ["an address without its scheme", ["--force", "--webhook-url", "acme.dev"], 2, /write one address in full/],
  ["two addresses", ["--force", "--smee", "--webhook-url", "https://acme.dev"], 2, /or --smee in its place/],
  [
    "an address without the path that the service listens at",
    ["--force", "--webhook-url", "https://acme.dev/"],
    2,
    /write https:\/\/acme\.dev\/api\/github\/webhooks$/m,
  ],
  [
    "the organization in GitHub's address",
    ["--force", "--github-url", "https://github.com/acme"],
    2,
    /write https:\/\/github\.com and, for .*--org/,
  ],
  [
    "GitHub's API for its address",
    ["--force", "--github-url", "https://ghe.acme.dev/api/v3"],
    2,
    /write https:\/\/ghe\.acme\.dev/,
  ],
  ["an organization that is no name", ["--force", "--org", "@acme"], 2, /--org @acme: write its name alone/],
  ["another scheme", ["--force", "--github-url", "file:///etc"], 2, /write it in full/],
  ["a port that is none", ["--force", "--port", "web"], 2, /write 0 to 65535/],
  ["a port that is too high", ["--force", "--port", "99999"], 2, /write 0 to 65535/],
])("nothing is begun with %s", async (_, args, status, why) => {
  writeFileSync(join(dir, ".env"), "APP_ID=1\n");
  const result = await runCommand(setupCommand, args, { cwd: dir });
  expect(result.exit).toBe(status);
  expect(result.err).toMatch(why);
  expect(readFileSync(join(dir, ".env"), "utf8")).toBe("APP_ID=1\n");
});

test("--force replaces the settings and never the ledger's key", async () => {
  writeFileSync(join(dir, ".env"), "APP_ID=1\n", { mode: 0o644 });
  writeFileSync(join(dir, "ledger.pem"), "the key of a ledger\n");
  const { said, ended, page } = start("--force");
  const back = await press(await formOf(await page));
  await fetch(back.headers.get("location") ?? "", { redirect: "manual" });
  await ended;
  expect(said).toMatchObject({ exit: 0, err: expect.stringContaining("ledger.pem was there and is used") });
  expect(readFileSync(join(dir, "ledger.pem"), "utf8")).toBe("the key of a ledger\n");
  expect(statSync(join(dir, ".env")).mode & 0o777).toBe(0o600);
  expect(said.err).toContain("every five minutes");
  expect(readFileSync(join(dir, ".env"), "utf8")).not.toContain("PUBLIC_URL");
});
