import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createSigner } from "../../../app/ledger/signer.ts";
import { adoptLines, append } from "../../../app/store/chain.ts";
import { type OpenDatabase, openDatabase } from "../../../app/store/database.ts";
import { entriesWithin, standingOf } from "../../../app/store/folds.ts";
import { createEntryReader, isStale, type Reading } from "../../../app/store/readings.ts";
import type { Draft, TypedEntry } from "../../../core/entries.ts";
import { keyOf } from "../../../core/record/keys.ts";
import { anyLedger, foundIn, pulls, stories } from "../../builders/any-ledger.ts";
import { chainOf, draft, newKey } from "../../builders/ledger.ts";
import { standingAfter } from "../../builders/standing.ts";

const repository = { id: 7, name: "acme/web" };
const { pem } = newKey();
let database: OpenDatabase;
beforeAll(async () => {
  database = await openDatabase({ folder: null });
});
afterAll(() => database.close());
beforeEach(async () => {
  for (const table of ["entries", "entry_keys", "chains", "folds"] as const)
    await database.db.deleteFrom(table).execute();
});

const megabyte = 1_048_576;
const keys = [...pulls, ...stories].map((number) => [keyOf.number(number)]);
const seqs = ({ entries }: Pick<Reading, "entries">) => entries.map(({ seq }) => seq);
const expected = (entries: readonly TypedEntry[]) => keys.map((one) => seqs({ entries: foundIn(entries, one) }));

async function linesOf(entries: readonly TypedEntry[]) {
  // An entry names the commits that it is about.
  const commits = (body: object) => new Set(JSON.stringify(body).match(/(?<=")[0-9a-f]{40}(?=")/g));
  const lines = await chainOf(
    pem,
    entries.map(({ kind, at, actor, body }) => {
      const about = [...commits(body)].map((gitCommit) => ({ digest: { gitCommit } }));
      const subject = about.length > 0 ? about : [{ name: kind, digest: { sha256: "a".repeat(64) } }];
      return { repository, kind, at, actor, body, subject };
    }),
  );
  return lines.map((line, index) => ({ seq: index + 1, line }));
}

test("S10: the store finds what belongs together, in a ledger of any history, anew and carried on, with little memory", async () => {
  for (const entries of fc.sample(anyLedger, { numRuns: 8, seed: 7 })) {
    for (const table of ["entries", "entry_keys", "chains"] as const) await database.db.deleteFrom(table).execute();
    const lines = await linesOf(entries);
    const readers = [createEntryReader(database.db, megabyte), createEntryReader(database.db, 2_000)];
    for (let at = 0; at < lines.length; at += 15) {
      await adoptLines(database.db, repository.id, lines.slice(at, at + 15));
      const so = expected(entries.slice(0, at + 15));
      for (const read of [...readers, createEntryReader(database.db, megabyte)]) {
        const found = [];
        for (const one of keys) found.push(seqs(await read(repository.id, one)));
        expect(found).toEqual(so);
      }
    }
  }
}, 60_000);

test("S10: what a version without an index appended is indexed first; one that a newer version keeps is left to it", async () => {
  const [entries = []] = fc.sample(anyLedger, { numRuns: 1, seed: 8 });
  await adoptLines(database.db, repository.id, await linesOf(entries));
  const chain = () => database.db.selectFrom("chains").select(["indexed", "index_version"]).executeTakeFirstOrThrow();
  const found = async () => {
    const read = createEntryReader(database.db, megabyte);
    return Promise.all(keys.map(async (one) => seqs(await read(repository.id, one))));
  };
  const own = await chain();
  expect(own).toEqual({ indexed: entries.length, index_version: 1 });
  for (const state of [
    { indexed: 0, index_version: 0 },
    { indexed: entries.length, index_version: 0 },
    { indexed: 5, index_version: 1 },
  ]) {
    await database.db
      .deleteFrom("entry_keys")
      .where("seq", ">", state.index_version === 1 ? 5 : 0)
      .execute();
    await database.db.updateTable("chains").set(state).execute();
    expect(await found()).toEqual(expected(entries));
    expect(await chain()).toEqual(own);
  }
  const newer = { indexed: 5, index_version: 99 };
  await database.db.deleteFrom("entry_keys").where("seq", ">", 5).execute();
  await database.db.updateTable("chains").set(newer).execute();
  expect(await found()).toEqual(expected(entries));
  expect(await chain()).toEqual(newer);
});

test("a reading is old once an entry came in that belongs to it, and not before", async () => {
  const read = createEntryReader(database.db, megabyte);
  const { sign } = createSigner(pem);
  const incident = (issue: number): Draft => ({
    ...{ kind: "incident.raised", actor: { type: "app", id: 9, login: "sallyport[bot]" }, subject: [] },
    body: { code: "c", message: "m", issue },
  });
  const seen = await read(repository.id, [keyOf.number(5)]);
  const tools = { sign, now: () => new Date() };
  const add = (issue: number, after: Reading[]) =>
    database.db.transaction().execute((trx) => append(trx, repository, [incident(issue)], tools, after));
  expect(await add(6, [seen])).toBe(true);
  expect(await database.db.transaction().execute((trx) => isStale(trx, seen))).toBe(false);
  expect(await add(5, [seen])).toBe(true);
  expect(await add(5, [seen])).toBe(false);
  expect(seqs(await read(repository.id, [keyOf.number(5)]))).toEqual([2]);
});

test("entries of a span are found although a clock was put back, or was another machine's", async () => {
  const at = ["10:00", "12:00", "09:00", "11:00", "13:00", "12:30", "14:00", "12:45"].map(
    (time) => `2026-11-21T${time}:00.000Z`,
  );
  const lines = await chainOf(
    pem,
    at.map((moment) => draft({ at: moment })),
  );
  await adoptLines(
    database.db,
    repository.id,
    lines.map((line, index) => ({ seq: index + 1, line })),
  );
  const span = { from: "2026-11-21T11:30:00.000Z", to: "2026-11-21T13:30:00.000Z" };
  const within = await entriesWithin(database.db, repository.id, span);
  expect(within.map(({ seq }) => seq)).toEqual([2, 5, 6, 8]);
});

test("S10: where a repository stands is folded once and carried on, and the entries of a span are found", async () => {
  const [entries = []] = fc.sample(anyLedger, { numRuns: 1, seed: 9 });
  const lines = await linesOf(entries);
  for (let at = 0; at < lines.length; at += 20) {
    await adoptLines(database.db, repository.id, lines.slice(at, at + 20));
    expect(await standingOf(database.db, repository.id)).toEqual(standingAfter(entries.slice(0, at + 20)));
  }
  expect(await database.db.selectFrom("folds").select("seq").execute()).toEqual([{ seq: entries.length }]);
  const [from, to] = [entries[3]?.at ?? "", entries[13]?.at ?? ""];
  const within = await entriesWithin(database.db, repository.id, { from, to });
  expect(within.map(({ seq }) => seq)).toEqual(Array.from({ length: 10 }, (_, index) => index + 4));
});
