import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { drainOutbox } from "../../../app/perform/outbox.ts";
import { type OpenDatabase, openDatabase } from "../../../app/store/database.ts";
import { outcomesOf } from "../../../app/store/effects.ts";

let database: OpenDatabase;
beforeAll(async () => {
  database = await openDatabase({ folder: null });
});
afterAll(() => database.close());

test("an effect with which the service ended again and again is given up, and what comes after it is done", async () => {
  const lane = "github/1";
  const subject = { kind: "issue", repository: 1, number: 2 } as const;
  const effect = (key: string) => ({
    key,
    lane,
    repository: 1,
    subject: "issue/1/2",
    type: "close-issue",
    payload: JSON.stringify({ type: "close-issue", key, issue: 2, comment: "Done." }),
  });
  await database.db
    .insertInto("effects")
    .values([
      { ...effect("deadly"), status: "doing", tries: 8 },
      { ...effect("next"), status: "todo" },
    ])
    .execute();
  const begun: string[] = [];
  const looked: object[] = [];
  const again = await drainOutbox(database.db, lane, {
    perform: async ({ key }) => {
      begun.push(key);
      return { type: "none" };
    },
    queue: {
      enqueue: async (_trx, one) => void looked.push(one),
      enqueueEffects: async () => undefined,
      enqueuePublish: async () => undefined,
    },
    now: () => new Date(),
  });
  expect(again).toBeNull();
  expect(begun).toEqual(["next"]);
  expect(looked).toEqual([subject, subject]);
  const outcomes = await outcomesOf(database.db, subject);
  expect(outcomes.get("deadly")).toMatchObject({ status: "failed", code: "internal" });
  expect(outcomes.get("next")).toEqual({ status: "done", result: { type: "none" } });
});
