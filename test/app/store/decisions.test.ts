import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createSigner } from "../../../app/ledger/signer.ts";
import { type OpenDatabase, openDatabase } from "../../../app/store/database.ts";
import { saveDecision } from "../../../app/store/decisions.ts";
import { takeLease } from "../../../app/store/leases.ts";
import { getOverview } from "../../../app/store/overviews.ts";
import { decisionOf, type Step } from "../../../core/decision.ts";
import { subjectKey } from "../../../core/subject.ts";
import { newKey } from "../../builders/ledger.ts";
import { wholeLedger } from "../../hosts/whole-ledger.ts";

let database: OpenDatabase;
beforeAll(async () => {
  database = await openDatabase({ folder: null });
});
afterAll(() => database.close());

const nothing = async () => undefined;
const queue = { enqueue: nothing, enqueueEffects: nothing, enqueuePublish: nothing };
const tools = { sign: createSigner(newKey().pem).sign, now: () => new Date(), guard: async () => {}, queue };
const actor = { type: "app" as const, id: 99, login: "sallyport[bot]" };

test("T243 T244: of two workers on one subject the later one records, and the one that wakes up late records nothing", async () => {
  const subject = { kind: "issue", repository: 7, number: 2 } as const;
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

test("where a subject stands is shown by the worker that holds it, and not by one that woke up late", async () => {
  const subject = { kind: "pull", repository: 9, number: 3 } as const;
  const show = (fence: number, step: string) => {
    const overview = { title: "t", state: "s", needs: null, blocks: "", step, who: "", open: true, verdict: null };
    const where = { subject, fence, repository: { id: 9, name: "acme/web" }, seen: [] };
    return saveDecision(database.db, where, decisionOf({ overview }), tools);
  };
  const paused = await takeLease(database.db, subjectKey(subject));
  const current = await takeLease(database.db, subjectKey(subject));
  await show(current, "now");
  await expect(show(paused, "before")).rejects.toMatchObject({ code: "lease-lost" });
  expect(await getOverview(database.db, 9, "pull", 3)).toMatchObject({ step: "now" });
});

test("one that is overtaken between two statements shows nothing over what the next one shows", async () => {
  const subject = { kind: "pull", repository: 9, number: 4 } as const;
  const show = (db: OpenDatabase["db"], fence: number, step: string, open: boolean) => {
    const overview = { title: "t", state: "s", needs: null, blocks: "", step, who: "", open, verdict: null };
    const where = { subject, fence, repository: { id: 9, name: "acme/web" }, seen: [] };
    return saveDecision(db, where, decisionOf({ overview }), tools);
  };
  const paused = await takeLease(database.db, subjectKey(subject));
  let statements = 0;
  const overtaken = database.db.withPlugin({
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      if (++statements === 1)
        await show(database.db, await takeLease(database.db, subjectKey(subject)), "merged", false);
      return result;
    },
  });
  await show(overtaken, paused, "to be merged", true);
  // Nobody looks at what is closed again.
  expect(await getOverview(database.db, 9, "pull", 4)).toMatchObject({ step: "merged", open: false });
});

test("a run that ends gives up its agents, and has the runs on Actions cancelled", async () => {
  const subject = { kind: "issue", repository: 8, number: 1 } as const;
  const record = async (decision: Step) => {
    const fence = await takeLease(database.db, subjectKey(subject));
    return saveDecision(
      database.db,
      { subject, fence, repository: { id: 8, name: "acme/web" }, seen: [] },
      decisionOf(decision),
      tools,
    );
  };
  const agent = { type: "run-agent", run: "run-1-1", packSha256: "a", backend: "anthropic", model: null } as const;
  const actions = { workflow: ".github/workflows/sallyport-agent.yml", blob: "b".repeat(40) };
  await record({
    effects: [
      { ...agent, key: "agent/8/run-1-1/2/R0/S0", tool: "custom", actions },
      { ...agent, key: "agent/8/run-1-1/3/R0/S0" },
    ],
  });
  const body = { run: "run-1-1", story: 1, status: "cancelled", reason: "it was stopped" } as const;
  await record({ drafts: [{ kind: "run.closed", actor, subject: [], body }] });
  const rows = database.db.selectFrom("effects").select(["key", "status", "type"]).where("repository", "=", 8);
  expect(await rows.orderBy("id").execute()).toEqual([
    { key: "agent/8/run-1-1/2/R0/S0", status: "failed", type: "run-agent" },
    { key: "agent/8/run-1-1/3/R0/S0", status: "failed", type: "run-agent" },
    { key: "cancel/agent/8/run-1-1/2/R0/S0", status: "todo", type: "cancel-run" },
  ]);
});

test("a run that ends gives up the writes that never began, and none that may have reached GitHub", async () => {
  const row = (key: string, more: object = {}) => ({
    ...{ key, repository: 12, subject: "issue/12/1", lane: "github/12", type: "open-pull", payload: "{}" },
    ...{ status: "todo" as const, tries: 0, result: null, ...more },
  });
  const waits = { waits: "GitHub wants us to write nothing until then" };
  await database.db
    .insertInto("effects")
    .values([
      row("change/12/run-1-1/2/R0/S0", waits),
      row("pull/12/run-1-1/3"),
      row("pull/12/run-1-1/4", { tries: 1 }),
      row("pull/12/run-1-1/5", { status: "doing", tries: 1 }),
      row("pull/12/run-1-10/6"),
    ])
    .execute();
  const subject = { kind: "issue", repository: 12, number: 1 } as const;
  const fence = await takeLease(database.db, subjectKey(subject));
  const where = { subject, fence, repository: { id: 12, name: "acme/web" }, seen: [] };
  const body = { run: "run-1-1", story: 1, status: "cancelled", reason: "it was stopped" } as const;
  await saveDecision(
    database.db,
    where,
    decisionOf({ drafts: [{ kind: "run.closed", actor, subject: [], body }] }),
    tools,
  );
  const rows = database.db.selectFrom("effects").select(["key", "status"]).where("repository", "=", 12);
  expect((await rows.orderBy("key").execute()).map(({ key, status }) => [key, status])).toEqual([
    ["change/12/run-1-1/2/R0/S0", "failed"],
    ["pull/12/run-1-1/3", "failed"],
    ["pull/12/run-1-1/4", "todo"],
    ["pull/12/run-1-1/5", "doing"],
    ["pull/12/run-1-10/6", "todo"],
  ]);
});

test("a try that is closed while its agent is at work gives it up with its commands, and no try of a longer name", async () => {
  const subject = { kind: "issue", repository: 11, number: 1 } as const;
  const record = async (decision: Step) => {
    const fence = await takeLease(database.db, subjectKey(subject));
    const where = { subject, fence, repository: { id: 11, name: "acme/web" }, seen: [] };
    return saveDecision(database.db, where, decisionOf(decision), tools);
  };
  const step = { run: "run-1-1", story: 1, prompt: 2, attempt: { r: 0, s: 0 } };
  const pack = { sha256: "a".repeat(64), bytes: 2, mediaType: "application/json" };
  const asked = { ...step, base: "b".repeat(40), branch: "sallyport/run-1-1/2", pack };
  const agent = { type: "run-agent", run: "run-1-1", packSha256: "a", backend: "anthropic", model: null } as const;
  const [closed, commands] = ["agent/11/run-1-1/2/R0/S0", "agent/11/run-1-1/2/R0/S0/commands"];
  const others = ["agent/11/run-1-1/3/R0/S0", "agent/11/run-1-1/2/R0/S01"];
  const keys = [closed, commands, ...others];
  await record({
    drafts: [{ kind: "prompt.recorded", actor, subject: [], body: asked }],
    effects: keys.map((key) => ({ ...agent, key })),
  });
  const reasons = [{ source: "sallyport", code: "merged", message: "#5 was merged meanwhile." }];
  await record({
    drafts: [{ kind: "attempt.closed", actor, subject: [], body: { ...step, accepted: false, reasons } }],
  });
  const rows = database.db.selectFrom("effects").select(["key", "status"]).where("repository", "=", 11);
  expect(await rows.orderBy("id").execute()).toEqual([
    { key: closed, status: "failed" },
    { key: commands, status: "failed" },
    ...others.map((key) => ({ key, status: "todo" })),
  ]);
});
