import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { PerformContext } from "../../../app/perform/context.ts";
import { postDigest } from "../../../app/perform/dashboard.ts";

let chat: Server;
let status = 200;
const told: unknown[] = [];
beforeAll(async () => {
  chat = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    told.push(JSON.parse(body));
    response.writeHead(status, status === 302 ? { location: "http://127.0.0.1:1/" } : {}).end();
  }).listen(0, "127.0.0.1");
  await once(chat, "listening");
});
afterAll(() => void chat.close());

function post(address?: string | null) {
  const at = chat.address();
  const digestWebhook = address === undefined ? `http://127.0.0.1:${typeof at === "object" ? at?.port : 0}/` : address;
  const context = { digestWebhook, github: { owner: "acme", repo: "web" }, signal: new AbortController().signal };
  return postDigest({ type: "post-digest", key: "k", line: "Merged: #3" }, context as unknown as PerformContext);
}

test("C7: a chat gets the digest in the fields that Slack and Discord read", async () => {
  expect(await post()).toEqual({ type: "none" });
  expect(told).toEqual([{ text: "acme/web\nMerged: #3", content: "acme/web\nMerged: #3" }]);
  expect(await post(null)).toEqual({ type: "none" });
  expect(told).toHaveLength(1);
});

test.each([404, 302, 500])("one that answers %i is tried again, and the address is not told", async (code) => {
  status = code;
  const failure = await post().catch((error: unknown) => error);
  expect(failure).toMatchObject({ retry: true, message: expect.stringContaining("DIGEST_WEBHOOK_URL") });
  expect(String(failure)).not.toContain("127.0.0.1");
});
