import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { expect, test } from "@jest/globals";
import { Webhooks } from "@octokit/webhooks";
import { closeServer, startServer } from "../../../app/http/server.ts";
import { configOf } from "../../hosts/installed-app.ts";

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const config = configOf({
  privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  apiUrl: "http://127.0.0.1:9",
  port: 0,
});

/** A signed delivery, as GitHub sends one. */
async function deliver(port: number): Promise<Response> {
  const body = JSON.stringify({ action: "opened" });
  return fetch(`http://127.0.0.1:${port}/api/github/webhooks`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-github-event": "issues",
      "x-github-delivery": "1",
      "x-hub-signature-256": await new Webhooks({ secret: config.webhookSecret }).sign(body),
    },
    body,
  });
}

test("the service ends although a sender keeps its connection and another one says nothing; what was asked is answered", async () => {
  const asked = Promise.withResolvers<void>();
  const stored = Promise.withResolvers<void>();
  const server = await startServer(
    config,
    async () => {
      asked.resolve();
      await stored.promise;
    },
    () => undefined,
  );
  const { port } = server.address() as AddressInfo;
  const silent = connect(port, "127.0.0.1");
  await once(silent, "connect");
  const answer = deliver(port);
  await asked.promise;
  const ended = closeServer(server);
  stored.resolve();
  expect((await answer).status).toBe(200);
  await ended;
  expect(server.listening).toBe(false);
  silent.destroy();
}, 20_000);

test("bodies that strangers announce and never send take no more than their room, and keep no delivery out", async () => {
  const stored: string[] = [];
  const server = await startServer(
    config,
    async ({ id }) => void stored.push(id),
    () => undefined,
  );
  const { port } = server.address() as AddressInfo;
  const length = 25 * 1024 * 1024;
  const head = `POST /api/github/webhooks HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nx-github-event: issues\r\nx-github-delivery: 0\r\nx-hub-signature-256: sha256=${"0".repeat(64)}\r\ncontent-length: ${length}\r\n\r\n{`;
  const strangers = [];
  for (let count = 0; count < 4; count++) {
    const arrived = once(server, "request");
    const stranger = connect(port, "127.0.0.1").on("error", () => undefined);
    stranger.write(head);
    await arrived;
    strangers.push(stranger);
  }
  const [oldest, ...others] = strangers;
  if (oldest === undefined) throw new Error("nobody connected");
  const cut = once(oldest, "close");
  const answer = await deliver(port);
  expect(answer.status).toBe(200);
  expect(stored).toEqual(["1"]);
  await cut;
  expect(others.map(({ destroyed }) => destroyed)).toEqual([false, false, false]);
  for (const stranger of others) stranger.destroy();
  await closeServer(server);
}, 20_000);
