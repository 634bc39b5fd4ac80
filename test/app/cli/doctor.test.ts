import { createPublicKey } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { doctorCommand } from "../../../app/cli/doctor.ts";
import type { HealthFinding } from "../../../core/health/finding.ts";
import { formatPublicKey } from "../../../core/ledger/public-key.ts";
import type { Seed } from "../../../sandbox/seed/seed.ts";
import { type Sandbox, startSandbox } from "../../../sandbox/server/server.ts";
import type { Protection } from "../../../sandbox/state/model.ts";
import { newKey } from "../../builders/ledger.ts";
import { expectConformance, type Watch, watchSandbox } from "../../conformance/watch.ts";
import { manifest, seedOurApp } from "../../hosts/installed-app.ts";
import { brokenService } from "../../hosts/model-service.ts";
import { runCommand } from "../../hosts/run-command.ts";
import { asker } from "../../hosts/store-and-github.ts";

const key = newKey();
const publicKey = formatPublicKey(createPublicKey(key.pem));
const webhookSecret = "a-webhook-secret-of-this-test";
const apiKey = "sk-ant-api03-0123456789abcdefghij";
const policyOf = (more = "") => `version: 1
extends: default
people: { planners: ["@lena"], approvers: ["@wes"], architects: ["@wes"] }
ledger: { keys: [{ key: "${publicKey}" }] }
${more}`;

let dir: string;
let sandbox: Sandbox;
let watch: Watch;
let env: Record<string, string>;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "doctor-"));
  sandbox = await startSandbox({ seed: seed(), dir: join(dir, "github") });
  watch = watchSandbox(sandbox);
  writeFileSync(join(dir, "ledger.pem"), key.pem, { mode: 0o600 });
});
afterAll(async () => {
  await sandbox.close();
  rmSync(dir, { recursive: true, force: true });
  await expectConformance(watch);
});

let protection: Protection[];
beforeEach(() => {
  env = {
    APP_ID: "4001",
    PRIVATE_KEY_PATH: join(dir, "app.pem"),
    WEBHOOK_SECRET: webhookSecret,
    LEDGER_KEY_PATH: join(dir, "ledger.pem"),
    GITHUB_API_URL: sandbox.url,
    GITHUB_THROTTLE: "off",
    DATABASE_FOLDER: "database",
    ANTHROPIC_API_KEY: apiKey,
  };
  protection = structuredClone(web().protection);
});
afterEach(() => {
  web().protection = protection;
});

function web() {
  const [repository] = sandbox.state.repositories;
  if (repository === undefined) throw new Error("there is no acme/web");
  return repository;
}

/** Runs it and gives what it printed; nothing of it may ever hold a secret. */
async function doctor(...args: string[]) {
  const result = await runCommand(doctorCommand, args, { cwd: dir, env });
  const secrets = [
    webhookSecret,
    apiKey,
    ...pemLines(readFileSync(join(dir, "app.pem"), "utf8")),
    ...pemLines(key.pem),
    ...sandbox.state.tokens.map(({ token }) => token),
  ];
  for (const secret of secrets) expect(result.out + result.err).not.toContain(secret);
  return result;
}

const pemLines = (pem: string) => pem.split("\n").filter((line) => line !== "" && !line.startsWith("-----"));

async function findings(...args: string[]) {
  const { out, exit } = await doctor("--json", ...args);
  const { findings: all }: { findings: HealthFinding[] } = JSON.parse(out);
  const of = (check: string) => all.filter((one) => one.check === check);
  const statuses = (check: string) => of(check).map(({ status }) => status);
  return { all, of, statuses, exit };
}

/** Commits a file to the default branch, whatever its rules say; null takes it away. */
async function commitFile(path: string, text: string | null): Promise<void> {
  const { protection: rules } = web();
  web().protection = [];
  const as = asker(sandbox.url, "acme/web");
  const there = await as("lena", "GET", `contents/${path}`).catch(() => null);
  const message = "Change";
  if (text === null) await as("lena", "DELETE", `contents/${path}`, { message, sha: there.sha });
  else {
    const content = Buffer.from(text).toString("base64");
    await as("lena", "PUT", `contents/${path}`, { message, content, ...(there && { sha: there.sha }) });
  }
  web().protection = rules;
}

const setPolicy = (text: string) => commitFile(".github/sallyport.yml", text);

function seed(): Seed {
  return {
    users: [
      { login: "lena", token: "ghp_lena" },
      { login: "wes", token: "ghp_wes" },
    ],
    organizations: [{ login: "acme", members: ["lena", "wes"] }],
    apps: [
      seedOurApp(join(dir, "app.pem"), { url: "http://127.0.0.1:9/", secret: webhookSecret }),
      { slug: "other", id: 4002 },
    ],
    repositories: [
      {
        full_name: "acme/web",
        files: { ".github/sallyport.yml": policyOf(), "web/page.html": "<p>hello</p>\n" },
        collaborators: { lena: "admin", wes: "write" },
        installed: ["sallyport"],
        protection: [{ branch: "main", checks: [{ context: "sallyport", app: "sallyport" }], strict: true }],
      },
      { full_name: "acme/elsewhere", files: { "README.md": "# elsewhere\n" } },
    ],
  };
}

describe("sallyport doctor", () => {
  test("a right installation: exit 0, each thing with its mark, and a summary", async () => {
    const { out, exit } = await doctor("--repo", "acme/web");
    expect({ exit, out }).toMatchObject({ exit: 0 });
    expect(out).toMatch(/^This machine\n {2}✓ node /);
    expect(out).toContain(`signed by ${publicKey}`);
    expect(out).toContain("Signed in as the App `sallyport`.");
    expect(out).toMatch(/✓ required-check +`main` asks for the check `sallyport` and takes it only from this App\./);
    expect(out).toMatch(/! evidence-branch .*\n +next: An administrator of acme\/web /);
    expect(out).toMatch(/\n\n\d+ in place, \d+ warnings?, 0 to mend, 0 not known\.\n$/);
  });

  test("all repositories of the installation are looked at when none is named", async () => {
    const { all, exit } = await findings();
    expect(exit).toBe(0);
    expect(new Set(all.flatMap(({ area, about }) => (area === "repository" ? [about] : [])))).toEqual(
      new Set(["acme/web"]),
    );
  });

  test("--json: the exit status, the counts and every finding", async () => {
    const { out, exit } = await doctor("--json");
    const { status, counts, findings: all } = JSON.parse(out);
    expect(status).toBe(exit);
    expect(counts).toEqual({ ok: expect.any(Number), warn: expect.any(Number), fail: 0, unknown: 0 });
    expect(counts.ok + counts.warn).toBe(all.length);
    expect(all.length).toBeGreaterThan(0);
    for (const one of all)
      expect(one).toMatchObject({
        area: expect.stringMatching(/^(settings|github|repository|models)$/),
        check: expect.stringMatching(/^[a-z-]+$/),
        status: expect.stringMatching(/^(ok|warn)$/),
        message: expect.stringMatching(/\.$/),
      });
  });

  test("it changes nothing: it only reads, and makes no database", async () => {
    const before = watch.exchanges.length;
    await doctor();
    const written = watch.exchanges.slice(before).filter(({ method }) => method !== "GET");
    expect(written.every(({ path }) => path.endsWith("/access_tokens"))).toBe(true);
    expect(written.length).toBeGreaterThan(0);
    expect(existsSync(join(dir, "database"))).toBe(false);
  });
});

describe("F10 whether the check is required", () => {
  const rule = () => {
    const [first] = web().protection;
    if (first === undefined) throw new Error("nothing is protected");
    return first;
  };

  test.each<[string, () => void, RegExp]>([
    ["no rule at all", () => web().protection.splice(0), /does not ask for the check/],
    [
      "only another check",
      () => rule().checks?.splice(0, 1, { context: "test", appId: null }),
      /does not ask for the check/,
    ],
    [
      "T063 from any source",
      () => rule().checks?.splice(0, 1, { context: "sallyport", appId: null }),
      /from any source/,
    ],
    [
      "T063 from another App",
      () => rule().checks?.splice(0, 1, { context: "sallyport", appId: 4002 }),
      /from App 4002, and this one is App 4001/,
    ],
  ])("%s: exit 1", async (_title, change, message) => {
    change();
    const { of, exit } = await findings();
    expect(exit).toBe(1);
    expect(of("required-check")).toMatchObject([
      {
        status: "fail",
        message: expect.stringMatching(message),
        next: expect.stringContaining("administrator"),
      },
    ]);
  });

  test("who may bypass it is a warning", async () => {
    rule().enforceAdmins = false;
    const { of, exit } = await findings();
    expect(exit).toBe(0);
    expect(of("bypass")).toMatchObject([{ status: "warn" }]);
  });

  test("rules that cannot be read are not known: exit 2", async () => {
    rule().checks = null;
    sandbox.fault({ kind: "status", path: "/rules/branches/main$", status: 403 });
    const { statuses, exit } = await findings();
    expect(statuses("required-check")).toEqual(["unknown"]);
    expect(exit).toBe(2);
  });

  test("one kind of rules that shows it is enough", async () => {
    sandbox.fault({ kind: "status", path: "/rules/branches/main$", status: 403 });
    expect((await findings()).statuses("required-check")).toEqual(["ok"]);
  });
});

describe("the policy of a repository", () => {
  afterEach(() => setPolicy(policyOf()));

  test("malformed: its line, exit 1", async () => {
    await setPolicy("version: 1\ngatez: {}\n");
    const { of, exit } = await findings();
    expect(exit).toBe(1);
    expect(of("policy")).toMatchObject([
      { status: "fail", message: expect.stringMatching(/sallyport\.yml:2:1: unknown key "gatez"/) },
    ]);
  });

  test("keys that are pinned without ours: exit 1", async () => {
    const other = formatPublicKey(createPublicKey(newKey().pem));
    await setPolicy(policyOf().replace(publicKey, other));
    const { of, exit } = await findings();
    expect(exit).toBe(1);
    expect(of("ledger-keys")).toMatchObject([{ status: "fail", next: expect.stringContaining(publicKey) }]);
  });

  test("T107 T111: names without numbers are told with them, and pinned ones that changed hands fail", async () => {
    const numberOf = (login: string) => sandbox.state.accounts.find((one) => one.login === login)?.id ?? 0;
    const open = await findings();
    expect(open.of("people")).toMatchObject([
      {
        status: "warn",
        next: expect.stringContaining(`"@lena#${numberOf("lena")}", "@wes#${numberOf("wes")}"`),
      },
    ]);
    await setPolicy(
      policyOf()
        .replace("@lena", `@lena#${numberOf("lena")}`)
        .replaceAll("@wes", "@wes#1"),
    );
    const { of, exit } = await findings();
    expect(of("people")).toMatchObject([
      { status: "fail", message: `\`@wes#1\` means nobody: number ${numberOf("wes")} bears that name now.` },
    ]);
    expect(exit).toBe(1);
  });

  test("T177: a workflow that holds secrets and fetches a pull request's code is a warning, by its line", async () => {
    const path = ".github/workflows/build.yml";
    await commitFile(
      path,
      `on: pull_request_target
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
        with: { ref: "\${{ github.event.pull_request.head.sha }}" }
`,
    );
    const { of, exit } = await findings();
    await commitFile(path, null);
    expect(of("workflows")).toMatchObject([
      { status: "warn", message: expect.stringMatching(/^\.github\/workflows\/build\.yml:6: /) },
    ]);
    expect(exit).toBe(0);
  });

  test("rules that match nothing, and checks that no workflow makes, are warnings", async () => {
    await setPolicy(
      policyOf('gates: { forbidden-paths: { deny: ["docs"] }, ci: { checks: ["@github-actions/test"] } }\n'),
    );
    const { of, exit } = await findings();
    expect(exit).toBe(0);
    expect(of("policy-rules").map(({ message }) => /: ([a-z-]+): /.exec(message)?.[1])).toEqual([
      "matches-nothing",
      "no-such-check",
    ]);
  });
});

describe("a repository that is not there", () => {
  test.each(["acme/elsewhere", "acme/nowhere"])("%s: exit 1", async (name) => {
    const { of, exit } = await findings("--repo", name, "--repo", "ACME/web");
    expect(exit).toBe(1);
    expect(of("installed")).toMatchObject([{ about: name, status: "fail" }]);
    expect(of("required-check")).toMatchObject([{ about: "acme/web", status: "ok" }]);
  });

  test("a name that is none is bad input", async () => {
    expect(await doctor("--repo", "web")).toMatchObject({
      exit: 2,
      out: "",
      err: expect.stringMatching(/owner\/name/),
    });
  });
});

describe("settings", () => {
  test("all that is wrong is told at once: exit 2, and GitHub is not asked", async () => {
    const before = watch.exchanges.length;
    env = { WEBHOOK_SECRET: "short", GITHUB_API_URL: "nonsense" };
    const { of, exit } = await findings();
    expect(exit).toBe(2);
    expect(of("settings").map(({ message }) => message.split(":")[0])).toEqual([
      "APP_ID",
      "WEBHOOK_SECRET",
      "GITHUB_API_URL",
      "PRIVATE_KEY or PRIVATE_KEY_PATH",
      "LEDGER_KEY or LEDGER_KEY_PATH",
    ]);
    expect(watch.exchanges).toHaveLength(before);
  });

  test.each<[string, Record<string, string>, string]>([
    ["a ledger key that is none", { LEDGER_KEY_PATH: "", LEDGER_KEY: "not-a-key-but-a-secret" }, "ledger-key"],
    ["an App key that is none", { PRIVATE_KEY_PATH: "", PRIVATE_KEY: "not-a-key-but-a-secret" }, "app-key"],
    ["a database without an address", { DATABASE_URL: "postgres://port-secret@:x:/" }, "database"],
    ["a database that does not answer", { DATABASE_URL: "postgres://sally:port-secret@127.0.0.1:9/db" }, "database"],
    ["a folder that is no folder", { DATABASE_FOLDER: "ledger.pem" }, "database"],
    ["a folder that holds something else", { DATABASE_FOLDER: "github" }, "database"],
  ])("%s: exit 2", async (_title, more, check) => {
    Object.assign(env, more);
    const { out, exit } = await doctor("--json");
    expect(exit).toBe(2);
    expect(out).toMatch(new RegExp(`"check": "${check}",\\s+"status": "fail"`));
    expect(out).not.toMatch(/but-a-secret|port-secret/);
  });

  test("a database in memory is a warning; one that is there is not opened", async () => {
    env.DATABASE_FOLDER = "memory";
    expect((await findings()).statuses("database")).toEqual(["warn"]);
    const folder = join(dir, "made");
    mkdirSync(folder);
    writeFileSync(join(folder, "PG_VERSION"), "17\n");
    env.DATABASE_FOLDER = folder;
    expect((await findings()).of("database")).toMatchObject([
      { status: "ok", message: expect.stringContaining("was not opened") },
    ]);
  });
});

describe("the App on GitHub", () => {
  const app = () => {
    const found = sandbox.state.apps.find(({ id }) => id === 4001);
    if (found === undefined) throw new Error("there is no App");
    return found;
  };
  let before: { permissions: typeof manifest.default_permissions; events: string[]; webhook: unknown };
  beforeEach(() => {
    before = structuredClone({
      permissions: manifest.default_permissions,
      events: app().events,
      webhook: app().webhook,
    });
  });
  afterEach(() => {
    Object.assign(app(), before);
  });

  test("a key that GitHub does not know: exit 1", async () => {
    env.APP_ID = "4002";
    const { of, all, exit } = await findings();
    expect(exit).toBe(1);
    expect(of("app")).toMatchObject([{ status: "fail" }]);
    expect(all.some(({ area }) => area === "repository")).toBe(false);
  });

  test("a GitHub that cannot be reached: exit 2", async () => {
    env.GITHUB_API_URL = "http://127.0.0.1:9";
    const { of, exit } = await findings();
    expect(exit).toBe(2);
    expect(of("app")).toMatchObject([{ status: "unknown" }]);
  });

  test("a refusal that says nothing of the key, such as a rate limit, is not known: exit 2", async () => {
    sandbox.fault({ kind: "status", path: "/app$", status: 403 });
    const { of, exit } = await findings();
    expect(exit).toBe(2);
    expect(of("app")).toMatchObject([{ status: "unknown", message: expect.stringContaining("403") }]);
  });

  test("what it lacks is named for the App and for each installation: exit 1", async () => {
    const { merge_queues: _, ...others } = manifest.default_permissions;
    app().permissions = { ...others, statuses: "read" };
    app().events = app().events.filter((event) => event !== "sub_issues");
    const { of, exit } = await findings();
    expect(exit).toBe(1);
    const lacking = { status: "fail", message: "Lacks `statuses: write`, `merge_queues: read`." };
    expect(of("permissions")).toMatchObject([
      { about: null, ...lacking },
      { about: "acme", ...lacking },
    ]);
    expect(of("events")[0]).toMatchObject({ status: "fail", message: "Does not hear of `sub_issues`." });
  });

  test("more than it needs is a warning", async () => {
    app().permissions = { ...app().permissions, administration: "write" };
    const { of, exit } = await findings();
    expect(exit).toBe(0);
    expect(of("more-than-needed")[0]).toMatchObject({
      status: "warn",
      message: expect.stringContaining("administration"),
    });
  });

  test("a webhook without an address: exit 1", async () => {
    app().webhook = null;
    const { of, exit } = await findings();
    expect(exit).toBe(1);
    expect(of("webhook")).toMatchObject([{ status: "fail" }]);
  });

  test("webhooks that do not arrive are a warning", async () => {
    await setPolicy(`${policyOf()}\n`);
    await sandbox.settled();
    const { of, exit } = await findings();
    expect(exit).toBe(0);
    expect(of("deliveries")).toMatchObject([
      {
        status: "warn",
        message: expect.stringMatching(/did not arrive, the newest `push` at .*: failed to connect/),
      },
    ]);
  });
});

describe("model services", () => {
  beforeAll(() => setPolicy(policyOf('roles: { web: { allow: ["web/**"] } }\n')));
  afterAll(() => setPolicy(policyOf()));

  const answer = (status: number, body: object) => (response: ServerResponse) => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  const error = (type: string) => ({ type: "error", error: { type, message: type } });

  test.each<[string, (response: ServerResponse) => void, string, number]>([
    ["takes the key", answer(200, { data: [], has_more: false, first_id: null, last_id: null }), "ok", 0],
    ["refuses the key", answer(401, error("authentication_error")), "fail", 1],
    ["sends us elsewhere", (response) => void response.writeHead(307, { location: "/there" }).end(), "fail", 1],
    ["has no list", answer(404, error("not_found_error")), "warn", 0],
    ["is overloaded", answer(529, error("overloaded_error")), "unknown", 2],
    ["breaks off", (response) => response.destroy(), "fail", 1],
  ])("one that %s", async (_title, reply, status, exit) => {
    const service = await brokenService([reply]);
    env.ANTHROPIC_BASE_URL = service.url;
    const found = await findings();
    await service.close();
    expect(service.calls()).toBe(1);
    expect({ found: found.of("model-service"), exit: found.exit }).toMatchObject({
      found: [{ about: "anthropic", status }],
      exit,
    });
  });

  test("a program that a policy names is tried, and what it lacks is told with the next step", async () => {
    const route = "routes: [{ role: web, use: anthropic, tool: claude@2.1.332 }]";
    await setPolicy(policyOf(`roles: { web: { allow: ["web/**"] } }\nagents: { ${route} }\n`));
    const service = await brokenService([answer(200, { data: [], has_more: false, first_id: null, last_id: null })]);
    env.ANTHROPIC_BASE_URL = service.url;
    const found = await findings();
    await service.close();
    expect(found.of("agent-program")).toMatchObject([
      { about: "claude@2.1.332", status: "fail", message: expect.stringContaining("set AGENT_TOOLS") },
    ]);
    await setPolicy(policyOf('roles: { web: { allow: ["web/**"] } }\n'));
  });

  test("every service that a policy names is asked, each with its own key", async () => {
    await setPolicy(
      policyOf(
        'roles: { web: { allow: ["web/**"] } }\nagents: { planner: { use: openai, model: gpt-5.5 }, reviewer: { use: google, model: gemini-3-pro } }\n',
      ),
    );
    const list = answer(200, { object: "list", data: [] });
    const bad = { error: { code: 400, message: "no", details: [{ reason: "API_KEY_INVALID" }] } };
    const [one, other, third] = [
      await brokenService([list]),
      await brokenService([answer(401, { error: { message: "no" } })]),
      await brokenService([answer(400, bad)]),
    ];
    Object.assign(env, { ANTHROPIC_BASE_URL: one.url, OPENAI_BASE_URL: other.url, OPENAI_API_KEY: "not-a-key" });
    Object.assign(env, { GOOGLE_BASE_URL: third.url, GOOGLE_API_KEY: "not-a-key" });
    const found = (await findings()).of("model-service");
    await Promise.all([one.close(), other.close(), third.close()]);
    expect(found).toMatchObject([
      { about: "anthropic", status: "ok" },
      { about: "openai", status: "fail", next: "Set OPENAI_API_KEY to one that is valid." },
      { about: "google", status: "fail", next: "Set GOOGLE_API_KEY to one that is valid." },
    ]);
    await setPolicy(policyOf('roles: { web: { allow: ["web/**"] } }\n'));
  });

  test("no key where a role is named: exit 1", async () => {
    env.ANTHROPIC_API_KEY = "";
    const { statuses, exit } = await findings();
    expect({ statuses: statuses("model-service"), exit }).toEqual({ statuses: ["fail"], exit: 1 });
  });

  test("where no policy names a role, none is asked", async () => {
    await setPolicy(policyOf());
    env.ANTHROPIC_API_KEY = "";
    expect((await findings()).of("model-service")).toEqual([]);
  });
});
