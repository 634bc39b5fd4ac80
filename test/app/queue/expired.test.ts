import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { sql } from "kysely";
import { PgBoss } from "pg-boss";
import { createSigner } from "../../../app/ledger/signer.ts";
import { type ContextTools, contextOf, type Holder } from "../../../app/perform/context.ts";
import { drainOutbox } from "../../../app/perform/outbox.ts";
import { queueLimits } from "../../../app/queue/limits.ts";
import { createQueue } from "../../../app/queue/queue.ts";
import { type OpenDatabase, openDatabase, transact } from "../../../app/store/database.ts";
import { saveDecision } from "../../../app/store/decisions.ts";
import { outcomesOf } from "../../../app/store/effects.ts";
import { takeLease } from "../../../app/store/leases.ts";
import { readSteps } from "../../../app/store/steps.ts";
import { decisionOf } from "../../../core/decision.ts";
import { subjectKey } from "../../../core/subject.ts";
import { newKey } from "../../builders/ledger.ts";
import { failuresIn } from "../../hosts/log.ts";
import { postgresPrograms, startPostgres } from "../../hosts/postgres.ts";
import { waitUntil } from "../../hosts/until.ts";
import { wholeLedger } from "../../hosts/whole-ledger.ts";

const repository = 7;
const pull = { kind: "pull", repository, number: 3 } as const;
const lanes = ["github/7", "agent/7/1"] as const;

const stores = { "the embedded database": true, "a PostgreSQL server": postgresPrograms !== null } as const;
for (const [store, isThere] of Object.entries(stores))
  (isThere ? describe : describe.skip)(`on ${store}`, () => {
    let server: Awaited<ReturnType<typeof startPostgres>> | null = null;
    let database: OpenDatabase;
    beforeAll(async () => {
      if (store === "a PostgreSQL server") server = await startPostgres();
      database = await openDatabase(server === null ? { folder: null } : { url: await server.create("expired") });
    }, 60_000);
    let stop: () => Promise<void>;
    afterAll(async () => {
      await stop();
      await database.close();
      await server?.close();
    });

    /** Looks for jobs of dead workers now, as the queue does every quarter of a minute. */
    async function supervise() {
      const { db } = database;
      const boss = new PgBoss({ ...database.queue, supervise: false, schedule: false });
      await boss.start();
      await sql`update pgboss.queue set monitor_on = null, monitor_claim_on = null`.execute(db);
      await boss.supervise();
      await boss.stop({ graceful: false });
    }

    test("S2: a look, a write and an agent that take longer than they may are told to end, and what they do after counts for nothing", async () => {
      const { db } = database;
      const log: string[] = [];
      const queue = createQueue(database, { limitedUntil: () => null, secrets: async () => [], log: failuresIn(log) });
      const free = Promise.withResolvers<void>();
      const begun = { look: 0, "github/7": 0, "agent/7/1": 0 };
      const aborted: string[] = [];
      const written: string[] = [];
      const refused: string[] = [];
      /** What somebody who was taken over tries. */
      const tryLate = async (what: string, act: () => Promise<unknown>) =>
        act().then(
          () => refused.push(`${what}: NOT refused`),
          (error: { code?: string }) => refused.push(`${what}: ${error.code ?? error}`),
        );
      const request = { defaults: () => async (route: string) => void written.push(route) };
      const github = async () => ({ request, owner: "a", repo: "b" });
      const tools = {
        db,
        github: { forRepository: github },
        secrets: { search: async () => [] },
      } as never as ContextTools;

      async function perform(lane: (typeof lanes)[number], holder: Holder) {
        const first = ++begun[lane] === 1;
        const context = await contextOf(repository, holder, () => new Date(), tools);
        const note = context.steps(lane);
        const post = () => context.request("POST /repos/{owner}/{repo}/issues", { title: lane });
        if (first) {
          holder.signal.addEventListener("abort", () => aborted.push(lane));
          await free.promise;
          const budget = { attempt: 1 };
          const spending = { story: 1, currency: "EUR", price: { read: 1, written: 1 }, budget } as never;
          await tryLate(`${lane} writes`, post);
          await tryLate(`${lane} stores an answer`, () => context.calls.put(`call/${lane}`, "late"));
          await tryLate(`${lane} stores a body`, () => context.bodies.put(Buffer.from("late"), "text/plain"));
          await tryLate(`${lane} pays`, () => context.purse(lane, spending).reserve({ read: 1, written: 1 }));
          await tryLate(`${lane} notes a step`, () => note({ line: "late", path: null, patch: null, usage: null }));
          expect(await context.isOpen(lane)).toBe(false);
        } else {
          await post();
          await context.calls.put(`call/${lane}`, "in time");
          await note({ line: "in time", path: null, patch: null, usage: null });
        }
        return { type: "issue", number: first ? 1 : 2 } as const;
      }

      const sign = createSigner(newKey().pem).sign;
      const actor = { type: "app" as const, id: 99, login: "sallyport[bot]" };
      const nothing = async () => undefined;
      stop = () => queue.stop(0);
      await queue.start({
        async reconcile(subject) {
          // The effects' own subject, which is looked at when they end.
          if (subject.kind === "issue") return;
          const fence = await takeLease(db, subjectKey(subject));
          const first = ++begun.look === 1;
          if (first) await free.promise;
          if ((await wholeLedger(db, repository)).length > 0 && !first) return;
          const body = { code: "c", message: first ? "late" : "in time", issue: null };
          const decision = decisionOf({ drafts: [{ kind: "incident.raised", actor, subject: [], body }] });
          const where = { subject, fence, repository: { id: repository, name: "a/b" }, seen: [] };
          const save = () => saveDecision(db, where, decision, { sign, now: () => new Date(), queue });
          await (first ? tryLate("look records", save) : save());
        },
        perform: (lane, signal) =>
          drainOutbox(db, lane, {
            ...{ queue, signal, now: () => new Date(), limitedUntil: () => null, delayed: () => undefined },
            perform: (effect, _, holder) => perform(effect.key as (typeof lanes)[number], holder),
          }),
        ...{ publish: nothing, enqueueMatching: nothing, sweep: nothing },
      });
      await queue.enqueueNow(pull);
      await transact(db, async (trx) => {
        for (const lane of lanes) {
          const row = {
            key: lane,
            lane,
            repository,
            subject: "issue/7/2",
            type: "open-prompt",
            status: "todo" as const,
          };
          const payload = JSON.stringify({ type: "open-prompt", key: lane });
          await trx
            .insertInto("effects")
            .values({ ...row, payload })
            .execute();
          await queue.enqueueEffects(trx, lane, repository);
        }
      });
      const isAll = (count: number) => Object.values(begun).every((times) => times >= count);
      await waitUntil("all three", async () => isAll(1));

      // As if their time had passed.
      for (const name of ["look", "perform", "agent"] as const)
        await sql`update pgboss.job set started_on = started_on - make_interval(secs => ${queueLimits[name].expires + 1})
          where name = ${name} and state = 'active'`.execute(db);
      await supervise();
      await waitUntil("others", async () => isAll(2));
      await waitUntil("the signals", async () => aborted.length === 2 && log.some((line) => line.includes("look job")));
      expect(aborted.toSorted()).toEqual(lanes.toSorted());
      free.resolve();
      await waitUntil("what comes late", async () => refused.length === 11);
      expect(refused.filter((line) => !line.endsWith(": lease-lost"))).toEqual([]);

      const outcomes = await outcomesOf(db, { kind: "issue", repository, number: 2 });
      for (const lane of lanes) {
        expect(outcomes.get(lane)).toEqual({ status: "done", result: { type: "issue", number: 2 } });
        expect((await readSteps(db, lane)).map(({ line }) => line)).toEqual(["in time"]);
      }
      expect(written).toHaveLength(2);
      expect((await wholeLedger(db, repository)).map(({ body }) => "message" in body && body.message)).toEqual([
        "in time",
      ]);
    }, 60_000);
  });
