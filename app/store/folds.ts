/** What is read along a whole ledger: folds that are stored and carried on, and entries of a span or of some kinds. */
import type { TypedEntry } from "../../core/entries.ts";
import { readEntry } from "../../core/ledger/entry.ts";
import {
  carryOn,
  noStanding,
  readStanding,
  type Standing,
  standingName,
  standingText,
} from "../../core/repository/standing.ts";
import { headOf } from "./chain.ts";
import type { Database } from "./database.ts";
import { entryOf } from "./entry-index.ts";

/** How many entries are read at once, and after how many a fold is stored that is not at its end yet. */
const [batchSize, saveEvery] = [500, 5_000];

/** Where a repository stands at the end of its ledger. Only what came since the last time is read. */
export async function standingOf(db: Database, repository: number): Promise<Standing> {
  const stored = await db
    .selectFrom("folds")
    .select(["seq", "state"])
    .where("repository", "=", repository)
    .where("name", "=", standingName)
    .executeTakeFirst();
  const standing = stored === undefined ? noStanding() : readStanding(stored.state);
  let [saved, seq] = [stored?.seq ?? 0, stored?.seq ?? 0];
  const save = async () => {
    if (seq === saved) return;
    const state = standingText(standing);
    await db
      .insertInto("folds")
      .values({ repository, name: standingName, seq, state })
      .onConflict((conflict) =>
        // Another process may be further.
        conflict.columns(["repository", "name"]).doUpdateSet({ seq, state }).where("folds.seq", "<", seq),
      )
      .execute();
    saved = seq;
  };
  for await (const { last, entries } of batches(db, repository, seq)) {
    for (const entry of entries) carryOn(standing, entry);
    seq = last;
    if (seq - saved >= saveEvery) await save();
  }
  await save();
  return standing;
}

/** A repository's entries after one, in batches: a ledger has any length. `last` is the number of a batch's last. */
export async function* batches(
  db: Database,
  repository: number,
  after = 0,
): AsyncGenerator<{ last: number; entries: TypedEntry[] }> {
  for (let seq = after; ; ) {
    const lines = await db
      .selectFrom("entries")
      .select(["seq", "line"])
      .where("repository", "=", repository)
      .where("seq", ">", seq)
      .orderBy("seq")
      .limit(batchSize)
      .execute();
    const last = lines.at(-1)?.seq;
    if (last === undefined) return;
    yield { last, entries: lines.flatMap((line) => entryOf(line) ?? []) };
    if (lines.length < batchSize) return;
    seq = last;
  }
}

/** How far the clocks of those who recorded may be apart, or have been put back, in milliseconds. */
const apartMs = 86_400_000;

/** The entries that were recorded within a span (RFC 3339, the end left out), in their order. */
export async function entriesWithin(
  db: Database,
  repository: number,
  { from, to }: { from: string; to: string },
): Promise<TypedEntry[]> {
  const found: TypedEntry[] = [];
  const moved = (moment: string, ms: number) => new Date(Date.parse(moment) + ms).toISOString();
  const seq = await firstAt(db, repository, moved(from, -apartMs));
  const end = moved(to, apartMs);
  for await (const { entries } of batches(db, repository, seq - 1)) {
    found.push(...entries.filter(({ at }) => at >= from && at < to));
    if ((entries.at(-1)?.at ?? "") >= end) break;
  }
  return found;
}

/** The number of the first entry that was recorded at a moment or later; one past the last: none was. */
async function firstAt(db: Database, repository: number, moment: string): Promise<number> {
  let [low, high] = [1, ((await headOf(db, repository))?.seq ?? 0) + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const row = await db
      .selectFrom("entries")
      .select("line")
      .where("repository", "=", repository)
      .where("seq", "=", middle)
      .executeTakeFirstOrThrow();
    const read = readEntry(row.line, middle);
    if (read.ok && read.entry.at < moment) low = middle + 1;
    else high = middle;
  }
  return low;
}
