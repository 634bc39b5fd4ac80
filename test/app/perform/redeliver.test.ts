import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createGitHub } from "../../../app/github/clients.ts";
import { redeliverFailed } from "../../../app/perform/redeliver.ts";
import { type Sandbox, startSandbox } from "../../../sandbox/server/server.ts";
import { seedOurApp } from "../../hosts/installed-app.ts";
import { asker } from "../../hosts/store-and-github.ts";

let dir: string;
let sandbox: Sandbox;
let receiver: Server;
/** What the receiver answers next, and the titles of the issues that it has heard of. */
let status = 200;
let heard: string[] = [];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "redeliver-"));
  [status, heard] = [200, []];
  receiver = createServer(async (request, response) => {
    const { issue } = JSON.parse(Buffer.concat(await request.toArray()).toString());
    if (status === 0) return response.destroy();
    heard.push(issue?.title);
    return response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  sandbox = await startSandbox({
    seed: {
      users: [{ login: "lena", token: "ghp_lena" }],
      apps: [seedOurApp(join(dir, "app.pem"), { url, secret: "a secret" })],
      repositories: [
        { full_name: "lena/web", files: { "README.md": "# Web" }, collaborators: {}, installed: ["sallyport"] },
      ],
    },
  });
});
afterEach(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await sandbox.close();
  rmSync(dir, { recursive: true, force: true });
});

async function open(title: string, answer: number): Promise<void> {
  status = answer;
  await asker(sandbox.url, "lena/web")("lena", "POST", "issues", { title });
  await sandbox.settled();
  status = 200;
}

async function redeliver(since = new Date(0)) {
  heard = [];
  const privateKey = readFileSync(join(dir, "app.pem"), "utf8");
  const clients = createGitHub({ apiUrl: sandbox.url, appId: 4001, privateKey, throttle: false });
  const { sent, isAll } = await redeliverFailed(clients, since);
  await sandbox.settled();
  return { sent, isAll, heard };
}

test("GitHub sends again what failed, the oldest first, and not what arrived, was refused or was sent again before", async () => {
  await open("arrives", 200);
  await open("broken off", 0);
  await open("refused", 413);
  await open("no store", 503);
  expect(await redeliver()).toEqual({ sent: 2, isAll: true, heard: ["broken off", "no store"] });
  expect(await redeliver()).toEqual({ sent: 0, isAll: true, heard: [] });

  await open("fails twice", 500);
  status = 500;
  // GitHub dates in whole seconds.
  await sleep(1_000);
  const between = new Date(Math.floor(Date.now() / 1_000) * 1_000);
  expect(await redeliver()).toMatchObject({ sent: 1, heard: ["fails twice"] });
  expect(await redeliver()).toMatchObject({ sent: 0 });
  expect(await redeliver(between)).toMatchObject({ sent: 0 });
});

test("what failed before the time that was asked for is left alone", async () => {
  await open("long ago", 503);
  expect(await redeliver(new Date(Date.now() + 60_000))).toEqual({ sent: 0, isAll: true, heard: [] });
});

test("after a long time away a hundred are sent by one sweep, and the rest by the next", async () => {
  status = 503;
  const ask = asker(sandbox.url, "lena/web");
  for (let number = 1; number <= 130; number += 1) await ask("lena", "POST", "issues", { title: `Number ${number}` });
  await sandbox.settled();
  status = 200;
  const first = await redeliver();
  expect(first).toMatchObject({ sent: 100, isAll: false });
  expect(first.heard.slice(0, 2)).toEqual(["Number 1", "Number 2"]);
  expect(await redeliver()).toMatchObject({ sent: 30, isAll: true });
});
