import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { createLimits, scarceUntil, shareLimits } from "../../../app/github/limits.ts";
import { createSigner } from "../../../app/ledger/signer.ts";
import type { PerformContext } from "../../../app/perform/context.ts";
import { drainOutbox, dueAgain } from "../../../app/perform/outbox.ts";
import { perform } from "../../../app/perform/perform.ts";
import { readDelayed } from "../../../app/store/backlog.ts";
import { type OpenDatabase, openDatabase } from "../../../app/store/database.ts";
import { saveDecision } from "../../../app/store/decisions.ts";
import { isOpenEffect, isOurs, outcomesOf } from "../../../app/store/effects.ts";
import { holdLease, takeLease } from "../../../app/store/leases.ts";
import { readLimits, storeLimit } from "../../../app/store/limits.ts";
import { callStore } from "../../../app/store/payloads.ts";
import { decisionOf } from "../../../core/decision.ts";
import { type ErrorCode, SallyportError } from "../../../core/errors.ts";
import { newKey } from "../../builders/ledger.ts";
import { waitUntil } from "../../hosts/until.ts";

let database: OpenDatabase;
beforeAll(async () => {
  database = await openDatabase({ folder: null });
});
afterAll(() => database.close());

/** GitHub holds nothing back. */
const unlimited = { limitedUntil: () => null, delayed: () => {} };

test("T239: an effect with which the service ended again and again is given up, and what comes after it is done", async () => {
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
    ...unlimited,
    now: () => new Date(),
    signal: new AbortController().signal,
  });
  expect(again).toBeNull();
  expect(begun).toEqual(["next"]);
  expect(looked).toEqual([subject, subject]);
  const outcomes = await outcomesOf(database.db, subject);
  expect(outcomes.get("deadly")).toMatchObject({ status: "failed", code: "internal" });
  expect(outcomes.get("next")).toEqual({ status: "done", result: { type: "none" } });
});

test("H3 T271: a check is written first, then the work, then talk, and 30 strangers hold up none of it", async () => {
  const lane = "github/3";
  const row = (type: string, subject: string, at: number) => ({
    key: `${type}/${subject}/${at}`,
    lane,
    repository: 3,
    subject,
    type,
    payload: JSON.stringify({ type, key: `${type}/${subject}/${at}` }),
    status: "todo" as const,
  });
  const strangers = Array.from({ length: 30 }, (_, at) => row("turn-away", "issue/3/1", at));
  const rows = [
    ...strangers,
    row("ensure-sticky", "pull/3/2", 0),
    row("reply", "issue/3/1", 0),
    row("write-change", "issue/3/1", 0),
    row("ensure-check", "pull/3/2", 0),
    row("open-pull", "issue/3/4", 0),
    row("ensure-check", "pull/3/5", 0),
  ];
  await database.db.insertInto("effects").values(rows).execute();
  const begun: string[] = [];
  await drainOutbox(database.db, lane, {
    async perform({ type }) {
      begun.push(type);
      return { type: "none" };
    },
    queue: {
      enqueue: async () => undefined,
      enqueueEffects: async () => undefined,
      enqueuePublish: async () => undefined,
    },
    ...unlimited,
    now: () => new Date(),
    signal: new AbortController().signal,
  });
  // One subject's own order stays: its reply was asked for before its change.
  const talk = ["ensure-sticky", "reply"];
  const [first, second, third] = ["ensure-check", "ensure-check", "open-pull"];
  expect(begun).toEqual([first, second, third, ...talk, "write-change", ...strangers.map(({ type }) => type)]);
});

test("an effect that is asked for again just before it is begun is done as it was asked for last", async () => {
  const subject = { kind: "pull", repository: 4, number: 2 } as const;
  const queue = {
    enqueue: async () => undefined,
    enqueueEffects: async () => undefined,
    enqueuePublish: async () => undefined,
  };
  const tools = { sign: createSigner(newKey().pem).sign, now: () => new Date(), queue };
  const fence = await takeLease(database.db, "pull/4/2");
  const ask = async (body: string) => {
    const decision = decisionOf({ effects: [{ type: "ensure-sticky", key: "sticky/4/2", issue: 2, body }] });
    const repository = { id: 4, name: "acme/web" };
    await saveDecision(database.db, { subject, fence, repository, seen: [] }, decision, tools);
  };
  await ask("All gates pass.");
  let again: Promise<void> | null = null;
  const done: unknown[] = [];
  await drainOutbox(database.db, "github/4", {
    async perform(effect) {
      done.push(effect);
      return { type: "none" };
    },
    queue,
    ...unlimited,
    // It is found by now, and not begun yet.
    limitedUntil() {
      again ??= ask("A gate fails.");
      return null;
    },
    now: () => new Date(),
    signal: new AbortController().signal,
  });
  await again;
  expect(done.at(-1)).toMatchObject({ body: "A gate fails." });
});

test("T3: the end of a run gives its agents up, in whatever process they work, and their late answers are not taken", async () => {
  const subject = { kind: "issue", repository: 7, number: 2 } as const;
  const queue = {
    enqueue: async () => undefined,
    enqueueEffects: async () => undefined,
    enqueuePublish: async () => undefined,
  };
  const ended = "agent/7/run-2-1/3/R0/S0";
  const others = ["agent/7/run-2-10/3/R0/S0", "agent/8/run-2-1/3/R0/S0", "reply/7/comment/3"];
  const row = (key: string) => ({
    key,
    lane: key,
    repository: Number(key.split("/")[1]),
    subject: "issue/7/2",
    type: "run-agent",
    payload: JSON.stringify({ type: "run-agent", key }),
    status: "todo" as const,
  });
  await database.db
    .insertInto("effects")
    .values([ended, ...others].map(row))
    .execute();
  const body = { run: "run-2-1", story: 2, status: "cancelled" as const, reason: "stopped by @lena" };
  const actor = { type: "app" as const, id: 99, login: "sallyport[bot]" };
  const stop = decisionOf({ drafts: [{ kind: "run.closed", actor, subject: [], body }] });
  const tools = { sign: createSigner(newKey().pem).sign, now: () => new Date(), queue };
  const performed = drainOutbox(database.db, ended, {
    async perform() {
      const fence = await takeLease(database.db, "issue/7/2");
      await saveDecision(
        database.db,
        { subject, fence, repository: { id: 7, name: "acme/web" }, seen: [] },
        stop,
        tools,
      );
      return { type: "none" };
    },
    queue,
    ...unlimited,
    now: () => new Date(),
    signal: new AbortController().signal,
  });
  expect(await performed).toBeNull();
  expect((await outcomesOf(database.db, subject)).get(ended)).toMatchObject({ status: "failed", code: "cancelled" });
  expect(await isOpenEffect(database.db, ended)).toBe(false);
  for (const key of others) expect([key, await isOpenEffect(database.db, key)]).toEqual([key, true]);
});

test("S2: when another worker takes a run over, nothing of the first one's is stored, and it is told to end", async () => {
  const subject = { kind: "issue", repository: 9, number: 2 } as const;
  const queue = {
    enqueue: async () => undefined,
    enqueueEffects: async () => undefined,
    enqueuePublish: async () => undefined,
  };
  const key = "agent/9/run-2-1/3/R0/S0";
  const effect = { key, lane: key, repository: 9, subject: "issue/9/2", type: "run-agent", status: "todo" as const };
  await database.db
    .insertInto("effects")
    .values({ ...effect, payload: JSON.stringify({ type: "run-agent", key }) })
    .execute();
  const { db } = database;
  const tools = { queue, ...unlimited, now: () => new Date(), signal: new AbortController().signal };
  const answers: string[] = [];
  const second = () =>
    drainOutbox(db, key, {
      ...tools,
      async perform(_effect, repository, { lease }) {
        await callStore(db, repository, (trx) => holdLease(trx, lease)).put("second", "kept");
        return { type: "none" };
      },
    });
  const first = drainOutbox(db, key, {
    ...tools,
    async perform(_effect, repository, { lease }) {
      const calls = callStore(db, repository, (trx) => holdLease(trx, lease));
      await calls.put("before", "kept");
      expect(await isOurs(db, key, lease)).toBe(true);
      await second();
      expect(await isOurs(db, key, lease)).toBe(false);
      await calls.put("after", "late").catch(({ code }) => answers.push(code));
      return { type: "none" };
    },
  });
  await expect(first).rejects.toMatchObject({ code: "lease-lost" });
  expect(answers).toEqual(["lease-lost"]);
  const stored = await db.selectFrom("answers").select("key").where("repository", "=", 9).execute();
  expect(stored.map(({ key }) => key).toSorted()).toEqual(["before", "second"]);
  const { tries, status } = await db
    .selectFrom("effects")
    .select(["tries", "status"])
    .where("key", "=", key)
    .executeTakeFirstOrThrow();
  expect({ tries, status }).toEqual({ tries: 2, status: "done" });
  expect(await outcomesOf(db, subject)).toEqual(new Map([[key, { status: "done", result: { type: "none" } }]]));
});

test("S2: work that is told to end begins no further effect, and says when the rest is due", async () => {
  const rows = ["one", "two"].map((key) => ({ key: `github/11/${key}`, lane: "github/11", repository: 11 }));
  const payload = JSON.stringify({ type: "close-issue", key: "one", issue: 2, comment: "Done." });
  await database.db
    .insertInto("effects")
    .values(rows.map((row) => ({ ...row, subject: "issue/11/2", type: "close-issue", status: "todo", payload })))
    .execute();
  const ending = new AbortController();
  let begun = 0;
  const wait = await drainOutbox(database.db, "github/11", {
    async perform() {
      begun++;
      ending.abort();
      return { type: "none" };
    },
    queue: { enqueue: async () => {}, enqueueEffects: async () => {}, enqueuePublish: async () => {} },
    ...unlimited,
    now: () => new Date(),
    signal: ending.signal,
  });
  expect({ begun, wait }).toEqual({ begun: 1, wait: 1 });
});

test("what only a newer version can do is left for it, says so, and holds up no other subject; a NUL in a reason neither", async () => {
  const lane = "github/17";
  const row = (key: string, issue: number, type: string) => ({
    ...{ key, lane, repository: 17, subject: `issue/17/${issue}`, type, status: "todo" as const },
    payload: JSON.stringify({ type, key, issue, comment: "Done." }),
  });
  await database.db
    .insertInto("effects")
    .values([row("unheard", 1, "water-plants"), row("failing", 2, "close-issue"), row("fine", 3, "close-issue")])
    .execute();
  const signal = new AbortController().signal;
  const now = () => new Date();
  await drainOutbox(database.db, lane, {
    async perform(effect) {
      if (effect.type !== "close-issue") return perform(effect, { signal, now } as PerformContext, async () => "");
      if (effect.key === "failing") throw new SallyportError("github", "no label \0", { retry: true });
      return { type: "none" };
    },
    queue: { enqueue: async () => {}, enqueueEffects: async () => {}, enqueuePublish: async () => {} },
    ...unlimited,
    now,
    signal,
  });
  const rows = await database.db
    .selectFrom("effects")
    .select(["key", "status", "waits"])
    .where("lane", "=", lane)
    .execute();
  expect(Object.fromEntries(rows.map(({ key, status, waits }) => [key, [status, waits]]))).toEqual({
    unheard: ["todo", expect.stringContaining("a newer version")],
    failing: ["todo", "no label \u2400"],
    fine: ["done", null],
  });
});

test.each([
  ["a stop of the service uses up no try of what was under way", new Error("the service is stopping"), ["todo", 7]],
  ["the end of its time does", new DOMException("it took too long", "TimeoutError"), ["failed", 8]],
])("%s", async (_, reason, wanted) => {
  const key = `agent/18/${wanted[0]}`;
  const payload = JSON.stringify({ type: "close-issue", key, issue: 2, comment: "Done." });
  const row = { key, lane: key, repository: 18, subject: "issue/18/2", type: "close-issue", payload };
  await database.db
    .insertInto("effects")
    .values({ ...row, status: "todo", tries: 7 })
    .execute();
  const ending = new AbortController();
  await drainOutbox(database.db, key, {
    async perform(_effect, _repository, { signal }) {
      ending.abort(reason);
      signal.throwIfAborted();
      return { type: "none" };
    },
    queue: { enqueue: async () => {}, enqueueEffects: async () => {}, enqueuePublish: async () => {} },
    ...unlimited,
    now: () => new Date(),
    signal: ending.signal,
  });
  const after = database.db.selectFrom("effects").select(["status", "tries"]).where("key", "=", key);
  expect(Object.values((await after.executeTakeFirst()) ?? {})).toEqual(wanted);
});

describe("S12: when an effect is tried again", () => {
  const now = new Date("2026-11-21T10:00:00.000Z");
  const seconds = (code: ErrorCode, tries: number, chance = 0, notBefore?: Date) =>
    (dueAgain({ code, notBefore, tries, now, chance }).getTime() - now.getTime()) / 1_000;

  test.each<[string, ErrorCode, number[]]>([
    ["a limit without a time", "rate-limit", [60, 120, 240, 3_600]],
    ["an overloaded model", "model", [30, 60, 120, 3_600]],
    ["anything else", "github", [1, 2, 4, 128]],
  ])("%s waits longer each time", (_, code, waits) => {
    expect([0, 1, 2, 7].map((tries) => seconds(code, tries))).toEqual(waits);
  });

  test("chance adds up to a quarter, and nothing comes before the time that GitHub names", () => {
    expect(seconds("rate-limit", 0, 1)).toBe(75);
    expect(seconds("rate-limit", 0, 1, new Date(now.getTime() + 1_800_000))).toBe(1_800);
  });

  test("a known limit on writes holds an effect back without a try, and says until when and why", async () => {
    const key = "github/13/held";
    const payload = JSON.stringify({ type: "close-issue", key, issue: 2, comment: "Done." });
    await database.db
      .insertInto("effects")
      .values({ key, lane: key, repository: 13, subject: "issue/13/2", type: "close-issue", payload, status: "todo" })
      .execute();
    const until = new Date(Date.now() + 90_000);
    const told: unknown[] = [];
    const wait = await drainOutbox(database.db, key, {
      async perform() {
        throw new Error("nothing is asked");
      },
      queue: { enqueue: async () => {}, enqueueEffects: async () => {}, enqueuePublish: async () => {} },
      limitedUntil: (repository) => (repository === 13 ? until : null),
      delayed: (...all) => void told.push(all),
      now: () => new Date(),
      signal: new AbortController().signal,
    });
    const why = "GitHub wants us to write nothing until then";
    expect(told).toEqual([[key, until, why]]);
    expect(wait).toBeGreaterThan(85);
    expect((await readDelayed(database.db, 10)).find((one) => one.key === key)).toEqual({ key, until, why });
    const row = database.db.selectFrom("effects").select(["tries", "status"]).where("key", "=", key);
    expect(await row.executeTakeFirst()).toEqual({ tries: 0, status: "todo" });
  });

  test("a limit that was met before the clock was put back holds up nothing, and hides no other", async () => {
    const { db } = database;
    const limits = createLimits();
    const [met, real] = [new Date(Date.now() + 3_600_000), new Date(Date.now() + 60_000)];
    limits.meet({ installation: 8, use: "read", until: met });
    const clock = jest.spyOn(Date, "now").mockReturnValue(Date.now() - 86_400_000);
    try {
      expect(limits.until(8, "read")).toBeNull();
    } finally {
      clock.mockRestore();
    }
    await storeLimit(db, { installation: 9, use: "read", until: new Date(Date.now() + 86_400_000) });
    expect(await readLimits(db)).toEqual([]);
    await storeLimit(db, { installation: 9, use: "read", until: real });
    expect(await readLimits(db)).toEqual([{ installation: 9, use: "read", until: real }]);
    await db.deleteFrom("limits").execute();
  });

  test("what a process learns of GitHub's limits outlives it, and other processes see it", async () => {
    const inHour = (minutes: number) => new Date(Date.now() + minutes * 60_000);
    const [first, next] = [createLimits(), createLimits()];
    const told: string[] = [];
    const stop = await shareLimits(database.db, first, (line) => told.push(line));
    const [long, short] = [inHour(30), inHour(10)];
    first.meet({ installation: 5, use: "read", until: long });
    first.meet({ installation: 5, use: "read", until: short });
    first.meet({ installation: 6, use: "sweep", until: short });
    await waitUntil("both", async () => (await readLimits(database.db)).length === 2);
    stop();
    (await shareLimits(database.db, next, () => {}))();
    expect([next.until(5, "read"), next.until(6, "sweep"), next.until(5, "write"), next.until(7, "read")]).toEqual([
      long,
      short,
      null,
      null,
    ]);
    expect(told).toEqual([
      `GitHub limits reads of installation 5 until ${long.toISOString()}`,
      `GitHub limits sweeps of installation 6 until ${short.toISOString()}`,
    ]);
  });

  test.each([
    ["a fifth is left", 1_000, null],
    ["less than a fifth is left", 999, new Date(1_700_000_000_000)],
  ])("sweeps leave the rest of the hour to verdicts once %s", (_, left, wanted) => {
    const headers = { "x-ratelimit-limit": "5000", "x-ratelimit-remaining": String(left) };
    expect(scarceUntil({ ...headers, "x-ratelimit-reset": "1700000000" }, new Date())).toEqual(wanted);
    expect(scarceUntil({}, new Date())).toBeNull();
  });

  test("a limit that is met nine times in a row ends nothing", async () => {
    const key = "github/12/limited";
    const payload = JSON.stringify({ type: "close-issue", key, issue: 2, comment: "Done." });
    await database.db
      .insertInto("effects")
      .values({ key, lane: key, repository: 12, subject: "issue/12/2", type: "close-issue", payload, status: "todo" })
      .execute();
    for (let times = 0; times < 9; times++) {
      await database.db
        .updateTable("effects")
        .set({ not_before: new Date(0) })
        .where("key", "=", key)
        .execute();
      await drainOutbox(database.db, key, {
        async perform() {
          throw new SallyportError("rate-limit", "slow down", {
            retry: true,
            notBefore: new Date(Date.now() + 60_000),
          });
        },
        queue: { enqueue: async () => {}, enqueueEffects: async () => {}, enqueuePublish: async () => {} },
        ...unlimited,
        now: () => new Date(),
        signal: new AbortController().signal,
      });
    }
    expect(await isOpenEffect(database.db, key)).toBe(true);
  });
});
