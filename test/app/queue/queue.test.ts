import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createQueue } from "../../../app/queue/queue.ts";
import { type OpenDatabase, openDatabase } from "../../../app/store/database.ts";
import { subjectKey } from "../../../core/effects.ts";
import { waitUntil } from "../../hosts/until.ts";

let database: OpenDatabase;
beforeAll(async () => {
  database = await openDatabase({ folder: null });
});
afterAll(() => database.close());

test("T222: fifty events about one pull request are a look or two, and hold no other up", async () => {
  const looks: string[] = [];
  const free = Promise.withResolvers<void>();
  const queue = createQueue(database, { limitedUntil: () => null, secrets: async () => [], log: () => undefined });
  await queue.start({
    async reconcile(subject) {
      looks.push(subjectKey(subject));
      if (subject.number === 1) await free.promise;
    },
    perform: async () => null,
    publish: async () => undefined,
    enqueueMatching: async () => undefined,
    sweep: async () => undefined,
  });
  const busy = { kind: "pull", repository: 5, number: 1 } as const;
  await queue.enqueueNow(busy);
  await waitUntil("the first look", async () => looks.length > 0);
  for (let event = 0; event < 50; event++) await queue.enqueueNow(busy);
  await queue.enqueueNow({ ...busy, number: 2 });
  await waitUntil("the other's look", async () => looks.includes("pull/5/2"));
  free.resolve();
  await waitUntil("the last look", async () => looks.filter((key) => key === "pull/5/1").length === 2);
  await queue.stop();
  expect(looks.filter((key) => key === "pull/5/1")).toHaveLength(2);
}, 60_000);
