import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { sql } from "kysely";
import { anchorText } from "../../../app/ledger/anchor.ts";
import { raiseIncident } from "../../../app/ledger/incident.ts";
import { publishLedger } from "../../../app/ledger/publish.ts";
import { restoreChain } from "../../../app/ledger/restore.ts";
import { refuseSecondSigner } from "../../../app/ledger/second-signer.ts";
import { createSigner } from "../../../app/ledger/signer.ts";
import { chainSource } from "../../../app/ledger/source.ts";
import { appendEntries, headOf } from "../../../app/store/chain.ts";
import { type OpenDatabase, openDatabase } from "../../../app/store/database.ts";
import type { Draft } from "../../../core/entries.ts";
import { evidenceBranch } from "../../../core/ledger/branch.ts";
import { parsePublicKey } from "../../../core/ledger/public-key.ts";
import { newKey } from "../../builders/ledger.ts";
import { type Acme, startAcme } from "../../hosts/store-and-github.ts";

let acme: Acme;
let database: OpenDatabase;
const signer = createSigner(newKey().pem);

beforeAll(async () => {
  acme = await startAcme();
  database = await openDatabase({ folder: null });
}, 30_000);
afterAll(async () => {
  await database.close();
  await acme.close();
});
beforeEach(async () => {
  for (const table of ["entries", "entry_keys", "chains", "exports"] as const)
    await database.db.deleteFrom(table).execute();
  await acme.as("lena", "DELETE", `git/refs/heads/${evidenceBranch}`).catch(() => {});
});

const happen = (code: string, message: string, subject: { name: string; digest: { sha256: string } }[] = []) =>
  raiseIncident(
    {
      db: database.db,
      repository: { id: acme.repository, name: "acme/web" },
      ourselves: acme.world.ourselves,
    },
    { code, message, subject },
    { sign: signer.sign, now: () => new Date("2026-11-21T10:00:00.000Z") },
  );
const publish = () => {
  const { github, reader, secrets, ourselves } = acme.world;
  return publishLedger(github, chainSource(database.db, acme.repository, { reader, secrets, ourselves }));
};
const restore = () =>
  restoreChain(database.db, acme.world.github, {
    repository: acme.repository,
    appId: acme.world.ourselves.appId,
    ownKey: parsePublicKey(signer.publicKey),
    acceptLoss: false,
  });

/** A pull request whose check of ours names an entry as the ledger's head. */
async function check(head: { seq: number; hash: string }): Promise<void> {
  const { object } = await acme.as("lena", "GET", "git/ref/heads/main");
  const branch = `change-${head.seq}`;
  await acme.as("lena", "POST", "git/refs", { ref: `refs/heads/${branch}`, sha: object.sha });
  const { commit } = await acme.as("lena", "PUT", `contents/${branch}.txt`, {
    message: "change",
    content: "eA==",
    branch,
  });
  await acme.as("lena", "POST", "pulls", { title: "A change", head: branch, base: "main" });
  const { request, owner, repo } = acme.world.github;
  await request("POST /repos/{owner}/{repo}/check-runs", {
    owner,
    repo,
    name: "sallyport",
    head_sha: commit.sha,
    status: "completed",
    conclusion: "success",
    output: { title: "t", summary: "s", text: anchorText(head) },
  });
}

test("what models cost comes back with the entries that say it, or neither does", async () => {
  const { db } = database;
  const price = { input: 1, output: 10 };
  const body = {
    ...{ story: 1, request: { type: "label", id: 1, label: "ai:plan" }, code: "refused", message: "It refused." },
    cost: { micros: 250_000, currency: "USD", price },
  };
  const { bot } = acme.world.ourselves;
  const draft = { kind: "plan.failed", actor: { type: "app", id: 1, login: bot.login }, subject: [], body } as Draft;
  const tools = { sign: signer.sign, now: () => new Date("2026-11-21T10:00:00.000Z") };
  await appendEntries(db, { id: acme.repository, name: "acme/web" }, [draft], tools);
  await publish();
  for (const table of ["entries", "entry_keys", "chains", "exports"] as const) await db.deleteFrom(table).execute();
  await sql`alter table spending rename to spending_away`.execute(db);
  await expect(restore()).rejects.toThrow("spending");
  await sql`alter table spending_away rename to spending`.execute(db);
  expect(await restore()).toMatchObject({ entries: 1 });
  expect(await db.selectFrom("spending").select("micros").execute()).toEqual([{ micros: 250_000 }]);
});

test("T143 a store from an older backup beside a branch that was cut shorter is noticed by the checks", async () => {
  await happen("x", "one");
  await happen("x", "two");
  await publish();
  await happen("x", "three");
  // A store that is only not published yet goes on.
  expect(await restore()).toMatchObject({ entries: 0, lost: null });

  const lost = { seq: 4, hash: "f".repeat(64) };
  await check(lost);
  await expect(restore()).rejects.toMatchObject({ code: "ledger-behind" });
  await acme.as("lena", "DELETE", `git/refs/heads/${evidenceBranch}`);
  await expect(restore()).rejects.toMatchObject({ code: "ledger-behind" });
  expect(await headOf(database.db, acme.repository)).toMatchObject({ seq: 3 });

  // What a person gave up once is not asked for again.
  await happen("entries-lost", `Entry 9 is lost, and here is the name of another: ${lost.hash}.`);
  await expect(restore()).rejects.toMatchObject({ code: "ledger-behind" });
  await happen("entries-lost", "It is lost.", [{ name: `entry ${lost.seq}`, digest: { sha256: lost.hash } }]);
  expect(await restore()).toMatchObject({ entries: 0, lost: null });
});

test("S6: a branch with entries of our key that this database lacks is a second signer; what others can put there is none", async () => {
  await happen("x", "one");
  await publish();
  const ask = async (from: string) => {
    const failure = await publish().then(
      () => null,
      (error: unknown) => error,
    );
    const { repository, world } = acme;
    const own = { db: database.db, repository, ownKey: parsePublicKey(signer.publicKey) };
    return refuseSecondSigner(failure, world.github, own).then(
      () => `${from}: ours`,
      (error: { code: string }) => `${from}: ${error.code}`,
    );
  };
  const told = [await ask("untouched")];
  // The database of another service that began at the same entries, and published first.
  const shared = await database.db.selectFrom("entries").selectAll().execute();
  await happen("x", "theirs");
  await publish();
  await database.db.deleteFrom("entries").where("seq", "=", 2).execute();
  await database.db
    .updateTable("chains")
    .set({ seq: 1, hash: shared[0]?.hash ?? "" })
    .execute();
  await database.db.deleteFrom("exports").execute();
  told.push(await ask("behind"));
  await happen("x", "ours");
  told.push(await ask("apart"));
  // Somebody who may push writes over an entry.
  const path = `contents/ledger/0001.jsonl`;
  const { sha, content } = await acme.as("lena", "GET", `${path}?ref=${encodeURIComponent(evidenceBranch)}`);
  const [first, second] = Buffer.from(content, "base64").toString().split("\n");
  const forged = `${first}\n${second?.replace(/"sig":"..../, '"sig":"AAAA')}\n`;
  const body = { message: "m", branch: evidenceBranch, sha, content: Buffer.from(forged).toString("base64") };
  await acme.as("lena", "PUT", path, body);
  told.push(await ask("forged"));
  expect(told).toEqual(["untouched: ours", "behind: second-signer", "apart: second-signer", "forged: ours"]);
});

test("S6: what another process records and shows while this one reads the store is not lost", async () => {
  // The lost one of a test before was given up.
  await happen("entries-lost", "It is lost.", [{ name: "entry 4", digest: { sha256: "f".repeat(64) } }]);
  await publish();
  for (const number of [2, 3, 4, 5]) await happen("x", `number ${number}`);
  const { github } = acme.world;
  let meanwhile: Promise<void> | null = null;
  const other = async () => {
    await happen("x", "of another process");
    const head = await headOf(database.db, acme.repository);
    if (head !== null) await check(head);
  };
  const request = new Proxy(github.request, {
    async apply(target, itself, call) {
      if (String(call[0]).includes("/pulls")) {
        meanwhile ??= other();
        await meanwhile;
      }
      return Reflect.apply(target, itself, call);
    },
  });
  const ownKey = parsePublicKey(signer.publicKey);
  const options = { repository: acme.repository, appId: acme.world.ourselves.appId, ownKey, acceptLoss: false };
  expect(await restoreChain(database.db, { ...github, request }, options)).toMatchObject({ lost: null });
  expect(meanwhile).not.toBeNull();
});
