import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { publishLedger } from "../../../app/ledger/publish.ts";
import { type PurgeTools, purge } from "../../../app/ledger/purge.ts";
import { restoreChain } from "../../../app/ledger/restore.ts";
import { createSigner } from "../../../app/ledger/signer.ts";
import { chainSource } from "../../../app/ledger/source.ts";
import { appendEntries } from "../../../app/store/chain.ts";
import { type OpenDatabase, openDatabase } from "../../../app/store/database.ts";
import { getBody, putBody } from "../../../app/store/decisions.ts";
import type { Draft } from "../../../core/entries.ts";
import { bodyPath, evidenceBranch } from "../../../core/ledger/branch.ts";
import { parsePublicKey } from "../../../core/ledger/public-key.ts";
import { acted } from "../../builders/attempt-entries.ts";
import { newKey } from "../../builders/ledger.ts";
import { type Acme, type Json, startAcme } from "../../hosts/store-and-github.ts";
import { wholeLedger } from "../../hosts/whole-ledger.ts";

let acme: Acme;
let database: OpenDatabase;
const signer = createSigner(newKey().pem);
const keeping = (more: string) =>
  `version: 1\nledger: { keys: [{ key: "${signer.publicKey}" }], payload: full${more} }\n`;
const day = 86_400_000;

beforeAll(async () => {
  acme = await startAcme();
  database = await openDatabase({ folder: null });
  await setPolicy(keeping(", retention: 30d"));
}, 30_000);
afterAll(async () => {
  await database.close();
  await acme.close();
});

beforeEach(async () => {
  for (const table of ["entries", "entry_keys", "chains", "exports", "bodies", "answers"] as const)
    await database.db.deleteFrom(table).execute();
  await acme.as("lena", "DELETE", `git/refs/heads/${evidenceBranch}`).catch(() => {});
});

async function setPolicy(text: string): Promise<void> {
  const path = "contents/.github/sallyport.yml";
  const old = await acme.as("lena", "GET", path).catch(() => null);
  const content = Buffer.from(text).toString("base64");
  await acme.as("lena", "PUT", path, {
    message: "Policy",
    content,
    ...(old === null ? {} : { sha: old.sha }),
  });
}

/** What the purge needs, `later` days from now. */
function tools(later: number, enqueued: number[] = []): PurgeTools {
  return {
    db: database.db,
    ourselves: acme.world.ourselves,
    github: async () => acme.world.github,
    restored: async () => undefined,
    sign: signer.sign,
    now: () => new Date(Date.now() + later * day),
    queue: { enqueuePublish: async (_trx, repository) => void enqueued.push(repository) },
  };
}

/** Records entries, with the bodies "a" and "b" in the place of the digests of that letter. */
async function happen(acts: Parameters<typeof acted>[0][], repository = acme.repository): Promise<void> {
  const drafts: Draft[] = acts.map((act) => JSON.parse(JSON.stringify(acted(act), replaced)));
  await appendEntries(database.db, { id: repository, name: "acme/web" }, drafts, tools(0));
  for (const letter of ["a", "b"]) await putBody(database.db, bytes(letter), "application/json");
}
const bytes = (letter: string) => Buffer.from(`"${letter}"`);
const digest = (letter: string) => createHash("sha256").update(bytes(letter)).digest("hex");
const replaced = (_key: string, value: unknown) =>
  typeof value === "string" && /^(a{64}|b{64})$/.test(value) ? digest(value[0] ?? "") : value;

const inStore = async () => {
  const found = await Promise.all(["a", "b"].map((letter) => getBody(database.db, digest(letter))));
  return found.map((body) => body !== null);
};
const kinds = async (repository = acme.repository) =>
  (await wholeLedger(database.db, repository)).map(({ kind }) => kind);
const publish = () => {
  const { github, reader, secrets, ourselves } = acme.world;
  return publishLedger(github, chainSource(database.db, acme.repository, { reader, secrets, ourselves }));
};
async function onBranch(): Promise<string[]> {
  const { tree } = await acme.as("lena", "GET", `git/trees/${encodeURIComponent(evidenceBranch)}?recursive=1`);
  return tree.filter((one: Json) => one.type === "blob").map((one: Json) => one.path);
}
async function isOnBranch(): Promise<boolean[]> {
  const paths = await onBranch();
  return ["a", "b"].map((letter) => paths.includes(bodyPath(digest(letter))));
}

const whole = ["ask", "answer", "accept", "end"] as const;

test("bodies of a closed run leave the store after their time, and with the entry's export the branch", async () => {
  await happen([...whole]);
  await publish();
  expect(await isOnBranch()).toEqual([true, true]);

  await purge(acme.repository, tools(29));
  expect([await inStore(), (await kinds()).at(-1)]).toEqual([[true, true], "run.closed"]);

  const enqueued: number[] = [];
  await purge(acme.repository, tools(31, enqueued));
  expect([await inStore(), (await kinds()).at(-1)]).toEqual([[false, false], "payload.purged"]);
  expect(enqueued).toEqual([acme.repository]);
  expect(await isOnBranch()).toEqual([true, true]);

  const before = (await acme.as("lena", "GET", `git/ref/heads/${evidenceBranch}`)).object.sha;
  await publish();
  expect(await isOnBranch()).toEqual([false, false]);
  expect(await onBranch()).toEqual(["README.md", "ledger/0001.jsonl"]);
  const tip = (await acme.as("lena", "GET", `git/ref/heads/${evidenceBranch}`)).object.sha;
  expect((await acme.as("lena", "GET", `git/commits/${tip}`)).parents).toMatchObject([{ sha: before }]);

  // Once.
  await purge(acme.repository, tools(32));
  expect(await kinds()).toEqual([
    "prompt.recorded",
    "response.recorded",
    "attempt.closed",
    "run.closed",
    "payload.purged",
  ]);
  expect(await publish()).toBeNull();
});

test("what was never published is not taken off the branch: GitHub would refuse that", async () => {
  await setPolicy(keeping(", retention: 30d").replace("payload: full", "payload: digest"));
  await happen([...whole]);
  await publish();
  await purge(acme.repository, tools(31));
  await setPolicy(keeping(", retention: 30d"));
  const written = acme.watch.exchanges.length;
  expect(await publish()).toMatchObject({ seq: 5 });
  const trees = acme.watch.exchanges.slice(written).filter(({ path }) => path.endsWith("/git/trees"));
  expect(trees).toHaveLength(1);
  expect(JSON.stringify(trees)).not.toContain("bodies/");
  expect(await inStore()).toEqual([false, false]);
});

test("killed after the entry and before the bodies went: the next look goes on", async () => {
  await happen([...whole]);
  const stopped = tools(31);
  const die = () => {
    throw new Error("killed");
  };
  const db = new Proxy(stopped.db, {
    get(of, name) {
      const value: unknown = name === "deleteFrom" ? die : Reflect.get(of, name);
      return typeof value === "function" ? value.bind(of) : value;
    },
  });
  const killed = { ...stopped, db };
  await expect(purge(acme.repository, killed)).rejects.toThrow("killed");
  expect([await inStore(), (await kinds()).at(-1)]).toEqual([[true, true], "payload.purged"]);
  await purge(acme.repository, tools(31));
  expect(await inStore()).toEqual([false, false]);
  expect((await kinds()).filter((kind) => kind === "payload.purged")).toHaveLength(1);
});

describe("nothing is given up", () => {
  const untouched = async (later: number, entries: number) => {
    await purge(acme.repository, tools(later));
    expect(await inStore()).toEqual([true, true]);
    expect(await kinds()).toHaveLength(entries);
  };

  test("of a run that is open, whatever its age, while its story may go on", async () => {
    await happen(["ask", "answer"]);
    await untouched(4_000, 2);
  });

  test("without a rule for it, and when the policy cannot be read", async () => {
    await happen([...whole]);
    await setPolicy(keeping(""));
    await untouched(4_000, 4);
    await setPolicy(keeping(", retention: 30d"));
    acme.sandbox.fault({ kind: "status", path: "/graphql$", status: 500 });
    await expect(purge(acme.repository, tools(31))).rejects.toMatchObject({ retry: true });
    expect(await kinds()).toHaveLength(4);
  });

  test("when an entry is recorded while it is decided", async () => {
    await happen([...whole]);
    const slow = tools(31);
    const github = async () => {
      await happen([["ask", { run: "run-7-2", s: 1 }]]);
      return acme.world.github;
    };
    await expect(purge(acme.repository, { ...slow, github })).rejects.toMatchObject({ code: "lease-lost" });
    expect(await kinds()).not.toContain("payload.purged");
  });
});

test("an open run whose story a person closed keeps nothing", async () => {
  const { number } = await acme.as("lena", "POST", "issues", { title: "A story" });
  const ofStory = (act: Parameters<typeof acted>[0]) => {
    const made = acted(act);
    return { ...made, body: { ...made.body, story: number } } as Draft;
  };
  const [ask] = [ofStory("ask")].map((one): Draft => JSON.parse(JSON.stringify(one, replaced)));
  if (ask === undefined) throw new Error("no entry");
  await appendEntries(database.db, { id: acme.repository, name: "acme/web" }, [ask], tools(0));
  await putBody(database.db, bytes("a"), "application/json");
  await purge(acme.repository, tools(31));
  expect(await kinds()).toEqual(["prompt.recorded"]);
  await acme.as("lena", "PATCH", `issues/${number}`, { state: "closed" });
  await purge(acme.repository, tools(31));
  expect(await kinds()).toEqual(["prompt.recorded", "payload.purged"]);
  expect(await inStore()).toEqual([false, false]);
});

test("content that another repository's ledger names, and what was stored again today, stays in the store", async () => {
  await happen([...whole]);
  await happen(["ask"], acme.repository + 1_000);
  await purge(acme.repository, tools(31));
  expect(await inStore()).toEqual([true, false]);

  await database.db
    .updateTable("bodies")
    .set({ stored_at: new Date(Date.now() + 40 * day) })
    .execute();
  await putBody(database.db, bytes("b"), "application/json");
  await purge(acme.repository, tools(0.5));
  expect(await inStore()).toEqual([true, true]);
});

test("raw answers of the models go with them, those of another repository stay", async () => {
  await happen([...whole]);
  const { db } = database;
  const rows = [acme.repository, acme.repository + 1].map((repository) => ({
    repository,
    key: `${repository}`,
  }));
  await db
    .insertInto("answers")
    .values(rows.map((row) => ({ ...row, answer: "{}" })))
    .execute();
  const left = async () => (await db.selectFrom("answers").select("key").execute()).map(({ key }) => key);
  await purge(acme.repository, tools(29));
  expect(await left()).toHaveLength(2);
  await purge(acme.repository, tools(31));
  expect(await left()).toEqual([String(acme.repository + 1)]);
});

test("T167 a server that burns down reads the ledger back without the bodies that were given up", async () => {
  await happen([...whole]);
  await publish();
  await purge(acme.repository, tools(31));
  await publish();
  const fresh = await openDatabase({ folder: null });
  try {
    const site = {
      repository: acme.repository,
      appId: 4001,
      ownKey: parsePublicKey(signer.publicKey),
      acceptLoss: false,
    };
    expect(await restoreChain(fresh.db, acme.world.github, site)).toMatchObject({
      entries: 5,
      bodies: 0,
      unpublished: 0,
      purged: 2,
    });
    // And goes on from there.
    await purge(acme.repository, { ...tools(60), db: fresh.db });
    expect(await wholeLedger(fresh.db, acme.repository)).toHaveLength(5);
  } finally {
    await fresh.close();
  }
}, 30_000);
