import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { sql } from "kysely";
import { PgBoss } from "pg-boss";
import { createQueue, type Queue } from "../../../app/queue/queue.ts";
import { type OpenDatabase, openDatabase, transact } from "../../../app/store/database.ts";
import { putBody } from "../../../app/store/decisions.ts";
import { outcomesOf } from "../../../app/store/effects.ts";
import { readSteps } from "../../../app/store/steps.ts";
import type { Effect } from "../../../core/effects.ts";
import { canonicalJson } from "../../../core/json.ts";
import { failuresIn } from "../../hosts/log.ts";
import { call, samplePack } from "../../hosts/model-service.ts";
import { postgresPrograms, startPostgres } from "../../hosts/postgres.ts";
import { type ServiceProcess, type ServiceProcesses, startProcesses } from "../../hosts/processes.ts";
import { waitUntil } from "../../hosts/until.ts";

/** What a process waits for while it performs: GitHub, the model, and statements about its work. */
const isAwait = (what: string) =>
  /^(?:github|model) /.test(what) ||
  /^store .*(?:\bbegin\b|\bcommit\b|"(?:leases|effects|answers|bodies|steps|spending)")/s.test(what);

/** GitHub ends a request in ten seconds, and another worker waits for thirty: one that was sent is answered long before. */
const isSentWrite = (what: string) => /^github (?:POST|PUT|PATCH|DELETE) /.test(what);

(postgresPrograms === null ? describe.skip : describe)("two processes on a PostgreSQL server", () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  let host: ServiceProcesses;
  let url: string;
  let database: OpenDatabase;
  let queue: Queue;
  let boss: PgBoss;
  let issue: number;
  let base: string;
  /** How often the model was asked for each turn of each piece of work. */
  const asked = new Map<string, number>();
  const starting = new Set<Promise<unknown>>();

  beforeAll(async () => {
    server = await startPostgres();
    url = await server.create("two");
    host = await startProcesses({
      policy: "gates: {}\n",
      answer({ messages }) {
        const [, work = ""] = /Work (\w+-\d+)/.exec(JSON.stringify(messages)) ?? [];
        const turn = messages.filter(({ role }) => role === "assistant").length;
        asked.set(`${work} turn ${turn}`, (asked.get(`${work} turn ${turn}`) ?? 0) + 1);
        if (turn === 0) return call("write", { path: "src/a/file.txt", content: `${work}\n` });
        return call("finish", { summary: "Done.", claims: [{ criterion: "It is done.", how: "Written." }] });
      },
    });
    issue = (await host.as("lena", "POST", "issues", { title: "Notes", body: "For notes." })).number;
    base = (await host.as("lena", "GET", "git/ref/heads/main")).object.sha;
    await Promise.all([host.start({ url }), host.start({ url })]);
    database = await openDatabase({ url });
    queue = createQueue(database, { limitedUntil: () => null, secrets: async () => [], log: failuresIn([]) });
    const nothing = async () => undefined;
    const idle = { reconcile: nothing, perform: async () => null, publish: nothing };
    // It works on nothing; it only enqueues.
    await queue.start({ ...idle, enqueueMatching: nothing, sweep: nothing }, new Set());
    boss = new PgBoss({ connectionString: url, supervise: false, schedule: false });
    await boss.start();
  }, 120_000);
  afterAll(async () => {
    await Promise.all(starting);
    await queue.stop();
    await boss.stop({ graceful: false });
    await host.close();
    await database.close();
    await server.close();
  });

  const works = {
    write: async (key: string): Promise<Effect> => ({ type: "notify", key, issue, line: `Note ${key}.` }),
    async agent(key: string): Promise<Effect> {
      const pack = samplePack({ contract: `Work ${key}`, repository: "acme/governed", base, paths: ["src/a/**"] });
      const { sha256 } = await putBody(database.db, Buffer.from(canonicalJson(pack)), "application/json");
      const model = { backend: "anthropic", model: "claude-sonnet-5-5" };
      return { type: "run-agent", key, run: "run-1-1", packSha256: sha256, ...model };
    },
  };

  /** As if a worker had been silent for long: its jobs go to another one, and its open transaction is ended. */
  async function takeOver() {
    const { db } = database;
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where state like 'idle in transaction%'`.execute(
      db,
    );
    for (let tries = 0; tries < 3; tries++) {
      const { rows } = await sql`update pgboss.job set heartbeat_on = heartbeat_on - interval '1 hour'
        where state = 'active' and name in ('perform', 'agent') returning id`.execute(db);
      if (rows.length > 0) break;
      await sleep(100);
    }
    await sql`update pgboss.queue set monitor_on = null, monitor_claim_on = null`.execute(db);
    await boss.supervise();
    await sql`update pgboss.job set start_after = now() where state = 'retry'`.execute(db);
  }

  /** Does a piece of work; at its n-th await the process that does it is struck, and the other one takes over. */
  async function strikeAt(n: number, work: keyof typeof works, how: "killed" | "frozen") {
    const key = `${how}${work}-${n}`;
    const { db } = database;
    const effect = await works[work](key);
    // Of its own: a worker that has just ended with the one before would go on with this one.
    const lane = work === "agent" ? `agent/${key}` : `github/${key}`;
    const subject = { kind: "issue", repository: host.repository.id, number: issue } as const;
    const outcome = async () => (await outcomesOf(db, subject)).get(key);
    const isDone = async () => (await outcome())?.status !== "waiting";
    let [worker, count]: [ServiceProcess | null, number] = [null, 0];
    const [reached, free] = [Promise.withResolvers<string>(), Promise.withResolvers<void>()];
    host.gate((what, from) => {
      // The work begins when its lease is taken.
      if (worker === null && what.includes("leases.fence + 1") && what.includes(lane)) worker = from;
      if (from !== worker || !isAwait(what)) return;
      count += 1;
      if (count !== n) return;
      if (how === "frozen" && isSentWrite(what)) {
        n += 1;
        return;
      }
      reached.resolve(what);
      return free.promise;
    });
    await transact(db, async (trx) => {
      const row = { key, lane, repository: subject.repository, subject: `issue/${subject.repository}/${issue}` };
      const payload = JSON.stringify(effect);
      await trx
        .insertInto("effects")
        .values({ ...row, type: effect.type, payload, status: "todo" })
        .execute();
      await queue.enqueueEffects(trx, lane, subject.repository);
    });
    const done = waitUntil("the end", isDone);
    const at = await Promise.race([reached.promise, done.then(() => null)]);
    const struck = worker as ServiceProcess | null;
    if (at !== null && struck !== null) {
      struck.signal(how === "killed" ? "SIGKILL" : "SIGSTOP");
      if (how === "killed") {
        await struck.exit;
        const next = host.start({ url }).finally(() => starting.delete(next));
        starting.add(next);
      }
      await takeOver();
      await done;
      if (how === "frozen") struck.signal("SIGCONT");
      free.resolve();
      // Whatever it still does, it does now.
      await sleep(300);
    }
    host.open();
    return { key, at, outcome: await outcome() };
  }

  /** A process that is killed does no more than one that is frozen, and costs a start: fewer of them will do. */
  const rows = [
    { work: "write", how: "frozen", every: 1, least: 12 },
    { work: "agent", how: "frozen", every: 1, least: 20 },
    { work: "write", how: "killed", every: 5, least: 3 },
    { work: "agent", how: "killed", every: 9, least: 3 },
  ] as const;
  test.each(rows)(
    "T243: $work, whose process is $how at each await (of $every): another one takes over, and it is done once",
    async ({ work, how, every, least }) => {
      const rounds: { key: string; at: string | null; status: string | undefined }[] = [];
      for (let n = 1; rounds.at(-1)?.at !== null; n += every) {
        const { key, at, outcome } = await strikeAt(n, work, how);
        rounds.push({ key, at, status: outcome?.status });
      }
      expect(rounds.filter(({ status }) => status !== "done")).toEqual([]);
      expect(rounds.length - 1).toBeGreaterThanOrEqual(least);
      const { comments = [] } = host.repository.issues.find(({ number }) => number === issue) ?? {};
      for (const { key, at } of rounds) {
        if (work === "write") {
          const written = comments.filter(({ body }) => body.includes(`Note ${key}.`)).length;
          expect({ key, at, written }).toEqual({ key, at, written: 1 });
          continue;
        }
        const times = [...asked].filter(([what]) => what.startsWith(`${key} `)).map(([, count]) => count);
        const steps = (await readSteps(database.db, key)).filter(({ path }) => path === "src/a/file.txt").length;
        // An answer that was paid is asked for again if it was not stored yet, and never otherwise.
        const again = times.reduce((sum, count) => sum + count - 1, 0);
        expect({ key, at, turns: times.length, again: Math.max(again, 1), steps }).toEqual({
          key,
          at,
          turns: 2,
          again: 1,
          steps: 1,
        });
      }
    },
    240_000,
  );
});
