import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { noteRewrite } from "../../../app/ledger/incident.ts";
import { createSigner } from "../../../app/ledger/signer.ts";
import { type OpenDatabase, openDatabase } from "../../../app/store/database.ts";
import { SallyportError } from "../../../core/errors.ts";
import { newKey } from "../../builders/ledger.ts";
import { wholeLedger } from "../../hosts/whole-ledger.ts";

let database: OpenDatabase;
beforeAll(async () => {
  database = await openDatabase({ folder: null });
}, 30_000);
afterAll(() => database.close());

test("a rewritten branch is an incident, once for each state of it; other errors are none", async () => {
  const { db } = database;
  const tools = {
    sign: createSigner(newKey().pem).sign,
    now: () => new Date("2026-11-21T10:00:00.000Z"),
  };
  const bot = { id: 99, login: "sallyport[bot]", type: "Bot" as const };
  const ourselves = { appId: 9, slug: "sallyport", page: "https://github.com/apps/sallyport", bot };
  const note = async (error: unknown) => {
    const site = { db, repository: { id: 7, name: "acme/web" }, ourselves };
    await noteRewrite(error, site, tools);
  };
  const rewritten = (tip: string) => new SallyportError("evidence-rewritten", `the branch at ${tip} is another`);
  await note(rewritten("a1"));
  await note(rewritten("a1"));
  await note(new SallyportError("github", "no answer"));
  await note(new TypeError("a fault"));
  await note(rewritten("b2"));
  expect((await wholeLedger(db, 7)).map(({ kind, body }) => [kind, body])).toEqual(
    ["a1", "b2"].map((tip) => [
      "incident.raised",
      { code: "evidence-rewritten", message: `the branch at ${tip} is another`, issue: null },
    ]),
  );
});
