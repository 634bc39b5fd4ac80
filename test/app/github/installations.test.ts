import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { createGitHub } from "../../../app/github/clients.ts";
import type { Json } from "../../hosts/store-and-github.ts";

/** The installations by their ids; each has one repository, with an id ten times as large. */
const installed = [1, 2, 3, 4, 5];
const asked: string[] = [];

const repository = (id: number) => ({ id: id * 10, name: `r${id}`, owner: { login: `org${id}` } });

const server = createServer(async (request, response) => {
  const { method = "", url = "", headers } = request;
  const { repository_ids: wanted = [] } = method === "POST" ? ((await json(request)) as Json) : {};
  const send = (status: number, body: object) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  if (url.startsWith("/app/installations?")) {
    asked.push("installations");
    return send(
      200,
      installed.map((id) => ({ id, suspended_at: null, permissions: {} })),
    );
  }
  const [, id] = /^\/app\/installations\/(\d+)\/access_tokens$/.exec(url) ?? [];
  if (id !== undefined) {
    const isThere = wanted.every((one: number) => one === Number(id) * 10);
    asked.push(`token of ${id}${isThere ? "" : ", refused"}`);
    const expires_at = new Date(Date.now() + 3_600_000).toISOString();
    return isThere ? send(201, { token: `t${id}`, expires_at, permissions: {} }) : send(422, { message: "Not there" });
  }
  const [, own] = /t(\d+)$/.exec(headers.authorization ?? "") ?? [];
  asked.push(`repositories of ${own}`);
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
  asked.length = 0;
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
