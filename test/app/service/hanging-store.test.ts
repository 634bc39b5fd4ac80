import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { sql } from "kysely";
import { startTestService, type TestService } from "../../hosts/app.ts";
import { deliverTo } from "../../hosts/installed-app.ts";
import { postgresPrograms, startPostgres } from "../../hosts/postgres.ts";
import { waitUntil } from "../../hosts/until.ts";

const stores = { "the embedded database": true, "a PostgreSQL server": postgresPrograms !== null } as const;
for (const [store, isThere] of Object.entries(stores))
  (isThere ? describe : describe.skip)(`somebody holds a lock in ${store}`, () => {
    let server: Awaited<ReturnType<typeof startPostgres>> | null = null;
    let host: TestService;
    beforeAll(async () => {
      if (store === "a PostgreSQL server") server = await startPostgres();
      const database = server === null ? {} : { database: { url: await server.create("hanging") } };
      host = await startTestService({ policy: "gates:\n  diff-size: { files: 5 }\n", config: database });
    }, 60_000);
    afterAll(async () => {
      await host.close();
      await server?.close();
    });

    test("S8: deliveries fail in time and readiness says so; when it is free again nothing is lost", async () => {
      const { url, database } = host.service();
      const [held, free] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const holding = database.db.transaction().execute(async (trx) => {
        await sql`lock table deliveries in access exclusive mode`.execute(trx);
        held.resolve();
        await free.promise;
      });
      await held.promise;
      const main = await host.as("lena", "GET", "git/ref/heads/main");
      await host.as("quinn", "POST", "git/refs", { ref: "refs/heads/topic", sha: main.object.sha });
      await host.as("quinn", "PUT", "contents/new.txt", { message: "Add a file", branch: "topic", content: "eA==" });
      const pull = await host.as("quinn", "POST", "pulls", { title: "A change", head: "topic", base: "main" });

      const timed = async (ask: Promise<number>) => {
        const begun = Date.now();
        return { status: await ask, ms: Date.now() - begun };
      };
      const payload = { action: "opened", repository: { id: 1 }, issue: { number: 7 }, sender: { id: 1 } };
      const path = (one: string) => timed(fetch(`${url}${one}`).then(({ status }) => status));
      const [delivered, again, ready, healthy] = await Promise.all([
        timed(deliverTo(url, payload)),
        timed(deliverTo(url, payload)),
        path("/readyz"),
        path("/healthz"),
      ]);
      expect([delivered.status, again.status, ready.status, healthy.status]).toEqual([500, 500, 503, 200]);
      // GitHub gives a delivery up after ten seconds.
      for (const { ms } of [delivered, again]) expect(ms).toBeLessThan(9_500);
      expect(ready.ms).toBeLessThan(4_000);

      free.resolve();
      await holding;
      await waitUntil("readiness", async () => (await fetch(`${url}/readyz`)).status === 200);
      expect(await deliverTo(url, payload)).toBe(200);
      const { id } = await host.as("lena", "GET", "");
      const event = { action: "opened", repository: { id }, pull_request: { number: pull.number }, sender: { id: 1 } };
      expect(await deliverTo(url, event, "pull_request")).toBe(200);
      await waitUntil("the verdict", async () => host.checkOn(pull.head.sha)?.conclusion === "success");
    }, 60_000);
  });
