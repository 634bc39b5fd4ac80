import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { expect, test } from "@jest/globals";
import { Webhooks } from "@octokit/webhooks";
import { hangUp, listen } from "../../app/listen.ts";
import { configOf } from "./our-app.ts";

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

test("the service ends although a sender keeps its connection and another one says nothing; what was asked is answered", async () => {
  const config = configOf({
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    apiUrl: "http://127.0.0.1:9",
    port: 0,
  });
  const asked = Promise.withResolvers<void>();
  const stored = Promise.withResolvers<void>();
  const server = await listen(
    config,
    (probot) =>
      probot.onAny(async () => {
        asked.resolve();
        await stored.promise;
      }),
    () => undefined,
  );
  const { port } = server.address() as AddressInfo;
  const silent = connect(port, "127.0.0.1");
  await once(silent, "connect");
  const body = JSON.stringify({ action: "opened" });
  const answer = fetch(`http://127.0.0.1:${port}/api/github/webhooks`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-github-event": "issues",
      "x-github-delivery": "1",
      "x-hub-signature-256": await new Webhooks({ secret: config.webhookSecret }).sign(body),
    },
    body,
  });
  await asked.promise;
  const ended = hangUp(server);
  stored.resolve();
  expect((await answer).status).toBe(200);
  await ended;
  expect(server.listening).toBe(false);
  silent.destroy();
}, 20_000);
