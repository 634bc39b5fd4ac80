import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Octokit } from "@octokit/core";
import { ProbotOctokit } from "probot";
import { createGitHub } from "../../../app/github/clients.ts";
import { guardRequests } from "../../../app/github/guard.ts";
import { fetchFromHost, requestKnown } from "../../../collect/github/request.ts";
import { readPullState } from "../../../collect/pull/state.ts";
import { SallyportError } from "../../../core/errors.ts";
import { type Acme, startAcme } from "../../hosts/store-and-github.ts";

let acme: Acme;
beforeAll(async () => {
  acme = await startAcme();
});
afterAll(() => acme.close());

const minted = () =>
  acme.watch.exchanges.filter(({ path }) => path.endsWith("/access_tokens")).map(({ requestBody }) => requestBody);

test("the App knows itself by its numeric ids", async () => {
  expect(await acme.clients.identify()).toEqual({
    appId: 4001,
    slug: "sallyport",
    page: `${acme.sandbox.url}/apps/sallyport`,
    bot: { id: expect.any(Number), login: "sallyport[bot]", type: "Bot" },
  });
});

describe("tokens", () => {
  test("T132 T219 each is for one repository and names its permissions", async () => {
    await acme.clients.forRepository(acme.repository, "read").then(({ request }) => request("GET /repos/acme/web"));
    expect(minted().length).toBeGreaterThanOrEqual(2);
    for (const body of minted()) {
      expect(body).toMatchObject({ repository_ids: [acme.repository], permissions: expect.any(Object) });
    }
    const asked = minted().map((body) => JSON.stringify((body as { permissions: object }).permissions));
    for (const one of asked) expect(one).not.toMatch(/admin|workflows|secrets|members":"write/);
  });

  test("one that still holds is used again", async () => {
    const before = minted().length;
    for (let times = 0; times < 3; times++) {
      const { request } = await acme.clients.forRepository(acme.repository, "read");
      await request("GET /repos/acme/web");
    }
    expect(minted()).toHaveLength(before);
  });

  test("T278 T279 one that is refused is replaced at the next try", async () => {
    const { request } = await acme.clients.forRepository(acme.repository, "write");
    await request("GET /repos/acme/web");
    const before = minted().length;
    acme.sandbox.fault({ kind: "status", path: "^/repos/acme/web$", status: 401 });
    await expect(request("GET /repos/acme/web")).rejects.toMatchObject({ status: 401 });
    await request("GET /repos/acme/web");
    expect(minted()).toHaveLength(before + 1);
  });

  test("T223 a repository without our installation has no client", async () => {
    const { id } = await acme.as("lena", "GET", "/repos/acme/elsewhere");
    await expect(acme.clients.forRepository(id, "read")).rejects.toMatchObject({
      code: "not-found",
      retry: false,
    });
  });

  test("the one token that lists repositories can do nothing else", async () => {
    const before = minted().length;
    const { id: vault } = await acme.as("lena", "GET", "/repos/acme/vault");
    expect((await acme.clients.repositories()).sort()).toEqual([acme.repository, vault].sort());
    expect(minted().slice(before)).toEqual([{ permissions: { metadata: "read" } }]);
  });
});

describe("T116 forbidden calls throw before anything is sent", () => {
  test.each([
    ["write", "POST /repos/{owner}/{repo}/pulls/{number}/reviews", { number: 1, event: "APPROVE" }],
    ["write", "PUT /repos/{owner}/{repo}/pulls/{number}/merge", { number: 1 }],
    ["write", "POST /repos/{owner}/{repo}/merges", { base: "main", head: "x" }],
    ["write", "POST /graphql", { query: "mutation { enablePullRequestAutoMerge }" }],
    ["write", "PUT /repos/{owner}/{repo}/branches/{branch}/protection", { branch: "main" }],
    ["write", "DELETE /repos/{owner}/{repo}/git/refs/{ref}", { ref: "heads/main" }],
    [
      "write",
      "PATCH /repos/{owner}/{repo}/git/refs/{ref}",
      { ref: "heads/sallyport/evidence", sha: "a".repeat(40), force: true },
    ],
    ["write", "POST /repos/acme/vault/issues", { title: "t" }],
    ["read", "POST /repos/{owner}/{repo}/issues", { title: "t" }],
  ] as const)("%s: %s", async (use, route, parameters) => {
    const { request, owner, repo } = await acme.clients.forRepository(acme.repository, use);
    acme.written();
    await expect(request(route, { owner, repo, ...parameters })).rejects.toThrow(SallyportError);
    await expect(request(route, { owner, repo, ...parameters })).rejects.toMatchObject({
      code: "forbidden-call",
      retry: false,
    });
    expect(acme.written()).toEqual([]);
  });
});

test("T116 the clients that ask as the App itself only read, or only ask for redeliveries", async () => {
  const { asApp, redeliverer } = acme.clients;
  expect((await asApp("GET /app/hook/config")).data).toMatchObject({ content_type: "json" });
  acme.written();
  const changes = ["PATCH /app/hook/config", "PUT /app/installations/1/suspended", "DELETE /app/installations/1"];
  for (const route of [...changes, "POST /app/hook/deliveries/1/attempts"])
    await expect(asApp(route)).rejects.toMatchObject({ code: "forbidden-call" });
  for (const route of [...changes, "GET /app", "POST /app/installations/1/access_tokens"])
    await expect(redeliverer(route)).rejects.toMatchObject({ code: "forbidden-call" });
  expect(acme.written()).toEqual([]);
});

describe("a broken GitHub", () => {
  test("T257 a write whose answer was lost is not sent a second time by the client itself", async () => {
    const { sandbox, privateKey, repository } = acme;
    const clients = createGitHub({ apiUrl: sandbox.url, appId: 4001, privateKey, throttle: true });
    const { request, owner, repo } = await clients.forRepository(repository, "write");
    acme.written();
    sandbox.fault({ kind: "status", method: "POST", path: "/labels$", status: 502, after: true });
    const call = request("POST /repos/{owner}/{repo}/labels", { owner, repo, name: "once", color: "ededed" });
    await expect(call).rejects.toMatchObject({ status: 502 });
    expect(acme.written()).toEqual(["POST /labels"]);
  });

  test("T269 a limit is told at once and not waited out", async () => {
    const { request } = await acme.clients.forRepository(acme.repository, "read");
    acme.sandbox.fault({ kind: "secondary_limit", path: "^/repos/acme/web$", retry_after: 2_400 });
    await expect(request("GET /repos/acme/web")).rejects.toMatchObject({ status: 403 });
  });

  test("T272 an answer that is cut is an error and no answer", async () => {
    const { request, owner, repo } = await acme.clients.forRepository(acme.repository, "write");
    acme.sandbox.fault({ kind: "cut_body", path: "/git/blobs$" });
    const call = request("POST /repos/{owner}/{repo}/git/blobs", {
      owner,
      repo,
      content: "x",
      encoding: "utf-8",
    });
    await expect(call).rejects.toThrow();
  });
});

describe("H13 T211: an answer from another host is none", () => {
  let elsewhere: { url: string; asked: string[]; close(): void };
  let github: typeof elsewhere;
  beforeAll(async () => {
    elsewhere = await answering(() => ({ status: 200 }));
    github = await answering((path) => {
      if (path === "/repos/o/moved") return { status: 301, location: "/repos/o/r" };
      return path === "/repos/o/r" ? { status: 200 } : { status: 302, location: `${elsewhere.url}/repos/o/r` };
    });
  });
  afterAll(() => {
    elsewhere.close();
    github.close();
  });

  test("a token's client follows a redirect within the host alone", async () => {
    const { request } = new Octokit({ baseUrl: github.url, request: { fetch: fetchFromHost } });
    const read = async (repo: string) => requestKnown(repo, request("GET /repos/{owner}/{repo}", { owner: "o", repo }));
    expect(await read("moved")).toMatchObject({ known: true });
    expect(await read("away")).toMatchObject({ known: false, why: expect.stringContaining("not followed") });
    expect(elsewhere.asked).toEqual([]);
  });

  test("the App's own client follows none", async () => {
    const client = new ProbotOctokit({ baseUrl: github.url, throttle: { enabled: false }, retry: { enabled: false } });
    guardRequests(client, {
      use: "read",
      repository: { id: 42, owner: "o", repo: "away" },
      baseUrl: github.url,
      token: { get: async () => "t", forget: () => undefined },
      onLimit: () => undefined,
      onScarce: () => undefined,
      forget: () => undefined,
    });
    const call = client.request("GET /repos/{owner}/{repo}", { owner: "o", repo: "away" });
    await expect(call).rejects.toMatchObject({ code: "github", retry: true });
    expect(elsewhere.asked).toEqual([]);
  });
});

/** A host that answers as it is told, and what it was asked. */
async function answering(answer: (path: string) => { status: number; location?: string }) {
  const asked: string[] = [];
  const server = createServer(({ url = "" }, response) => {
    asked.push(url);
    const { status, location } = answer(url);
    response.writeHead(status, { "content-type": "application/json", ...(location && { location }) });
    response.end(JSON.stringify({ id: 42 }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, asked, close: () => server.close() };
}

describe("T089 a repository is its numeric id", () => {
  const named = (name: string) => {
    const found = acme.sandbox.state.repositories.find((one) => one.name === name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found;
  };
  const askRest = async () => {
    const { request, owner, repo } = await acme.clients.forRepository(acme.repository, "read");
    return (await request("GET /repos/{owner}/{repo}", { owner, repo })).data.id;
  };
  const askState = async (number: number) => {
    const read = await readPullState(await acme.clients.forRepository(acme.repository, "read"), number);
    return read.known ? read.value.repository.id : read.why;
  };

  test.each<[string, (pull: number) => Promise<unknown>]>([
    ["REST", () => askRest().catch((error: Error) => error.message)],
    ["the query for a pull request", askState],
  ])("its old name in another one's hands gives no facts, and it is found again: %s", async (by, ask) => {
    const branch = by.replaceAll(" ", "-");
    const tip = await acme.as("lena", "GET", "git/ref/heads/main");
    await acme.as("lena", "POST", "git/refs", { ref: `refs/heads/${branch}`, sha: tip.object.sha });
    await acme.as("lena", "PUT", `contents/${branch}.txt`, { message: "m", content: "eA==", branch });
    const pull = await acme.as("lena", "POST", "pulls", { title: "t", head: branch, base: "main" });
    const ours = named("web");
    const other = named("elsewhere");
    expect(await ask(pull.number)).toBe(acme.repository);
    await acme.clients.forRepository(acme.repository, "write");
    ours.name = "renamed";
    other.name = "web";
    try {
      expect(await ask(pull.number)).toEqual(expect.stringContaining(`not repository ${acme.repository} now`));
      expect(await ask(pull.number)).toBe(acme.repository);
      expect((await acme.clients.forRepository(acme.repository, "read")).repo).toBe("renamed");
      expect((await acme.clients.forRepository(acme.repository, "write")).repo).toBe("renamed");
    } finally {
      other.name = "elsewhere";
      ours.name = "web";
    }
    await expect(askRest()).rejects.toMatchObject({ status: 404 });
    expect(await ask(pull.number)).toBe(acme.repository);
  });
});
