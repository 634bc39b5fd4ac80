import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { sql } from "kysely";
import { waitFor } from "../../../app/demo/acting.ts";
import { freePort } from "../../../app/demo/hosts.ts";
import { type Service, startService } from "../../../app/service/service.ts";
import type { Seed } from "../../../sandbox/seed/seed.ts";
import type { ServedRequest } from "../../../sandbox/server/rest.ts";
import { type Sandbox, startSandbox } from "../../../sandbox/server/server.ts";
import { configOf, seedOurApp, webhookAt } from "../../hosts/installed-app.ts";
import { asker, type Json } from "../../hosts/store-and-github.ts";

let dir: string;
let sandbox: Sandbox;
let service: Service;
const said: string[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "calls-"));
  const port = await freePort();
  sandbox = await startSandbox({ seed: seed(port) });
  service = await startService(
    configOf({
      privateKey: readFileSync(join(dir, "app.pem"), "utf8"),
      // People ask at the root, so whatever is asked below /api the App asked.
      apiUrl: `${sandbox.url}/api/v3`,
      port,
      logLevel: "info",
    }),
    (line) => said.push(line),
  );
  // Where a database knows nothing of a repository, its ledger is looked for first, once: not a part of judging.
  for (const repository of rounds) await lena("POST", `${repository}/issues`, { title: "Hello" });
}, 60_000);
afterAll(async () => {
  await service.close();
  await sandbox.close();
  rmSync(dir, { recursive: true, force: true });
}, 30_000);

/** A repository for every try, so that each begins with nothing known. */
const rounds = ["one", "two", "three"];

const names = Array.from({ length: 40 }, (_, at) => `src/part-${at}.ts`);

function seed(port: number): Seed {
  const policy = "version: 1\nextends: default\npeople: { approvers: ['@lena'] }\n";
  return {
    users: [{ login: "lena", token: "ghp_lena" }],
    organizations: [{ login: "acme", members: ["lena"] }],
    apps: [seedOurApp(join(dir, "app.pem"), webhookAt(port))],
    repositories: rounds.map((round) => ({
      full_name: `acme/${round}`,
      files: {
        ...Object.fromEntries(names.map((name, at) => [name, `export const part = "${round} ${at}";\n`])),
        ".github/sallyport.yml": policy,
      },
      collaborators: { lena: "admin" },
      installed: ["sallyport"],
    })),
  };
}

const lena = (method: string, path: string, body?: unknown): Promise<Json> =>
  asker(sandbox.url, "acme")("lena", method, path, body);

/** The jobs and effects that are still to be done; those of the clock alone are not among them. */
async function open(): Promise<string[]> {
  const { rows } = await sql<{ what: string }>`
    select name || ' ' || state::text || ' ' || data::text as what from pgboss.job
     where name in ('look', 'perform', 'later', 'find', 'export', 'sweep')
       and state::text in ('created', 'retry', 'active')
    union all
    select payload || ' ' || status as what from effects where status in ('todo', 'doing')
    union all
    select named as what from waiting_names`.execute(service.database.db);
  return rows.map(({ what }) => what);
}

/** Waits until nothing is on its way and nothing is to be done. */
async function idle(): Promise<void> {
  let left: string[] = [];
  const done = async () => {
    await sandbox.settled();
    left = await open();
    return left.length === 0;
  };
  await waitFor("the App to have done everything", done, 60).catch((error: unknown) => {
    throw new Error([String(error), ...left, ...said].join("\n"));
  });
}

/** The App's requests by method and path, below the repository where they are. */
const shown = (asked: ServedRequest[]) =>
  asked
    .filter(({ path }) => path.startsWith("/api/"))
    .map(({ method, path }) => `${method} ${path.replace(/^\/api\/(v3\/repos\/acme\/\w+\/)?/, "")}`);

/** The commits whose trees the pull request is judged by; every other tree is the evidence branch's. */
const judged = new Set<string>();

/** Calls for the hour's token, and those of the ledger's export, which serves all that was recorded meanwhile. */
function isApart(call: string): boolean {
  const tree = /^GET git\/trees\/(\w+)$/.exec(call)?.[1];
  if (tree !== undefined) return !judged.has(tree);
  return /access_tokens$|installations?(\/repositories)?$|(POST|PATCH) git\/|git\/ref\/heads%2Fsallyport|GET git\/commits\//.test(
    call,
  );
}

/** What the App asks because of an act. Acts again when the sweep, which comes by the clock, looked as well. */
async function callsOf(act: (repository: string) => Promise<void>): Promise<string[]> {
  for (const repository of rounds) {
    await idle();
    const from = sandbox.requests().length;
    await act(repository);
    await idle();
    const calls = shown(sandbox.requests().slice(from));
    if (!calls.some((call) => call.includes("matching-refs"))) return calls.filter((call) => !isApart(call));
  }
  throw new Error("the sweep came into every try");
}

/** Fails with the requests themselves, so that the one too many can be seen. */
function expectAtMost(max: number, calls: string[]): void {
  expect({ count: Math.max(calls.length, max), calls: calls.length > max ? calls : [] }).toEqual({
    count: max,
    calls: [],
  });
}

let commented = "";

test("a pull request with 40 changed files takes at most 10 requests, with the check and the comment", async () => {
  const calls = await callsOf(async (repository) => {
    const main = await lena("GET", `${repository}/git/ref/heads/main`);
    const parent = main.object.sha;
    const tree = names.map((path) => ({ path, mode: "100644", content: `export const at = "${path}";\n` }));
    const made = await lena("POST", `${repository}/git/trees`, { base_tree: parent, tree });
    const commit = { message: "Change all parts", tree: made.sha, parents: [parent] };
    const { sha } = await lena("POST", `${repository}/git/commits`, commit);
    for (const one of [parent, sha]) judged.add(one);
    await lena("POST", `${repository}/git/refs`, { ref: "refs/heads/change", sha });
    const opened = { title: "Change all parts", head: "change", base: "main" };
    const { number } = await lena("POST", `${repository}/pulls`, opened);
    commented = `${repository}/issues/${number}/comments`;
  });
  const written = calls.filter((call) => /^POST (check-runs|issues\/\d+\/comments)$/.test(call));
  expect(written).toHaveLength(2);
  expectAtMost(10, calls);
}, 120_000);

test("a comment on it takes at most 4", async () => {
  const calls = await callsOf(async () => {
    await lena("POST", commented, { body: "This looks good." });
  });
  expect(calls[0]).toBe("POST graphql");
  expectAtMost(4, calls);
}, 120_000);
