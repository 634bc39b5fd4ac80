import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createSigner } from "../../../app/ledger/signer.ts";
import { reconcile } from "../../../app/reconcile/reconcile.ts";
import type { ReconcileTools } from "../../../app/reconcile/tools.ts";
import { appendEntries } from "../../../app/store/chain.ts";
import { type OpenDatabase, openDatabase } from "../../../app/store/database.ts";
import { saveDecision } from "../../../app/store/decisions.ts";
import { standingOf } from "../../../app/store/folds.ts";
import { takeLease } from "../../../app/store/leases.ts";
import { createEntryReader } from "../../../app/store/readings.ts";
import { type Draft, entriesOf } from "../../../core/entries.ts";
import { subjectKey } from "../../../core/subject.ts";
import { newKey } from "../../builders/ledger.ts";
import { type Acme, startAcme } from "../../hosts/store-and-github.ts";
import { wholeLedger } from "../../hosts/whole-ledger.ts";

let acme: Acme;
let database: OpenDatabase;
beforeAll(async () => {
  acme = await startAcme();
  database = await openDatabase({ folder: null });
  const content = Buffer.from("version: 1\npeople: { planners: ['@lena'] }\n").toString("base64");
  await acme.as("lena", "PUT", "contents/.github/sallyport.yml", { message: "Policy", content });
}, 60_000);
afterAll(async () => {
  await database.close();
  await acme.close();
});

/**
 * What is recorded of a command on a new issue, by kind and number, where other entries come in between a reading and
 * its recording: `meanwhile` says which, by the issue and how often it was tried.
 */
async function looked(meanwhile: (issue: number, tries: number) => Draft[], labels = ["story"]) {
  const { db } = database;
  const { repository, world } = acme;
  const { number } = await acme.as("lena", "POST", "issues", { title: "A story", body: "", labels });
  await acme.as("lena", "POST", `issues/${number}/comments`, { body: "/status" });
  const nothing = async () => undefined;
  const queue = { enqueue: nothing, enqueueEffects: nothing, enqueuePublish: nothing };
  const ledger = { sign: createSigner(newKey().pem).sign, now: world.now, queue };
  let tries = 0;
  const asked: string[] = [];
  const tools: ReconcileTools = {
    ...{ db, ourselves: world.ourselves, cache: world.cache, secrets: world.secrets, now: world.now },
    ...{ onboarding: null, digestWebhook: null, log: () => undefined },
    github: (id) => acme.clients.forRepository(id, "read"),
    entries: createEntryReader(db, 1_000_000),
    standing: (id) => standingOf(db, id),
    takeLease: (subject) => takeLease(db, subjectKey(subject)),
    async record(where, decision) {
      tries += 1;
      await appendEntries(db, { id: repository, name: "acme/web" }, meanwhile(number, tries), ledger);
      const saved = await saveDecision(db, where, decision, ledger);
      if (saved === "recorded") asked.push(...decision.effects.map((effect) => JSON.stringify(effect)));
      return saved;
    },
  };
  if (labels.length === 0) await appendEntries(db, { id: repository, name: "acme/web" }, meanwhile(number, 0), ledger);
  const before = (await wholeLedger(db, repository)).length;
  const end = await reconcile({ kind: "issue", repository, number }, tools).catch((error: unknown) => error);
  const fresh = (await wholeLedger(db, repository)).slice(before);
  const codes = entriesOf(fresh, "command").map(({ body }) => body.code);
  return { end, number, tries, asked, kinds: fresh.map(({ kind }) => kind), codes };
}

const incident = (issue: number): Draft => ({
  kind: "incident.raised",
  actor: { type: "app", id: 99, login: "sallyport[bot]" },
  subject: [],
  body: { code: "c", message: "m", issue },
});

test("an entry about the subject that comes in before its decision is recorded: it is decided again, on that entry too", async () => {
  const { end, tries, kinds } = await looked((issue, count) => (count === 1 ? [incident(issue)] : []));
  expect({ end, tries, kinds }).toEqual({ end: undefined, tries: 3, kinds: ["incident.raised", "command"] });
});

test("an entry about something else makes nobody decide again", async () => {
  const { end, tries, kinds } = await looked((issue, count) => (count === 1 ? [incident(issue + 1_000)] : []));
  expect({ end, tries, kinds }).toEqual({ end: undefined, tries: 2, kinds: ["incident.raised", "command"] });
});

test("a ledger that moves each time lets the others have their turn, and nothing is recorded on what is old", async () => {
  const { end, kinds } = await looked((issue) => [incident(issue)]);
  expect(end).toMatchObject({ code: "lease-lost", retry: true });
  expect(kinds).not.toContain("command");
});

test("what a look asked for before it decides on what it recorded, it does not ask for again", async () => {
  const { end, tries, asked } = await looked(() => []);
  expect({ end, tries }).toEqual({ end: undefined, tries: 2 });
  expect(asked.length).toBeGreaterThan(1);
  expect(asked).toEqual([...new Set(asked)]);
});

test("T10: a story that is under way is answered as one also where somebody took its label off", async () => {
  const asked = (issue: number): Draft => ({
    kind: "command",
    actor: { type: "user", id: 1, login: "lena" },
    subject: [],
    body: {
      ...{ issue, source: { type: "comment", id: 1 }, command: "plan", accepted: true, code: "planning", message: "m" },
      text: "",
    },
  });
  expect((await looked((issue, tries) => (tries === 0 ? [asked(issue)] : []), [])).codes).toEqual(["shown"]);
  expect((await looked(() => [], [])).codes).toEqual(["wrong-place"]);
});
