import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { describe, expect, test } from "@jest/globals";
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

test("T242: the service ends although a sender keeps its connection and another one says nothing; what was asked is answered", async () => {
  const asked = Promise.withResolvers<void>();
  const stored = Promise.withResolvers<void>();
  const server = await startServer(
    config,
    {
      async receive() {
        asked.resolve();
        await stored.promise;
      },
      ready: async () => undefined,
      metrics: async () => "",
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

test("S6: a second service on a taken port ends with a line that says what to do", async () => {
  const nothing = { receive: async () => undefined, ready: async () => undefined, metrics: async () => "" };
  const server = await startServer(config, nothing, () => undefined);
  const { port } = server.address() as AddressInfo;
  await expect(startServer({ ...config, port }, nothing, () => undefined)).rejects.toMatchObject({
    code: "bad-input",
    message: `another program listens on port ${port} of 127.0.0.1: end it, or set PORT to another port`,
  });
  await closeServer(server);
});

test("an address that is not this machine's is told in words of ours", async () => {
  const nothing = { receive: async () => undefined, ready: async () => undefined, metrics: async () => "" };
  await expect(
    startServer({ ...config, host: "192.0.2.1", port: 3000 }, nothing, () => undefined),
  ).rejects.toMatchObject({
    code: "bad-input",
    message: expect.stringMatching(/^the service cannot listen on 192.0.2.1, port 3000 \(EADDRNOTAVAIL\): set HOST/),
  });
});

test("a check by HEAD says what one by GET says, also where there are pages", async () => {
  let isReady = true;
  const ready = async () => {
    if (!isReady) throw new Error("the store is away");
  };
  const receiver = { receive: async () => undefined, ready, metrics: async () => "" };
  const server = await startServer(
    config,
    receiver,
    () => undefined,
    async (_request, response) => response.writeHead(302, { location: "/sign-in" }).end(),
  );
  const { port } = server.address() as AddressInfo;
  const status = async (path: string) =>
    (await fetch(`http://127.0.0.1:${port}${path}`, { method: "HEAD", redirect: "manual" })).status;
  expect([await status("/healthz"), await status("/readyz"), await status("/")]).toEqual([200, 200, 302]);
  isReady = false;
  expect([await status("/healthz"), await status("/readyz")]).toEqual([200, 503]);
  await closeServer(server);
});

test("the metrics are there for whoever knows their token, and for nobody where there is none", async () => {
  const receiver = { receive: async () => undefined, ready: async () => undefined, metrics: async () => "a_total 1" };
  const metricsToken = "a token of this test alone";
  const answers: string[] = [];
  for (const token of [metricsToken, null]) {
    const server = await startServer({ ...config, metricsToken: token }, receiver, () => undefined);
    const { port } = server.address() as AddressInfo;
    for (const authorization of [`Bearer ${metricsToken}`, "Bearer another", ""]) {
      const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { authorization } });
      answers.push(`${answer.status} ${(await answer.text()).trim()}`);
    }
    await closeServer(server);
  }
  const refused = "401 Send METRICS_TOKEN as a bearer token.";
  const nothing = "404 There is nothing here; webhooks go to /api/github/webhooks.";
  expect(answers).toEqual(["200 a_total 1", refused, refused, nothing, nothing, nothing]);
});

test("S8: while the store hangs a delivery fails before GitHub gives it up, and only the readiness check says so", async () => {
  const never = () => new Promise<void>(() => undefined);
  const server = await startServer(config, { receive: never, ready: never, metrics: async () => "" }, () => undefined);
  const { port } = server.address() as AddressInfo;
  const begun = Date.now();
  const status = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
  const [delivered, ready, healthy] = await Promise.all([deliver(port), status("/readyz"), status("/healthz")]);
  expect([delivered.status, ready, healthy]).toEqual([500, 503, 200]);
  expect(Date.now() - begun).toBeLessThan(9_500);
  await closeServer(server);
}, 20_000);

describe("H11: strangers who send to the webhook's address", () => {
  const length = 25 * 1024 * 1024;
  const headOf = (headers: Record<string, string | number>) =>
    `POST /api/github/webhooks HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nx-github-event: issues\r\n${Object.entries(
      headers,
    )
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join("")}\r\n`;

  /** A signed delivery of which half has come, then what strangers do, then its other half. */
  async function deliverDuring(act: (connectStranger: () => Promise<Socket>) => Promise<void>) {
    const stored: string[] = [];
    const server = await startServer(
      config,
      { receive: async ({ id }) => void stored.push(id), ready: async () => undefined, metrics: async () => "" },
      () => undefined,
    );
    const { port } = server.address() as AddressInfo;
    const open = async (head: string) => {
      const arrived = once(server, "request");
      const socket = connect(port, "127.0.0.1").on("error", () => undefined);
      socket.write(head);
      await arrived;
      return socket;
    };
    const body = JSON.stringify({ action: "opened" });
    const signature = await new Webhooks({ secret: config.webhookSecret }).sign(body);
    const delivery = await open(
      headOf({ "x-github-delivery": 1, "x-hub-signature-256": signature, "content-length": body.length }),
    );
    delivery.write(body.slice(0, 5));
    const strangers: Socket[] = [];
    await act(async () => {
      const unsigned = { "x-github-delivery": 0, "x-hub-signature-256": `sha256=${"0".repeat(64)}` };
      const stranger = await open(headOf({ ...unsigned, "content-length": length }));
      strangers.push(stranger);
      return stranger;
    });
    const answered = once(delivery, "data").then(([data]) => String(data).split("\r\n")[0]);
    delivery.write(body.slice(5));
    const status = await Promise.race([answered, once(delivery, "close").then(() => "cut off")]);
    const closed = strangers.filter(({ closed }) => closed).length;
    for (const socket of [delivery, ...strangers]) socket.destroy();
    await closeServer(server);
    return { status, stored, closed };
  }

  test("five that announce 25 MB each cut nothing off and are not cut off themselves", async () => {
    const seen = await deliverDuring(async (stranger) => {
      for (let count = 0; count < 5; count++) (await stranger()).write("{");
    });
    expect(seen).toEqual({ status: "HTTP/1.1 200 OK", stored: ["1"], closed: 0 });
  }, 20_000);

  test("five that send 24 MB each are cut off before a delivery that has sent less", async () => {
    const seen = await deliverDuring(async (stranger) => {
      const senders = [];
      for (let count = 0; count < 5; count++) senders.push(await stranger());
      const most = Buffer.alloc(length - 1024 * 1024, " ");
      await Promise.race(
        senders.map((sender) => {
          sender.write(most);
          return new Promise((resolve) => sender.once("close", resolve));
        }),
      );
    });
    expect(seen).toEqual({ status: "HTTP/1.1 200 OK", stored: ["1"], closed: expect.any(Number) });
    expect(seen.closed).toBeGreaterThan(0);
  }, 20_000);
});
