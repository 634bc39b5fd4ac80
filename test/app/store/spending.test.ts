import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { sql } from "kysely";
import { modelSpent } from "../../../app/settings/metrics.ts";
import { adoptLines } from "../../../app/store/chain.ts";
import { type OpenDatabase, openDatabase } from "../../../app/store/database.ts";
import { requireLease, takeLease } from "../../../app/store/leases.ts";
import { openPurse, restoreSpending } from "../../../app/store/spending.ts";
import type { TypedEntry } from "../../../core/entries.ts";
import { effectKey } from "../../../core/identifiers.ts";
import type { Budget } from "../../../schemas/policy-agents.ts";
import { chainOf, draft, newKey } from "../../builders/ledger.ts";

let open: OpenDatabase;
let lease: { key: string; fence: number };
beforeAll(async () => {
  open = await openDatabase({ folder: null });
  lease = { key: "agent/a", fence: await takeLease(open.db, "agent/a") };
});
afterAll(() => open.close());

const price = { input: 1, output: 10 };
/** A call that can cost one unit of the currency. */
const call = { read: 0, written: 100_000 };
const counted = (written: number) => ({ read: 0, cached: 0, cacheWrite: 0, written });
let repositories = 100;

type Who = { repository: number; effect?: string; story?: number; day?: string };
const purse = (budget: Budget, { repository, effect = "agent/1", story = 1, day = "2026-11-21" }: Who) =>
  openPurse(
    open.db,
    { repository, effect, mayPay: () => requireLease(open.db, lease), now: () => new Date(`${day}T10:00:00.000Z`) },
    { story, currency: "USD", price, budget },
  );

async function spend(budget: Budget, who: Who, written = call.written) {
  const reserved = await purse(budget, who).reserve(call);
  if (reserved.ok) await reserved.settle(counted(written));
  return reserved.ok ? "spent" : reserved;
}

test.each<[keyof Budget, Partial<Who>, Partial<Who>]>([
  ["attempt", {}, { effect: "agent/2" }],
  ["story", { effect: "agent/2" }, { story: 2 }],
  ["day", { effect: "agent/2", story: 2 }, { day: "2026-11-22" }],
  ["campaign", { effect: "agent/2", story: 2, day: "2026-11-22" }, { repository: 99 }],
])("the budget of the %s ends what would go beyond it, and nothing else", async (part, same, other) => {
  const repository = ++repositories;
  const budget = { [part]: 1.5 };
  expect(await spend(budget, { repository })).toBe("spent");
  const refused = await spend(budget, { repository, ...same });
  expect(refused).toMatchObject({ ok: false, why: expect.stringContaining("USD 1.00 of USD 1.50 are spent") });
  expect(refused).toMatchObject({ why: expect.stringContaining(`a maintainer raises \`agents.budget.${part}\``) });
  expect(refused).toMatchObject({ until: part === "day" ? new Date("2026-11-22T00:00:00.000Z") : null });
  expect(await spend(budget, { repository, ...other })).toBe("spent");
});

test("the worst of the next call is counted before it, and what it did cost after it, in the metrics too", async () => {
  const repository = ++repositories;
  const inMetrics = async () => (await modelSpent.get()).values.find(({ labels }) => labels.currency === "USD")?.value;
  const before = (await inMetrics()) ?? 0;
  expect(await spend({ story: 1.05 }, { repository }, 5_000)).toBe("spent");
  expect(await inMetrics()).toBeCloseTo(before + 0.05);
  expect(await spend({ story: 1.05 }, { repository }, 5_000)).toBe("spent");
  expect(await spend({ story: 1.05 }, { repository })).toMatchObject({ ok: false });
});

test("a call of which nobody tells what it cost counts as the worst; one that was refused costs nothing", async () => {
  const repository = ++repositories;
  const refused = await purse({ day: 1 }, { repository }).reserve(call);
  if (refused.ok) await refused.settle(null);
  expect(await purse({ day: 1 }, { repository }).reserve(call)).toMatchObject({ ok: true });
  expect(await purse({ day: 1 }, { repository }).reserve(call)).toMatchObject({ ok: false });
});

test("a day's budget that no call fits into is no reason to wait for the next day", async () => {
  const repository = ++repositories;
  expect(await spend({ day: 0.5 }, { repository })).toMatchObject({ ok: false, until: null });
  // Nor is what was spent of it already.
  const small = await purse({ day: 0.5 }, { repository }).reserve({ read: 0, written: 10 });
  expect(small.ok).toBe(true);
  const refused = await spend({ day: 0.5 }, { repository });
  expect(refused).toMatchObject({ ok: false, until: null, why: expect.not.stringContaining("tomorrow") });
});

test("what was put off says that another policy asks for another approval", async () => {
  const repository = ++repositories;
  await spend({ day: 1.5 }, { repository });
  const { why } = Object(await spend({ day: 1.5 }, { repository }));
  expect(why).toMatch(
    /; it goes on tomorrow\. To go on today, a maintainer raises .+ stopped, planned and approved again$/,
  );
});

describe("a database that was lost", () => {
  const cost = (micros: number) => ({ micros, currency: "USD", price });
  const at = "2026-11-21T09:00:00.000Z";
  const request = { type: "label", id: 1, label: "ai:plan" };
  const step = { run: "run-1-1", prompt: 3, attempt: { r: 1, s: 1 } };
  const spentBy = (kind: string, story: number, micros: number, more: object = {}) => ({
    ...{ seq: ++seq, hash: "", kind, at, actor: { type: "app", id: 1, login: "a" }, subject: [] },
    body: { story, request, cost: cost(micros), ...more },
  });
  let seq = 0;
  const entries = [
    spentBy("plan.failed", 1, 100_000),
    spentBy("plan.proposed", 1, 200_000),
    spentBy("response.recorded", 1, 300_000, step),
    spentBy("advice.given", 1, 400_000, step),
    {
      ...spentBy("plan.proposed", 2, 0),
      at: "2026-11-20T09:00:00.000Z",
      body: { story: 2, request, cost: cost(500_000) },
    },
    // Without a price nobody knows what it cost, and money of another currency is counted in that one.
    { ...spentBy("plan.proposed", 1, 0), body: { story: 1 } },
    { ...spentBy("plan.proposed", 1, 0), body: { story: 1, request, cost: { ...cost(9_000_000), currency: "EUR" } } },
  ] as unknown as TypedEntry[];

  test.each<[keyof Budget, number, number]>([
    ["story", 2, 1.0],
    ["day", 2, 1.0],
    ["campaign", 2.5, 1.5],
  ])("gives no new budget: the sums of the %s come back from the ledger", async (part, enough, spent) => {
    const repository = ++repositories;
    await restoreSpending(open.db, repository, entries);
    expect(await purse({ [part]: enough - 0.01 }, { repository }).reserve(call)).toMatchObject({
      ok: false,
      why: expect.stringContaining(`USD ${spent.toFixed(2)} of`),
    });
    expect(await purse({ [part]: enough }, { repository }).reserve(call)).toMatchObject({ ok: true });
  });

  test("counts nothing twice of which an older backup knows a part", async () => {
    const repository = ++repositories;
    const effect = effectKey.agent(repository, step);
    await spend({}, { repository, effect });
    await spend({}, { repository, effect: "agent/another" });
    await restoreSpending(open.db, repository, [
      spentBy("response.recorded", 1, 1_500_000, step) as unknown as TypedEntry,
    ]);
    expect(await purse({ campaign: 3.49 }, { repository }).reserve(call)).toMatchObject({ ok: false });
    expect(await purse({ campaign: 3.5 }, { repository }).reserve(call)).toMatchObject({ ok: true });
  });

  test("gives no new budget either when the service ends while entries are read back", async () => {
    const repository = ++repositories;
    const request = { type: "label" as const, id: 1, label: "ai:plan" };
    const body = { story: 1, request, code: "refused", message: "No.", cost: cost(1_000_000) };
    const [line = ""] = await chainOf(newKey().pem, [draft({ kind: "plan.failed", body })]);
    await sql`alter table spending rename to away`.execute(open.db);
    await expect(adoptLines(open.db, repository, [{ seq: 1, line }])).rejects.toThrow("spending");
    await sql`alter table away rename to spending`.execute(open.db);
    await adoptLines(open.db, repository, [{ seq: 1, line }]);
    expect(await purse({ campaign: 1.5 }, { repository }).reserve(call)).toMatchObject({ ok: false });
  });
});

test("what an older backup has open, and the lines read back say is done, is not done and paid again", async () => {
  const repository = ++repositories;
  const request = { type: "label" as const, id: 1, label: "ai:plan" };
  const step = { run: "run-1-1", story: 1, prompt: 2, attempt: { r: 1, s: 1 } };
  const lines = await chainOf(newKey().pem, [
    draft({ kind: "plan.failed", body: { story: 1, request, code: "refused", message: "No." } }),
    draft({ kind: "attempt.closed", body: { ...step, accepted: true, reasons: [] } }),
  ]);
  const [other, next] = [++repositories, { ...step, prompt: 3 }];
  const kept = [effectKey.plan(other, 1, request), effectKey.agent(repository, next), effectKey.check(repository, "a")];
  const done = [effectKey.plan(repository, 1, request), effectKey.agent(repository, step)];
  for (const key of [...kept, ...done]) {
    const of = key === kept[0] ? other : repository;
    await sql`insert into effects (key, repository, subject, lane, type, payload, status)
      values (${key}, ${of}, ${`issue/${of}/1`}, ${key}, 'x', '{}', 'doing')`.execute(open.db);
  }
  await adoptLines(
    open.db,
    repository,
    lines.map((line, index) => ({ seq: index + 1, line })),
  );
  const left = await open.db.selectFrom("effects").select("key").where("status", "=", "doing").orderBy("id").execute();
  expect(left.map(({ key }) => key)).toEqual(kept);
});

test("two runs at once do not both spend the last of the day", async () => {
  const repository = ++repositories;
  const runs = Array.from({ length: 8 }, (_, index) =>
    purse({ day: 3 }, { repository, effect: `agent/${index}`, story: index + 1 }).reserve(call),
  );
  expect((await Promise.all(runs)).filter(({ ok }) => ok)).toHaveLength(3);
});

test("whoever lost the work to another spends nothing for it", async () => {
  const before = lease;
  await takeLease(open.db, "agent/a");
  lease = { ...before };
  await expect(purse({ day: 1 }, { repository: ++repositories }).reserve(call)).rejects.toMatchObject({
    code: "lease-lost",
  });
});
