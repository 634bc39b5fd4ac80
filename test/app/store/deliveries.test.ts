import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { sql } from "kysely";
import { type OpenDatabase, openDatabase, transact } from "../../../app/store/database.ts";
import { type Delivery, storeDeliveries, takeNamed } from "../../../app/store/deliveries.ts";

let database: OpenDatabase;
beforeAll(async () => {
  database = await openDatabase({ folder: null });
});
afterAll(() => database.close());
beforeEach(() => sql`truncate deliveries, waiting_names`.execute(database.db).then(() => undefined));

const delivery = (guid: string, named: string | null): Delivery => ({ guid, event: "issues", named });

test.each<[string, Delivery[], { fresh: string[]; waiting: string[] }]>([
  ["none", [], { fresh: [], waiting: [] }],
  ["new ones that name nothing", [delivery("b", null), delivery("c", null)], { fresh: ["b", "c"], waiting: [] }],
  ["new ones, some of which name", [delivery("c", "1"), delivery("b", null)], { fresh: ["b", "c"], waiting: ["[1]"] }],
  ["one that came before", [delivery("a", "1")], { fresh: [], waiting: [] }],
  ["one that came before and names nothing", [delivery("a", null)], { fresh: [], waiting: [] }],
  [
    "one that came before, among new ones",
    [delivery("a", "1"), delivery("b", "2")],
    { fresh: ["b"], waiting: ["[1,2]"] },
  ],
  ["the same one twice", [delivery("b", "1"), delivery("b", "1")], { fresh: ["b"], waiting: ["[1,1]"] }],
])("T228: stored and told to be new: %s", async (_, deliveries, { fresh, waiting }) => {
  await storeDeliveries(database.db, [delivery("a", null)]);
  expect([...(await storeDeliveries(database.db, deliveries))].sort()).toEqual(fresh);
  const { rows } = await sql<{ guid: string }>`select guid from deliveries order by guid`.execute(database.db);
  expect(rows.map(({ guid }) => guid)).toEqual(["a", ...fresh]);
  expect(await transact(database.db, takeNamed)).toEqual({ lists: waiting, isAll: true });
});

test("what the store refuses is no delivery that came before", async () => {
  await expect(storeDeliveries(database.db, [delivery("b", null), delivery("a\0", null)])).rejects.toThrow();
  const { rows } = await sql`select from deliveries`.execute(database.db);
  expect(rows).toEqual([]);
});
