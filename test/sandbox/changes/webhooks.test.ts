import { createHmac } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { Webhooks } from "@octokit/webhooks";
import type { FaultOrder } from "../../../sandbox/state/faults.ts";
import { type GitSide, type Json, SECRET, startGitSide } from "../../hosts/sandbox-git.ts";

let side: GitSide;
let branches = 0;

beforeAll(async () => {
  side = await startGitSide();
});
afterAll(() => side.close());
beforeEach(async () => {
  await side.sandbox.settled();
  side.received.length = 0;
});

/** Creates a branch, which sends `create` and then `push`. */
async function branch(): Promise<string> {
  branches += 1;
  const main = await side.call(null, "GET", "git/ref/heads/main");
  const ref = `refs/heads/branch-${branches}`;
  await side.call("writer", "POST", "git/refs", { ref, sha: main.body.object.sha });
  return ref;
}

async function events(): Promise<string[]> {
  await side.sandbox.settled();
  return side.received.map(({ event }) => event);
}

const deliveries = async (): Promise<Json> =>
  (await side.call(side.jwt("sallyport"), "GET", "/app/hook/deliveries?per_page=2")).body;

test("is signed with the App's secret over the very bytes sent", async () => {
  await branch();
  await side.sandbox.settled();
  expect(side.received.length).toBeGreaterThan(0);
  for (const { signature, text } of side.received) {
    expect(signature).toBe(`sha256=${createHmac("sha256", SECRET).update(text).digest("hex")}`);
    expect(await new Webhooks({ secret: SECRET }).verify(text, signature)).toBe(true);
    expect(await new Webhooks({ secret: "another secret" }).verify(text, signature)).toBe(false);
  }
});

test("reaches no App that has not subscribed", async () => {
  await side.call("writer", "POST", "issues", { title: "Unheard" });
  expect(await events()).toEqual([]);
});

describe("deliveries", () => {
  test("are kept, and shown to their own App only", async () => {
    await branch();
    await side.sandbox.settled();
    const [latest] = await deliveries();
    expect(latest).toMatchObject({ event: "push", status: "OK", status_code: 202, redelivery: false });
    const path = `/app/hook/deliveries/${latest.id}`;
    const { body } = await side.call(side.jwt("sallyport"), "GET", path);
    expect(body.request.payload).toEqual(side.received.at(-1)?.payload);
    expect(body.response.payload).toBe("noted");
    expect((await side.call(side.jwt("other"), "GET", path)).status).toBe(404);
    expect((await side.call(side.jwt("other"), "POST", `${path}/attempts`)).status).toBe(404);
  });

  test("sent again have the same GUID and the same body", async () => {
    await branch();
    await side.sandbox.settled();
    const [latest] = await deliveries();
    const attempt = await side.call(side.jwt("sallyport"), "POST", `/app/hook/deliveries/${latest.id}/attempts`);
    expect(attempt.status).toBe(202);
    await side.sandbox.settled();
    const [first, second] = side.received.slice(-2);
    expect(second).toEqual(first);
    const [again] = await deliveries();
    expect(again).toMatchObject({ guid: latest.guid, redelivery: true });
    expect(again.id).not.toBe(latest.id);
  });
});

describe("faults", () => {
  test.each<[FaultOrder, string[]]>([
    [{ kind: "drop_webhook", event: "create" }, ["push"]],
    [{ kind: "double_webhook", event: "push" }, ["create", "push", "push"]],
    [{ kind: "reorder_webhook", event: "create" }, ["push", "create"]],
  ])("%j", async (fault, expected) => {
    side.sandbox.fault(fault);
    await branch();
    expect(await events()).toEqual(expected);
    side.received.length = 0;
    await branch();
    expect(await events()).toEqual(["create", "push"]);
  });

  test("one that is delayed is waited for and arrives", async () => {
    side.sandbox.fault({ kind: "delay_webhook", event: "create", delay_ms: 30 });
    await branch();
    expect((await events()).sort()).toEqual(["create", "push"]);
  });

  test("one held back with nothing behind it still arrives", async () => {
    side.sandbox.fault({ kind: "reorder_webhook", event: "push" });
    await branch();
    expect(await events()).toEqual(["create", "push"]);
  });
});

test("a receiver that is away is a failed delivery, and the next one is still tried", async () => {
  const app = side.sandbox.state.apps.find(({ slug }) => slug === "sallyport")!;
  const { webhook } = app;
  app.webhook = { url: "http://127.0.0.1:9/", secret: SECRET };
  await branch();
  expect(await events()).toEqual([]);
  expect(await deliveries()).toMatchObject([
    { event: "push", status: "failed to connect to host", status_code: 0 },
    { event: "create", status: "failed to connect to host", status_code: 0 },
  ]);
  app.webhook = webhook;
});
