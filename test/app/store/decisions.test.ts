import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createSigner } from "../../../app/ledger/signer.ts";
import { type OpenDatabase, openDatabase } from "../../../app/store/database.ts";
import { saveDecision } from "../../../app/store/decisions.ts";
import { takeLease } from "../../../app/store/leases.ts";
import { decisionOf } from "../../../core/decision.ts";
import { subjectKey } from "../../../core/effects.ts";
import { newKey } from "../../builders/ledger.ts";
import { wholeLedger } from "../../hosts/whole-ledger.ts";

let database: OpenDatabase;
beforeAll(async () => {
  database = await openDatabase({ folder: null });
});
afterAll(() => database.close());

test("T243 T244: of two workers on one subject the later one records, and the one that wakes up late records nothing", async () => {
  const subject = { kind: "issue", repository: 7, number: 2 } as const;
  const queue = {
    enqueue: async () => undefined,
    enqueueEffects: async () => undefined,
    enqueuePublish: async () => undefined,
  };
  const tools = { sign: createSigner(newKey().pem).sign, now: () => new Date(), queue };
  const actor = { type: "app" as const, id: 99, login: "sallyport[bot]" };
  const record = (fence: number, issue: number) =>
    saveDecision(
      database.db,
      { subject, fence, repository: { id: 7, name: "acme/web" }, seen: [] },
      decisionOf({
        drafts: [{ kind: "incident.raised", actor, subject: [], body: { code: "c", message: "m", issue } }],
        effects: [{ type: "ensure-sticky", key: `sticky/7/${issue}`, issue, body: "b" }],
      }),
      tools,
    );
  const paused = await takeLease(database.db, subjectKey(subject));
  const current = await takeLease(database.db, subjectKey(subject));
  await record(current, 1);
  await expect(record(paused, 2)).rejects.toMatchObject({ code: "lease-lost" });
  expect((await wholeLedger(database.db, 7)).map(({ body }) => body)).toMatchObject([{ issue: 1 }]);
  const effects = await database.db.selectFrom("effects").select("key").execute();
  expect(effects).toEqual([{ key: "sticky/7/1" }]);
});
