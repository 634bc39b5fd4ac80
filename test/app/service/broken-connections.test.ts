import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { linesFrom } from "../../../app/store/chain.ts";
import { type OpenDatabase, openDatabase } from "../../../app/store/database.ts";
import { verifyChain } from "../../../core/ledger/verify.ts";
import { postgresPrograms, startPostgres } from "../../hosts/postgres.ts";
import { type ServiceProcess, type ServiceProcesses, startProcesses } from "../../hosts/processes.ts";
import { waitUntil } from "../../hosts/until.ts";
import { wholeLedger } from "../../hosts/whole-ledger.ts";

/** In the middle of what something happens: when its request to GitHub, or the answer, is on its way. */
const moments = {
  "a look": (number: number) => new RegExp(`^github answer to POST /graphql .*"number":${number}\\b`, "s"),
  "a perform": (number: number) => new RegExp(`^github answer to POST \\S+/issues/${number}/comments `, "s"),
  "an export": () => /^github answer to POST \S+\/git\/commits .*Ledger entries/s,
};

(postgresPrograms === null ? describe.skip : describe)("on a PostgreSQL server", () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  let host: ServiceProcesses;
  let service: ServiceProcess;
  let database: OpenDatabase;
  let calm: object;
  beforeAll(async () => {
    server = await startPostgres();
    host = await startProcesses({ policy: "gates:\n  diff-size: { files: 5 }\n" });
    const url = await server.create("broken");
    service = await host.start({ url });
    database = await openDatabase({ url });
    calm = await play("calm", Promise.resolve());
  }, 120_000);
  afterAll(async () => {
    await host.close();
    await database.close();
    await server.close();
  });

  /**
   * Opens a pull request and asks about it, and gives what stands at GitHub and in the ledger when all is done. Nothing
   * is told to the service while its store is away: GitHub would have to tell it again.
   */
  async function play(name: string, isOver: Promise<void>): Promise<object> {
    const { number, sha } = await host.openPull(name);
    const { repository } = host;
    const checks = () => repository.runs.filter((one) => one.name === "sallyport" && one.suite.headSha === sha);
    const issue = () => repository.issues.find((one) => one.number === number);
    const own = () => issue()?.comments.filter(({ user }) => user.login === "sallyport[bot]") ?? [];
    await waitUntil("the verdict", async () => checks().some(({ conclusion }) => conclusion === "success"));
    await Promise.race([isOver, sleep(10_000)]);
    await host.as("quinn", "POST", `issues/${number}/comments`, { body: "/status" });
    await waitUntil("the answer", async () => own().length >= 2);
    await isOver;
    const head = async () => (await linesFrom(database.db, repository.id, 1)).map(({ line }) => line);
    await waitUntil("the export", async () => {
      const tip = await host.as("lena", "GET", "git/ref/heads/sallyport/evidence").catch(() => null);
      if (tip === null) return false;
      const { message } = await host.as("lena", "GET", `git/commits/${tip.object.sha}`);
      return new RegExp(` to ${(await head()).length}$`).test(message.trim());
    });
    expect(verifyChain(await head(), [{ key: host.key.publicKey }]).problems).toEqual([]);
    const entries = await wholeLedger(database.db, repository.id);
    const about = entries.filter(({ body }) => "pull" in body && body.pull === number);
    const plain = (text: string) => text.replace(/\b[0-9a-f]{7,64}\b/g, "<hex>").replaceAll(`#${number}`, "#<number>");
    return {
      entries: about.map(({ kind }) => kind),
      checks: checks().map(({ status, conclusion }) => `${status} ${conclusion}`),
      comments: own().map(({ body }) => plain(body).split("\n")[0]),
    };
  }

  const faults = {
    "all connections end": () => server.disconnect(),
    "the server dies and is started": () => server.restart(1_000, "immediate"),
  };
  const rows = Object.entries(moments).flatMap(([moment, request]) =>
    Object.entries(faults).map(([what, strike]) => ({ moment, what, request, strike })),
  );
  test.each(rows)(
    "S5: $what in the middle of $moment: the end is that of a calm day",
    async ({ moment, what, request, strike }) => {
      const struck = Promise.withResolvers<void>();
      let isReached = false;
      const next = Math.max(...host.repository.issues.map((issue) => issue.number)) + 1;
      const wanted = request(next);
      host.gate((asked) => {
        if (isReached || !wanted.test(asked)) return;
        isReached = true;
        strike().then(() => struck.resolve(), struck.reject);
        // The answer comes while the server is away.
        return new Promise((resolve) => setTimeout(resolve, 300));
      });
      const end = await play(`${what} ${moment}`.replaceAll(" ", "-"), struck.promise);
      host.open();
      expect({ ...end, isReached, isAlive: service.isAlive() }).toEqual({ ...calm, isReached: true, isAlive: true });
    },
    150_000,
  );
});
