import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { raiseIncident } from "../../../app/ledger/incident.ts";
import { createSigner } from "../../../app/ledger/signer.ts";
import type { Queue } from "../../../app/queue/queue.ts";
import { createJobs } from "../../../app/service/jobs.ts";
import { createSecrets } from "../../../app/settings/secrets.ts";
import { headOf } from "../../../app/store/chain.ts";
import { type OpenDatabase, openDatabase } from "../../../app/store/database.ts";
import type { Subject } from "../../../core/subject.ts";
import { newKey } from "../../builders/ledger.ts";
import { configOf } from "../../hosts/installed-app.ts";
import { failuresIn } from "../../hosts/log.ts";
import { type Acme, startAcme } from "../../hosts/store-and-github.ts";
import { wholeLedger } from "../../hosts/whole-ledger.ts";

let acme: Acme;
let database: OpenDatabase;
beforeAll(async () => {
  [acme, database] = await Promise.all([startAcme(), openDatabase({ folder: null })]);
  const policy =
    'version: 1\npeople: { planners: ["@lena"] }\ngates: { forbidden-paths: { deny: ["governance/**"] } }\n';
  await write(".github/sallyport.yml", policy, "main");
});
afterAll(async () => {
  await acme.close();
  await database.close();
});

const write = (path: string, text: string, branch: string) =>
  acme.as("lena", "PUT", `contents/${path}`, {
    ...{ message: "Write", branch },
    content: Buffer.from(text).toString("base64"),
  });

const signer = createSigner(newKey().pem);

/** The jobs of a service that starts now; `limit`: what is known of GitHub's limit when one is over. */
function startJobs(limit: Date | null = null, end: (reason: Error) => void = () => undefined) {
  const nothing = async () => undefined;
  const queue: Queue = {
    ...{ enqueue: nothing, enqueueEffects: nothing, enqueuePublish: nothing, enqueueNamed: nothing },
    ...{ enqueueNow: nothing, start: nothing, stop: nothing },
  };
  const config = configOf({ privateKey: acme.privateKey, apiUrl: acme.sandbox.url, port: 0 });
  return createJobs({
    ...config,
    ...{ db: database.db, queue, ourselves: acme.world.ourselves, onboarding: null, pagesUrl: null },
    github: { ...acme.clients, limitedUntil: () => limit },
    signer,
    secrets: createSecrets(config),
    signal: new AbortController().signal,
    end,
    log: failuresIn([]),
  });
}

/** Looks at a subject; `limit`: what is known of GitHub's limit when that is over. */
const look = (subject: Pick<Subject, "kind" | "number">, limit: Date | null) =>
  startJobs(limit).reconcile({ ...subject, repository: acme.repository } as Subject);

test("a limit that another look met holds up no decision that lacks nothing, also where a next look is asked for", async () => {
  const epic = await acme.as("wes", "POST", "issues", { title: "An epic", body: "Much.", labels: ["epic"] });
  await acme.as("lena", "POST", `issues/${epic.number}/comments`, { body: "/take-over" });
  await look({ kind: "issue", number: epic.number }, new Date(Date.now() + 3_600_000));
  const kinds = (await wholeLedger(database.db, acme.repository)).map(({ kind }) => kind);
  expect(kinds).toContain("command");
});

test("a look says nothing on what GitHub's limit kept from it, also where that is over when it decides", async () => {
  const main = await acme.as("lena", "GET", "git/ref/heads/main");
  await acme.as("lena", "POST", "git/refs", { ref: "refs/heads/topic", sha: main.object.sha });
  await write("governance/a.md", "Mine.\n", "topic");
  const pull = await acme.as("lena", "POST", "pulls", { title: "Mine", head: "topic", base: "main" });
  acme.sandbox.fault({ kind: "secondary_limit", path: "/git/trees/", retry_after: 1 });
  await expect(look({ kind: "pull", number: pull.number }, null)).rejects.toMatchObject({ code: "rate-limit" });
  const given = await database.db.selectFrom("effects").select("type").where("subject", "like", "pull/%").execute();
  expect(given).toEqual([]);
});

test("S6: a backup that was made before a publish is read on from GitHub, and is no second signer", async () => {
  const { db } = database;
  const { repository } = acme;
  const tables = ["chains", "entries", "entry_keys", "exports"] as const;
  const record = (message: string) =>
    raiseIncident(
      { db, repository: { id: repository, name: "acme/web" }, ourselves: acme.world.ourselves },
      { code: "x", message },
      { sign: signer.sign, now: () => new Date() },
    );
  const before = startJobs();
  await record("one");
  await before.publish(repository);
  await record("two");
  const backup = await Promise.all(
    tables.map(async (table) => [table, await db.selectFrom(table).selectAll().execute()]),
  );
  await before.publish(repository);
  await record("three");
  await before.publish(repository);
  const last = await headOf(db, repository);
  for (const table of tables) await db.deleteFrom(table).execute();
  for (const [table, rows] of backup as [(typeof tables)[number], never[]][])
    await db.insertInto(table).values(rows).execute();

  const ends: Error[] = [];
  await startJobs(null, (reason) => ends.push(reason)).publish(repository);
  expect({ ends, head: await headOf(db, repository) }).toEqual({ ends: [], head: last });
});
