/**
 * What a look costs by the length of the ledger: its own part, which is reading the ledger, deciding and recording. The
 * same looks in ledgers of 100, 10,000 and 100,000 entries, in turn, each in a database of its own.
 */
import { generateKeyPairSync } from "node:crypto";
import type { KyselyPlugin } from "kysely";
import { createSigner } from "../app/ledger/signer.ts";
import { adoptLines } from "../app/store/chain.ts";
import { type Database, openDatabase } from "../app/store/database.ts";
import { saveDecision } from "../app/store/decisions.ts";
import { standingOf } from "../app/store/folds.ts";
import { takeLease } from "../app/store/leases.ts";
import { createEntryReader, type EntryReader, type Reading } from "../app/store/readings.ts";
import type { Decision } from "../core/decision.ts";
import { known } from "../core/known.ts";
import { appendEntry, type LedgerHead } from "../core/ledger/entry.ts";
import { pullReads } from "../core/pull/facts.ts";
import { decidePull } from "../core/pull/pull.ts";
import { numbersSince } from "../core/repository/numbers.ts";
import { issueReads } from "../core/story/facts.ts";
import { decideStory } from "../core/story/story.ts";
import { type Subject, subjectKey } from "../core/subject.ts";
import { pullContext } from "../test/builders/pull-context.ts";
import { facts as pullFacts } from "../test/builders/pull-facts.ts";
import { playStory } from "../test/builders/story.ts";
import { postgresPrograms, startPostgres } from "../test/hosts/postgres.ts";
import { storyDrafts } from "./ledger-entries.ts";
import { atMost, printTable, type Row } from "./table.ts";

const lengths = [100, 10_000, 100_000];
const rounds = 60;
const repository = { id: 7, name: "acme/web" };
const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const signer = createSigner(pem);
const nothing = async () => undefined;
const tools = {
  sign: signer.sign,
  now: () => new Date("2026-11-22T10:00:00.000Z"),
  queue: { enqueue: nothing, enqueueEffects: nothing, enqueuePublish: nothing },
};

let queries = 0;
const counting: KyselyPlugin = {
  transformQuery({ node }) {
    queries += 1;
    return node;
  },
  transformResult: async ({ result }) => result,
};

/** A ledger of so many entries, whole stories, two entries a day: the last days hold the same however long it is. */
async function fill(db: Database, count: number): Promise<void> {
  let head: LedgerHead = null;
  let lines: { seq: number; line: string }[] = [];
  for (let story = 0; (head?.seq ?? 0) < count; story += 1) {
    for (const draft of storyDrafts(story)) {
      const days = (count - (head?.seq ?? 0)) / 2;
      const at = new Date(Date.UTC(2026, 10, 22) - days * 86_400_000).toISOString();
      const appended: Awaited<ReturnType<typeof appendEntry>> = await appendEntry(
        head,
        { ...draft, repository, at },
        signer.sign,
      );
      head = appended.head;
      lines.push({ seq: head.seq, line: appended.line });
    }
    if (lines.length < 1_000 && (head?.seq ?? 0) < count) continue;
    await adoptLines(db, repository.id, lines);
    lines = [];
  }
}

type Look = (read: EntryReader, db: Database, round: number) => Promise<void>;

async function record(db: Database, subject: Subject, seen: Reading, decision: Decision): Promise<void> {
  const fence = await takeLease(db, subjectKey(subject));
  const end = await saveDecision(db, { subject, fence, repository, seen: [seen] }, decision, tools);
  if (end !== "recorded") throw new Error(`${subjectKey(subject)} was not recorded`);
}

/** The pull request of the second story, as a run made it; a new head each round, where it is to be judged anew. */
const lookAtPull =
  (isChanged: boolean): Look =>
  async (read, db, round) => {
    const number = 17;
    const sha = (isChanged ? round + 1 : 0).toString(16).padStart(40, "0");
    const commits = known([{ sha, parents: ["b".repeat(40)], tree: "a".repeat(40), message: "Work" }]);
    const judged = pullFacts({ head: { sha }, commits });
    const given = pullContext(judged, { number, repository: { ...repository, defaultBranch: "main" } });
    const seen = await read(repository.id, pullReads(given));
    const decision = decidePull({ ...given, entries: seen.entries });
    if (isChanged) await record(db, { kind: "pull", repository: repository.id, number }, seen, decision);
  };

const lookAtStory: Look = async (read) => {
  const given = playStory().facts();
  const facts = { ...given, issue: { ...given.issue, number: 11 } };
  const seen = await read(repository.id, issueReads(facts));
  decideStory({ ...facts, entries: seen.entries });
};

const lookAtRepository: Look = async (_read, db) => {
  numbersSince(await standingOf(db, repository.id), "2026-10-23T00:00:00.000Z");
};

const memory = 64 * 1024 * 1024;
const looks: Record<string, { look: Look; isCold?: true }> = {
  "a pull request as it was, carried on": { look: lookAtPull(false) },
  "a pull request as it was, read anew": { look: lookAtPull(false), isCold: true },
  "a story as it was, read anew": { look: lookAtStory, isCold: true },
  "a changed pull request, with its entries": { look: lookAtPull(true) },
  "the repository, after those": { look: lookAtRepository },
};

const middle = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

async function measure(store: string, open: (name: string) => ReturnType<typeof openDatabase>): Promise<Row[]> {
  const sites = [];
  for (const length of lengths) {
    const { db, close } = await open(`length_${length}`);
    await fill(db, length);
    await standingOf(db, repository.id);
    sites.push({ length, db: db.withPlugin(counting), close });
  }
  const rows: Row[] = [];
  for (const [name, { look, isCold }] of Object.entries(looks)) {
    const taken = sites.map(() => ({ ms: [] as number[], queries: [] as number[] }));
    const readers = sites.map(({ db }) => createEntryReader(db, memory));
    // In turn, so that the machine's other load falls on all of them. The first rounds warm up.
    for (let round = 0; round < rounds + 10; round += 1)
      for (const [index, { db }] of sites.entries()) {
        const reader = isCold ? createEntryReader(db, memory) : readers[index];
        if (reader === undefined) continue;
        queries = 0;
        const began = performance.now();
        await look(reader, db, round);
        if (round < 10) continue;
        taken[index]?.ms.push(performance.now() - began);
        taken[index]?.queries.push(queries);
      }
    const [ms, asked] = [taken.map((one) => middle(one.ms)), taken.map((one) => middle(one.queries))];
    console.log(`${store}, ${name}: ${ms.map((one) => one.toFixed(2)).join(" / ")} ms, ${asked.join(" / ")} queries`);
    for (const [index, length] of lengths.entries())
      if (index > 0) {
        const of = `${length} entries against ${lengths[0]}`;
        rows.push(atMost(`${store}: ${name}, ${of}`, (ms[index] ?? 0) / (ms[0] ?? 0), 1.2));
        rows.push(atMost(`${store}: its queries, ${of}`, (asked[index] ?? 0) / (asked[0] ?? 0), 1.2));
      }
  }
  for (const { close } of sites) await close();
  return rows;
}

const rows = await measure("PGlite", () => openDatabase({ folder: null }));
if (postgresPrograms === null) console.log("PostgreSQL is not installed on this machine and was not measured.");
else {
  const server = await startPostgres();
  rows.push(...(await measure("PostgreSQL", async (name) => openDatabase({ url: await server.create(name) }))));
  await server.close();
}
process.exitCode = printTable("A look, by the length of the ledger", rows) ? 0 : 1;
