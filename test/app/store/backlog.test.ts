import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createQueue } from "../../../app/queue/queue.ts";
import { metricsText } from "../../../app/settings/metrics.ts";
import { lastDelivery, readBacklog, readGivenUp, retryGivenUp } from "../../../app/store/backlog.ts";
import { type OpenDatabase, openDatabase } from "../../../app/store/database.ts";
import { storeDeliveries, tryStoring } from "../../../app/store/deliveries.ts";
import { dueOrderingKeys } from "../../../app/store/effects.ts";
import { failuresIn } from "../../hosts/log.ts";

let database: OpenDatabase;
beforeAll(async () => {
  database = await openDatabase({ folder: null });
  const { db } = database;
  const effect = { repository: 7, subject: "issue/7/1", payload: "{}" };
  const failed = (code: string) => ({
    status: "failed" as const,
    result: JSON.stringify({ code, message: `${code}!` }),
  });
  await db
    .insertInto("effects")
    .values([
      { ...effect, key: "a", lane: "github/7", type: "ensure-check", status: "todo" as const, result: null },
      { ...effect, key: "b", lane: "github/7", type: "ensure-sticky", ...failed("github") },
      { ...effect, key: "c", lane: "agent/c", type: "run-agent", ...failed("model") },
      { ...effect, key: "d", lane: "agent/d", type: "run-agent", ...failed("cancelled") },
      { ...effect, key: "e", lane: "github/8", type: "reply", status: "done" as const, result: null },
    ])
    .execute();
  await db.insertInto("chains").values({ repository: 7, seq: 5, hash: "h" }).execute();
  await db.insertInto("exports").values({ repository: 7, commit: "c", tree: "t", seq: 3 }).execute();
});
afterAll(() => database.close());

test("a database that no service has used says so, in our words", async () => {
  await expect(readBacklog(database.db)).rejects.toMatchObject({
    code: "bad-input",
    message: "no service has run on this database yet: start `sallyport serve` first",
  });
});

test("what waits is counted, and work that somebody stopped was not given up", async () => {
  const { db } = database;
  const queue = createQueue(database, { limitedUntil: () => null, secrets: async () => [], log: failuresIn([]) });
  const never = async () => undefined;
  const idle = { reconcile: never, perform: async () => null, publish: never, enqueueMatching: never, sweep: never };
  await queue.start(idle, new Set());
  await queue.enqueueNow({ kind: "pull", repository: 7, number: 1 });
  const backlog = await readBacklog(db);
  await queue.stop();
  expect(backlog.queues).toContainEqual({ queue: "look", waiting: 1, active: 0, oldest: expect.any(Number) });
  expect(backlog).toMatchObject({ outbox: { open: 1, failed: 2 }, unpublished: 2 });
  expect(await metricsText(backlog)).toContain('sallyport_queue_jobs{queue="look",state="waiting"} 1\n');
  expect(await metricsText({ ...backlog, queues: [] })).not.toContain('queue="look",state="waiting"');
});

test("what was given up is listed and begun again, but not a model's work", async () => {
  const { db } = database;
  const listed = async () => (await readGivenUp(db, 10)).map(({ key, code, message }) => [key, code, message]);
  expect(await listed()).toEqual([
    ["c", "model", "model!"],
    ["b", "github", "github!"],
  ]);
  expect(await retryGivenUp(db, ["c", "d", "e"])).toEqual([]);
  expect(await retryGivenUp(db, "all")).toEqual(["b"]);
  expect(await listed()).toEqual([["c", "model", "model!"]]);
  expect(await dueOrderingKeys(db, 7)).toEqual(["github/7"]);
});

test("a check of the readiness is no delivery of GitHub's", async () => {
  const { db } = database;
  await tryStoring(db);
  expect(await lastDelivery(db)).toBeNull();
  await storeDeliveries(db, [{ guid: "one", event: "star", named: null }]);
  const heard = await lastDelivery(db);
  expect(heard).not.toBeNull();
  await tryStoring(db);
  expect(await lastDelivery(db)).toEqual(heard);
});
