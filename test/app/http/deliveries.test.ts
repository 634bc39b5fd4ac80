import { createHmac, randomUUID } from "node:crypto";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { sql } from "kysely";
import { closeServer, startServer } from "../../../app/http/server.ts";
import { createReceiver, type WebhookReceiver } from "../../../app/http/webhooks.ts";
import type { Queue } from "../../../app/queue/queue.ts";
import { deliveries } from "../../../app/settings/metrics.ts";
import { type OpenDatabase, openDatabase } from "../../../app/store/database.ts";
import { storeDeliveries } from "../../../app/store/deliveries.ts";
import { subjectKey } from "../../../core/subject.ts";
import { failuresIn } from "../../hosts/log.ts";
import { waitUntil } from "../../hosts/until.ts";

const secret = "a secret of these tests";
const marked: string[] = [];
const lines: string[] = [];
let database: OpenDatabase;
let server: Server;
let url: string;
/** What the queue does when it is told what deliveries name. */
let during: () => Promise<void> = async () => {};
let passOn: () => void;
let receive: WebhookReceiver["receive"];
let ready: () => Promise<void>;
/** Whether the answer to the next statement is lost, which has been done by then. */
let isAnswerLost = false;
const ending = new AbortController();

beforeAll(async () => {
  database = await openDatabase({ folder: null });
  const queue: Pick<Queue, "enqueueNamed" | "enqueueEffects"> = {
    enqueueEffects: async () => undefined,
    async enqueueNamed(_trx, all) {
      await during();
      marked.push(...all.flatMap(({ subjects }) => subjects.map(subjectKey)));
    },
  };
  const { signal } = ending;
  const db = database.db.withPlugin({
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      if (!isAnswerLost) return result;
      isAnswerLost = false;
      throw new Error("the connection ended");
    },
  });
  const webhooks = createReceiver({ db, queue, botId: 9, log: failuresIn(lines), signal });
  receive = webhooks.receive;
  passOn = webhooks.passOn;
  ready = webhooks.ready;
  server = await startServer(
    { webhookSecret: secret, host: "127.0.0.1", port: 0, metricsToken: null },
    { receive, ready: async () => undefined, metrics: async () => "" },
    () => undefined,
  );
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  ending.abort();
  await closeServer(server);
  await database.close();
});
afterEach(async () => {
  await isPassedOn();
  marked.length = 0;
  during = async () => {};
});

/** Resolves when nothing that a stored delivery names is left to be passed on. */
const isPassedOn = () =>
  waitUntil("what the deliveries name", async () => {
    const { rows } = await sql`select from waiting_names`.execute(database.db);
    return rows.length === 0;
  });

/** Lets the store refuse deliveries of one event, as a full disk would all of them. */
const refuse = (event: string) =>
  sql`alter table deliveries add constraint full_disk check (event <> ${sql.lit(event)}) not valid`.execute(
    database.db,
  );
const refuseNone = () => sql`alter table deliveries drop constraint full_disk`.execute(database.db);

const opened = JSON.stringify({ action: "opened", repository: { id: 5 }, issue: { number: 7 }, sender: { id: 1 } });
const signed = (body: string, hash = "sha256") => `${hash}=${createHmac(hash, secret).update(body).digest("hex")}`;

/** Sends a delivery as GitHub does, but for what is given. */
async function send(body: string, headers: Record<string, string> = {}): Promise<{ status: number; text: string }> {
  const all: Record<string, string> = {
    "content-type": "application/json",
    "x-github-event": "issues",
    "x-github-delivery": randomUUID(),
    "x-hub-signature-256": signed(body),
    ...headers,
  };
  const kept = Object.entries(all).filter(([, value]) => value !== "");
  const response = await fetch(`${url}/api/github/webhooks`, { method: "POST", headers: kept, body });
  return { status: response.status, text: await response.text() };
}

test("T226 T227 T241: a delivery is answered once what it names is stored, and nothing else is done before", async () => {
  const free = Promise.withResolvers<void>();
  during = () => free.promise;
  expect((await send(opened)).status).toBe(200);
  expect(marked).toEqual([]);
  free.resolve();
  await isPassedOn();
  expect(marked).toEqual(["issue/5/7"]);
});

test("S9: what could not be passed on is passed on later, also by another process after this one has ended", async () => {
  let tries = 0;
  during = async () => {
    if (++tries === 1) throw new Error("the connection ended");
  };
  expect((await send(opened)).status).toBe(200);
  await isPassedOn();
  expect({ tries, marked }).toEqual({ tries: 2, marked: ["issue/5/7"] });
  const named = JSON.stringify({ subjects: [{ kind: "pull", repository: 5, number: 8 }], searches: [] });
  await storeDeliveries(database.db, [{ guid: randomUUID(), event: "pull_request", named }]);
  passOn();
  await isPassedOn();
  expect(marked).toEqual(["issue/5/7", "pull/5/8"]);
});

test("T207 T228: a delivery that comes again is answered and marks nothing twice", async () => {
  const again = { "x-github-delivery": randomUUID() };
  expect((await send(opened, again)).status).toBe(200);
  expect((await send(opened, again)).status).toBe(200);
  await isPassedOn();
  expect(marked).toEqual(["issue/5/7"]);
});

test("T229: a delivery that could not be stored is no duplicate when it comes again", async () => {
  const again = { "x-github-delivery": randomUUID() };
  await refuse("issues");
  expect((await send(opened, again)).status).toBe(500);
  await refuseNone();
  expect((await send(opened, again)).status).toBe(200);
  await isPassedOn();
  expect(marked).toEqual(["issue/5/7"]);
});

test("what one names that was stored, though nobody was told, is passed on when it comes again", async () => {
  const again = { "x-github-delivery": randomUUID() };
  // Asked once more at once, the store knows the delivery, and it counts.
  isAnswerLost = true;
  expect((await send(opened, again)).status).toBe(200);
  await isPassedOn();
  expect((await send(opened, again)).status).toBe(200);
  await isPassedOn();
  expect(marked).toEqual(["issue/5/7"]);
});

test("what an older process stored beside this one, and left behind, is passed on too, each once", async () => {
  const named = JSON.stringify({ subjects: [{ kind: "pull", repository: 5, number: 9 }], searches: [] });
  await sql`insert into deliveries (guid, event, named) values (${randomUUID()}, 'pull_request', ${named})`.execute(
    database.db,
  );
  expect((await send(opened)).status).toBe(200);
  await isPassedOn();
  expect((await send(opened.replace('"number":7', '"number":8'))).status).toBe(200);
  await isPassedOn();
  expect(marked).toEqual(["pull/5/9", "issue/5/7", "issue/5/8"]);
});

test("a delivery that was not stored is held against the store for half a minute, however the clock is set", async () => {
  await refuse("issues");
  expect((await send(opened)).status).toBe(500);
  await refuseNone();
  await expect(ready()).rejects.toThrow("the last delivery was not stored");
  const later = performance.now() + 31_000;
  const clocks = [
    jest.spyOn(performance, "now").mockReturnValue(later),
    jest.spyOn(Date, "now").mockReturnValue(Date.now() - 86_400_000),
  ];
  try {
    await expect(ready()).resolves.toBeUndefined();
  } finally {
    for (const clock of clocks) clock.mockRestore();
  }
  expect((await send(opened)).status).toBe(200);
});

test("T208: an old body under an id that no store holds says nothing of the store", async () => {
  const id = Array.from({ length: 200 }, () => randomUUID()).join("");
  expect((await send(opened, { "x-github-delivery": id })).status).toBe(500);
  await expect(ready()).resolves.toBeUndefined();
});

test("T208: an old body under ever new names of events is counted under one", async () => {
  for (const name of ["portal", "gate", "x".repeat(9_000)]) await send(opened, { "x-github-event": name });
  const { values } = await deliveries.get();
  expect(values.map(({ labels }) => labels.event).filter((one) => one !== "issues")).toEqual(["other"]);
});

test("T208: an old body under another name and id only says where to look", async () => {
  expect((await send(opened, { "x-github-event": "issue_comment" })).status).toBe(200);
  await isPassedOn();
  expect(marked).toEqual(["issue/5/7"]);
});

test("T208: an old body under the name of an event that holds more fails nothing", async () => {
  const body = JSON.stringify({ action: "completed", repository: { id: 5 }, check_suite: { head_sha: "a" } });
  expect((await send(body, { "x-github-event": "workflow_run" })).status).toBe(200);
});

test("a delivery of which nobody can say what it names is refused, counted, and named in the log", async () => {
  const failed = async () =>
    (await deliveries.get()).values.find(({ labels: { event, outcome } }) => event === "issues" && outcome === "failed")
      ?.value ?? 0;
  const before = await failed();
  const body = JSON.stringify({ action: "opened", repository: { id: 5 }, issue: null });
  expect((await send(body, { "x-github-delivery": "odd-1" })).status).toBe(500);
  expect(lines).toContainEqual(expect.stringContaining("delivery odd-1 (issues)"));
  expect((await failed()) - before).toBe(1);
});

test("T238: an event or an action that nobody has heard of marks what its body names, and fails nothing", async () => {
  const body = JSON.stringify({ action: "teleported", repository: { id: 5 } });
  expect((await send(body, { "x-github-event": "portal" })).status).toBe(200);
  expect(marked).toEqual([]);
});

test("S9: of deliveries that come together one that cannot be stored fails no other", async () => {
  await refuse("star");
  const numbers = [11, 12, 13, 14, 15, 16];
  const bodies = numbers.map((number) => opened.replace('"number":7', `"number":${number}`));
  const answers = await Promise.all([send(opened, { "x-github-event": "star" }), ...bodies.map((body) => send(body))]);
  await refuseNone();
  expect(answers.map(({ status }) => status)).toEqual([500, ...numbers.map(() => 200)]);
  await isPassedOn();
  expect(marked.sort()).toEqual(numbers.map((number) => `issue/5/${number}`));
});

test("T228: one that came twice at one moment is counted once as stored", async () => {
  const counted = async () => {
    const { values } = await deliveries.get();
    const ofIssues = values.filter(({ labels }) => labels.event === "issues");
    return Object.fromEntries(ofIssues.map(({ labels, value }) => [labels.outcome, value]));
  };
  const before = await counted();
  const event = { id: randomUUID(), name: "issues", payload: JSON.parse(opened) } as const;
  await Promise.all([receive(event), receive(event)]);
  const after = await counted();
  expect([after.stored, after.repeated].map(Number)).toEqual([
    Number(before.stored ?? 0) + 1,
    Number(before.repeated ?? 0) + 1,
  ]);
});

test("T209: what an error says is not told to the sender", async () => {
  await refuse("issues");
  const answer = await send(opened);
  await refuseNone();
  expect(answer.status).toBe(500);
  expect(answer.text).not.toContain("full_disk");
});

describe("T206: a delivery is refused", () => {
  test.each<[string, string, Record<string, string>]>([
    [
      "whose JSON was written anew",
      opened,
      { "x-hub-signature-256": signed(JSON.stringify(JSON.parse(opened), null, 1)) },
    ],
    ["that is signed by SHA-1", opened, { "x-hub-signature-256": "", "x-hub-signature": signed(opened, "sha1") }],
    ["with SHA-1 under the new name", opened, { "x-hub-signature-256": signed(opened, "sha1") }],
    ["with a signature cut short", opened, { "x-hub-signature-256": signed(opened).slice(0, -2) }],
    ["without a signature", opened, { "x-hub-signature-256": "" }],
    ["as a form", `payload=${opened}`, { "content-type": "application/x-www-form-urlencoded" }],
  ])("%s", async (_, body, headers) => {
    expect((await send(body, headers)).status).toBeGreaterThanOrEqual(400);
    expect(marked).toEqual([]);
  });
});

test.each(["/", "/probot", "/probot/setup", "/probot/import", "/setup"])(
  "T216: there is no page to set anything up at %s",
  async (path) => {
    for (const method of ["GET", "POST"])
      expect((await fetch(`${url}${path}`, { method, ...(method === "POST" ? { body: "{}" } : {}) })).status).toBe(404);
  },
);
