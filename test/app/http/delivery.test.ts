import { createHmac } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { EmitterWebhookEvent } from "@octokit/webhooks";
import { closeServer, startServer } from "../../../app/http/server.ts";
import { deliveries } from "../../../app/settings/metrics.ts";
import { waitUntil } from "../../hosts/until.ts";

const webhookSecret = "a secret of these tests";
const taken: EmitterWebhookEvent[] = [];
const logged: string[] = [];
const receiver = {
  receive: async (event: EmitterWebhookEvent) => void taken.push(event),
  ready: async () => undefined,
  metrics: async () => "",
};
let server: Awaited<ReturnType<typeof startServer>>;
let port = 0;
beforeAll(async () => {
  const config = { webhookSecret, host: "127.0.0.1", port: 0, metricsToken: null };
  server = await startServer(config, receiver, (line) => logged.push(line));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => closeServer(server));

type Sent = { method?: string; path?: string; headers?: Record<string, string | null>; body?: string; signed?: string };

/** Sends a delivery that is right but for what is given; a header that is null is left out. */
async function send({ method = "POST", path = "", headers = {}, body = '{"zen":"é"}', signed = body }: Sent) {
  const all = {
    "content-type": "application/json",
    "x-github-event": "ping",
    "x-github-delivery": "1",
    "x-hub-signature-256": `sha256=${createHmac("sha256", webhookSecret).update(signed).digest("hex")}`,
    ...headers,
  };
  const answer = await fetch(`http://127.0.0.1:${port}/api/github/webhooks${path}`, {
    method,
    headers: Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [[name, value] as const])) as [
      string,
      string,
    ][],
    ...(method === "POST" ? { body } : {}),
  });
  return `${answer.status} ${(await answer.text()).trim()}`;
}

const refused = async () =>
  (await deliveries.get()).values.find(({ labels }) => labels.outcome === "refused")?.value ?? 0;

test.each(["", "/", "?from=github"])("a delivery to the address with %j after it is taken", async (path) => {
  taken.length = 0;
  expect(await send({ path })).toBe("200 ok");
  expect(taken).toEqual([{ id: "1", name: "ping", payload: { zen: "é" } }]);
});

test("a content type is one in whatever case it is written", async () => {
  expect(await send({ headers: { "content-type": "Application/JSON; Charset=UTF-8" } })).toBe("200 ok");
});

test.each<[string, Sent, string]>([
  ["that is no POST", { method: "PUT" }, "405 Webhooks come by POST."],
  [
    "of a form's type",
    { headers: { "content-type": "application/x-www-form-urlencoded" } },
    "415 Let the webhook's content type be application/json.",
  ],
  [
    "without its event and signature",
    { headers: { "x-github-event": null, "x-hub-signature-256": null } },
    "400 A delivery has these headers too: x-github-event, x-hub-signature-256.",
  ],
  [
    "signed for another body",
    { signed: "{}" },
    "400 The signature does not fit the body: let the App's webhook secret be WEBHOOK_SECRET.",
  ],
  [
    "with a signature of another form",
    { headers: { "x-hub-signature-256": "sha1=0" } },
    "400 The signature does not fit the body: let the App's webhook secret be WEBHOOK_SECRET.",
  ],
  [
    "with an empty signature",
    { headers: { "x-hub-signature-256": "" } },
    "400 A delivery has these headers too: x-hub-signature-256.",
  ],
  [
    "without a body",
    { body: "" },
    "400 The signature does not fit the body: let the App's webhook secret be WEBHOOK_SECRET.",
  ],
  ["whose body is no JSON", { body: "zen" }, "400 The body is no JSON object."],
  ["whose body is a list", { body: "[]" }, "400 The body is no JSON object."],
  ["whose body is null", { body: "null" }, "400 The body is no JSON object."],
])("a delivery %s is refused with what to do, counted, and not logged", async (_, sent, answer) => {
  taken.length = 0;
  const before = await refused();
  expect(await send(sent)).toBe(answer);
  expect({ taken, logged, refused: (await refused()) - before }).toEqual({ taken: [], logged: [], refused: 1 });
});

test.each([
  ["too long", "content-length: 99999999", "413"],
  ["of a length that nobody knows", "transfer-encoding: chunked", "411"],
])("a body that is %s is refused before it comes, and counted", async (_, header, status) => {
  const before = await refused();
  const socket = connect(port, "127.0.0.1");
  socket.write(["POST /api/github/webhooks HTTP/1.1", "host: x", header, "", ""].join("\r\n"));
  const [data] = await once(socket, "data");
  socket.destroy();
  expect(String(data)).toMatch(`HTTP/1.1 ${status}`);
  expect((await refused()) - before).toBe(1);
});

test("an address of thousands of slashes holds up nobody", async () => {
  const milliseconds = async (path: string) => {
    const begun = performance.now();
    for (let time = 0; time < 5; time++) expect(await send({ path })).toMatch(/^404 /);
    return performance.now() - begun;
  };
  await milliseconds("/x");
  const plain = await milliseconds(`/${"x".repeat(15_000)}`);
  expect(await milliseconds(`${"/".repeat(15_000)}x`)).toBeLessThan(5 * plain + 100);
});

test("a body that is cut off is counted, and not logged", async () => {
  const before = await refused();
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  const arrived = once(server, "request");
  const headers = ["content-type: application/json", "x-github-event: ping", "x-github-delivery: 1"];
  const signature = `x-hub-signature-256: sha256=${"0".repeat(64)}`;
  socket.write(
    ["POST /api/github/webhooks HTTP/1.1", "host: x", ...headers, signature, "content-length: 9", "", "{"].join("\r\n"),
  );
  await arrived;
  socket.destroy();
  await waitUntil("the refusal", async () => (await refused()) > before);
  expect(logged).toEqual([]);
});
