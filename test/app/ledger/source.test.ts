import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Octokit } from "@octokit/core";
import { chainSource, isPublished } from "../../../app/ledger/source.ts";
import { type OpenDatabase, openDatabase } from "../../../app/store/database.ts";

const repository = 7;
const ourselves = {
  appId: 1,
  slug: "sallyport",
  page: "https://github.com/apps/sallyport",
  bot: { id: 2, login: "sallyport[bot]", type: "Bot" },
} as const;

const reader = { request: new Octokit().request, owner: "acme", repo: "web" };

let database: OpenDatabase;
beforeAll(async () => {
  database = await openDatabase({ folder: null });
});
afterAll(() => database.close());

const exportedTo = (seq: number) =>
  chainSource(database.db, repository, { reader, secrets: async () => [], ourselves }).published.set({
    commit: "a".repeat(40),
    tree: "b".repeat(40),
    seq,
  });

test("what is recorded is published once it was seen on the branch, and not before", async () => {
  const { db } = database;
  expect(await isPublished(db, repository)).toBe(true);
  await db
    .insertInto("chains")
    .values({ repository, seq: 3, hash: "c".repeat(64) })
    .execute();
  expect(await isPublished(db, repository)).toBe(false);
  await exportedTo(2);
  expect(await isPublished(db, repository)).toBe(false);
  await exportedTo(3);
  expect(await isPublished(db, repository)).toBe(true);
  expect(await isPublished(db, 8)).toBe(true);
});
