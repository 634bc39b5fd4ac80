import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, expect, jest, test } from "@jest/globals";
import { createGitHub } from "../../../app/github/clients.ts";
import { keepListed, listInstallations } from "../../../app/github/installations.ts";
import { keepToken } from "../../../app/github/token.ts";
import { registry } from "../../../app/settings/metrics.ts";
import type { Json } from "../../hosts/store-and-github.ts";

/** The installations by their ids; each has one repository, with an id ten times as large unless it is given here. */
const installed = [1, 2, 3, 4, 5];
const repositoryOf = new Map<number, number>();
const asked: string[] = [];
/** The permissions that were asked for tokens, but those that find repositories. */
const permissions: Json[] = [];
/** What each installation's owner accepted. */
let accepted = {};
/** An installation whose list GitHub refuses, such as one whose organization allows only some addresses. */
let unlisted: number | null = null;
/** An installation whose list has a second page. */
let paged: number | null = null;
/** What refuses the next tokens, whatever they are for. */
let limit: { status: number; headers: Record<string, string> } | null = null;

const idOf = (installation: number) => repositoryOf.get(installation) ?? installation * 10;
const repository = (id: number) => ({ id: idOf(id), name: `r${id}`, owner: { login: `org${id}` } });

const server = createServer(async (request, response) => {
  const { method = "", url = "", headers } = request;
  const { repository_ids: wanted = [], ...more } = method === "POST" ? ((await json(request)) as Json) : {};
  const send = (status: number, body: object) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  if (url.startsWith("/app/installations?")) {
    asked.push("installations");
    return send(
      200,
      installed.map((id) => ({ id, suspended_at: null, permissions: accepted })),
    );
  }
  const [, id] = /^\/app\/installations\/(\d+)\/access_tokens$/.exec(url) ?? [];
  if (id !== undefined) {
    if (limit !== null)
      return response.writeHead(limit.status, { "content-type": "application/json", ...limit.headers }).end("{}");
    if (!installed.includes(Number(id))) return send(404, { message: "Not Found" });
    const isThere = wanted.every((one: number) => one === idOf(Number(id)));
    if (wanted.length > 0 && more.permissions.issues !== undefined) permissions.push(more.permissions);
    asked.push(`token of ${id}${isThere ? "" : ", refused"}`);
    // It is over at once, so that each use asks for another.
    const expires_at = new Date(Date.now() + 60_000).toISOString();
    return isThere ? send(201, { token: `t${id}`, expires_at, permissions: {} }) : send(422, { message: "Not there" });
  }
  const [, named] = /^\/repos\/org(\d+)\//.exec(url) ?? [];
  if (named !== undefined) return send(200, repository(Number(named)));
  const [, own] = /t(\d+)$/.exec(headers.authorization ?? "") ?? [];
  asked.push(`repositories of ${own}`);
  if (Number(own) === unlisted) return send(403, { message: "an IP allow list is enabled" });
  if (url.endsWith("&page=2"))
    return send(200, { total_count: 2, repositories: [{ ...repository(Number(own)), id: 7 }] });
  if (Number(own) === paged) response.setHeader("link", `<http://${headers.host}${url}&page=2>; rel="next"`);
  return send(200, { total_count: 1, repositories: [repository(Number(own))] });
});

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const connect = () => {
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return createGitHub({ apiUrl, appId: 1, privateKey: pem, throttle: false });
};

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(() => {
  jest.restoreAllMocks();
  asked.length = 0;
  permissions.length = 0;
  accepted = {};
  limit = null;
  unlisted = null;
  paged = null;
});
afterAll(() => void server.close());

test("of many installations the one that was listed with a repository is asked for it, once for all uses", async () => {
  const clients = connect();
  await clients.repositories();
  asked.length = 0;
  for (const id of [40, 50])
    for (const use of ["read", "write"] as const)
      expect(await clients.forRepository(id, use)).toMatchObject({ owner: `org${id / 10}`, repo: `r${id / 10}` });
  expect(asked).toEqual([
    ...["installations", "token of 4", "repositories of 4"],
    ...["token of 5", "repositories of 5"],
  ]);
});

test("a repository that no list named yet is found by asking each, and one that came after the list as well", async () => {
  const clients = connect();
  await clients.forRepository(20, "read");
  expect(asked).toEqual(["installations", "token of 1, refused", "token of 2", "repositories of 2"]);
  installed.push(6);
  asked.length = 0;
  expect(await clients.forRepository(60, "read")).toMatchObject({ owner: "org6" });
  expect(asked.slice(-3)).toEqual(["installations", "token of 6", "repositories of 6"]);
});

test("one that is nowhere is refused, and each installation is asked for it once", async () => {
  await expect(connect().forRepository(999, "read")).rejects.toMatchObject({ code: "not-found" });
  expect(asked.filter((one) => one.endsWith("refused"))).toHaveLength(installed.length);
});

/** What a client reads of its repository by the name that it has. */
const readWith = async (clients: ReturnType<typeof connect>, id: number, use: "read" | "write") => {
  const { request, owner, repo } = await clients.forRepository(id, use);
  return (await request("GET /repos/{owner}/{repo}", { owner, repo })).data;
};

test.each([
  ["installed anew", () => installed.splice(installed.indexOf(3), 1, 8), 3, 8],
  ["moved to another account", () => installed.push(9), 5, 9],
])("a repository that was %s is refused once, to be tried again, and then found there", async (_, move, from, to) => {
  const id = from * 10;
  const clients = connect();
  for (const use of ["read", "write"] as const) expect(await readWith(clients, id, use)).toMatchObject({ id });
  move();
  repositoryOf.set(from, 999).set(to, id);
  // An issue that answers 404 counts as deleted: a token that is refused must not look like that.
  await expect(readWith(clients, id, "write")).rejects.toMatchObject({ code: "github", retry: true });
  for (const use of ["read", "write"] as const)
    expect(await readWith(clients, id, use)).toMatchObject({ id, owner: { login: `org${to}` } });
});

test("a token that is over is replaced once, however many ask for it at a time", async () => {
  let minted = 0;
  const now = Date.now();
  const { get, forget } = keepToken(async () => ({
    token: `t${++minted}`,
    expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
  }));
  const many = () => Promise.all([get(), get(), get()]);
  expect(await many()).toEqual(["t1", "t1", "t1"]);
  jest.spyOn(Date, "now").mockReturnValue(now + 3_500_000);
  expect(await many()).toEqual(["t2", "t2", "t2"]);
  forget();
  expect(await many()).toEqual(["t3", "t3", "t3"]);
});

test("what an installation's owner accepts is asked for with the next token", async () => {
  const clients = connect();
  const now = Date.now();
  await readWith(clients, 20, "read");
  accepted = { actions: "write", members: "read" };
  jest.spyOn(Date, "now").mockReturnValue(now + 61_000);
  jest.spyOn(performance, "now").mockReturnValue(performance.now() + 61_000);
  await readWith(clients, 20, "read");
  expect(permissions.map(({ actions, members }) => [actions, members])).toEqual([
    [undefined, undefined],
    ["read", "read"],
  ]);
});

test("a limit that is met where a repository is looked for is not taken for the App's absence", async () => {
  limit = { status: 403, headers: { "retry-after": "30" } };
  await expect(connect().forRepository(20, "read")).rejects.toMatchObject({ status: 403 });
});

test("an installation whose repositories GitHub does not list hides no other's from a caller who takes what there is", async () => {
  const clients = connect();
  const all = await clients.repositories();
  unlisted = installed[1] ?? 0;
  await expect(clients.repositories()).rejects.toMatchObject({ status: 403 });
  const failed: number[] = [];
  const rest = await clients.repositories((installation) => void failed.push(installation));
  expect(failed).toEqual([unlisted]);
  expect(rest).toEqual(all.filter((id) => id !== idOf(unlisted ?? 0)));
});

test("the pages of a list are counted under one route", async () => {
  paged = 4;
  expect(await connect().repositories()).toContain(7);
  const routes = (await registry.metrics()).match(/(?<=route=")[^"]*/g);
  expect(routes?.filter((route) => route.includes("/installation/repositories"))).toContain(
    "/installation/repositories",
  );
  expect(routes?.filter((route) => /[?]|http/.test(route))).toEqual([]);
});

test("a list is good for a minute, however often it is used and the clock is set, and one that failed for nobody", async () => {
  const begun = performance.now();
  let lists = 0;
  const paginate = async () => {
    if (++lists === 1) throw new Error("no answer");
    return [{ id: lists, suspended_at: null, permissions: {} }];
  };
  const listed = keepListed(() => listInstallations({ asApp: { paginate } as never }));
  await expect(listed(false)).rejects.toThrow("no answer");
  const ids: (number | undefined)[] = [];
  for (const seconds of [0, 40, 80, 100]) {
    jest.spyOn(performance, "now").mockReturnValue(begun + seconds * 1_000);
    jest.spyOn(Date, "now").mockReturnValue(1_000_000 - seconds);
    ids.push((await listed(false))[0]?.id);
  }
  expect(ids).toEqual([2, 2, 3, 3]);
});
