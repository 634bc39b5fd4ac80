import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { KyselyPlugin } from "kysely";
import { writeTimeoutMs } from "../../../app/github/guard.ts";
import type { RepositoryRequest } from "../../../app/github/requests.ts";
import { fenced, type Holder } from "../../../app/perform/context.ts";
import { drainOutbox } from "../../../app/perform/outbox.ts";
import { heartbeat } from "../../../app/queue/limits.ts";
import { type Database, type OpenDatabase, openDatabase } from "../../../app/store/database.ts";
import { isOurs, outcomesOf } from "../../../app/store/effects.ts";
import { holdLease, requireLease } from "../../../app/store/leases.ts";
import { callStore } from "../../../app/store/payloads.ts";
import type { EffectResult } from "../../../core/effects.ts";
import { postgresPrograms, startPostgres } from "../../hosts/postgres.ts";

const subject = { kind: "issue", repository: 7, number: 2 } as const;

/** Does something after the n-th statement of a worker, which goes on when that is done, or waits for the worker. */
function atStatement(
  n: number,
  act: () => Promise<unknown>,
): { plugin: KyselyPlugin; acted: () => Promise<unknown> | null } {
  let [statements, acted]: [number, Promise<unknown> | null] = [0, null];
  return {
    acted: () => acted,
    plugin: {
      transformQuery: ({ node }) => node,
      async transformResult({ result }) {
        statements += 1;
        if (statements !== n) return result;
        acted = act();
        // Within a transaction of the worker it cannot end before that one does.
        await Promise.race([acted, new Promise((done) => setTimeout(done, 100))]);
        return result;
      },
    },
  };
}

const embedded = "the embedded database";
const stores = postgresPrograms === null ? [embedded] : [embedded, "a PostgreSQL server"];
describe.each(stores)("on %s", (name) => {
  let server: Awaited<ReturnType<typeof startPostgres>> | null = null;
  let database: OpenDatabase;
  beforeAll(async () => {
    if (name !== embedded) server = await startPostgres();
    database = await openDatabase(server === null ? { folder: null } : { url: await server.create("takeover") });
  }, 60_000);
  afterAll(async () => {
    await database.close();
    await server?.close();
  });

  /** One effect's world: what was written at GitHub and asked of the model, and by whom. */
  function world(lane: string) {
    const written: string[] = [];
    const asked: string[] = [];
    const looks: object[] = [];
    /** From a write's last question whether the lease holds to its end: less than it takes to be thought dead. */
    let writing: Promise<unknown> = Promise.resolve();
    const queue = {
      enqueue: async (_trx: unknown, one: object) => void looks.push(one),
      enqueueEffects: async () => undefined,
      enqueuePublish: async () => undefined,
    };
    // As performers do it: look, write if it is not there, and keep a paid answer.
    const perform =
      (db: Database, who: string) =>
      async (_effect: object, _repository: number, { lease }: Holder) => {
        const github = async (route: string) => ({
          data: route.startsWith("GET ") ? written.length : written.push(who),
        });
        const request = fenced(github as never, () => requireLease(db, lease)) as (
          route: string,
        ) => Promise<{ data: number }>;
        const calls = callStore(db, 7, (trx) => holdLease(trx, lease));
        const result: EffectResult = { type: "issue", number: who === "first" ? 1 : 2 };
        if ((await calls.get(`call/${lane}`)) === null) {
          if (!(await isOurs(db, lane, lease))) throw new Error("it was taken over");
          asked.push(who);
          await calls.put(`call/${lane}`, `the answer to ${who}`);
        }
        const { data: there } = await request("GET /it");
        if (there > 0) return result;
        writing = request("POST /it");
        await writing;
        return result;
      };
    const drain = async (db: Database, who: string) => {
      await writing.catch(() => undefined);
      return drainOutbox(db, lane, {
        ...{ limitedUntil: () => null, delayed: () => undefined },
        ...{ perform: perform(db, who), queue, now: () => new Date(), signal: new AbortController().signal },
      }).then(
        () => "ended",
        (error: { code?: string }) => error.code ?? String(error),
      );
    };
    return { written, asked, looks, drain };
  }

  test("T243: a second worker takes over at every statement of the first, which lives on: one of them acts", async () => {
    const seen: number[][] = [];
    for (let n = 1; ; n += 1) {
      const lane = `agent/${name}/${n}`;
      const payload = JSON.stringify({ type: "open-prompt", key: lane });
      await database.db
        .insertInto("effects")
        .values({ key: lane, lane, repository: 7, subject: "issue/7/2", type: "open-prompt", payload, status: "todo" })
        .execute();
      const { written, asked, looks, drain } = world(lane);
      const { plugin, acted } = atStatement(n, () => drain(database.db, "second"));
      const first = await drain(database.db.withPlugin(plugin), "first");
      await acted();
      expect({ n, written: written.length }).toEqual({ n, written: 1 });
      expect({ n, asked: asked.length <= 2 }).toEqual({ n, asked: true });
      expect({ n, status: (await outcomesOf(database.db, subject)).get(lane)?.status }).toEqual({ n, status: "done" });
      expect(looks).toHaveLength(1);
      expect(["ended", "lease-lost"]).toContain(first);
      seen.push([n, asked.length]);
      if (acted() === null) break;
    }
    // Every statement of the road was tried, and a paid answer was asked for twice only between asking and storing.
    expect(seen.length).toBeGreaterThan(12);
    expect(seen.filter(([, count]) => count === 2).length).toBeLessThanOrEqual(2);
  }, 60_000);

  test("T243: an effect that was stopped before it began is not begun", async () => {
    const lane = `agent/${name}/stopped`;
    const payload = JSON.stringify({ type: "open-prompt", key: lane });
    await database.db
      .insertInto("effects")
      .values({ key: lane, lane, repository: 7, subject: "issue/7/2", type: "open-prompt", payload, status: "todo" })
      .execute();
    const { written, drain } = world(lane);
    // The first statement takes the lease, the second finds the effect.
    const { plugin } = atStatement(2, () =>
      database.db.updateTable("effects").set({ status: "failed", result: "{}" }).where("key", "=", lane).execute(),
    );
    expect(await drain(database.db.withPlugin(plugin), "first")).toBe("ended");
    expect(written).toEqual([]);
  });
});

test("T243: a write at GitHub has ended before another worker takes over, and a worker that lost its work sends none", async () => {
  expect(writeTimeoutMs).toBeLessThan(heartbeat.silence * 1_000);
  const sent: string[] = [];
  const request = (async (route: string) => void sent.push(route)) as never as RepositoryRequest;
  const lost = fenced(request, () => Promise.reject(new Error("lost")));
  await lost("GET /repos/{owner}/{repo}");
  await expect(lost("POST /repos/{owner}/{repo}/issues", { title: "t" })).rejects.toThrow("lost");
  expect(sent).toEqual(["GET /repos/{owner}/{repo}"]);
});
