/** A store with what the pages show: a merged story, one that waits, pull requests in every state. */
import { createSigner } from "../../app/ledger/signer.ts";
import { adoptLines } from "../../app/store/chain.ts";
import { type Database, openDatabase } from "../../app/store/database.ts";
import { putOverview } from "../../app/store/overviews.ts";
import type { Overview } from "../../core/decision.ts";
import { known } from "../../core/known.ts";
import { readEntry } from "../../core/ledger/entry.ts";
import { decidePull } from "../../core/pull/pull.ts";
import { newKey } from "./ledger.ts";
import { mergedStory, signStory } from "./merged-story.ts";
import { pullContext } from "./pull-context.ts";
import { change, facts } from "./pull-facts.ts";

const commits = {
  base: "b".repeat(40),
  head: "d".repeat(40),
  tree: "e".repeat(40),
  merged: "f".repeat(40),
  mergedTree: "e".repeat(40),
};

/** The repository of the story; its ledger has the id 7. */
export const web = { id: 7, name: "acme/web" };
/** Another one, which not everybody may read. */
export const vault = { id: 8, name: "acme/vault" };

export async function putAll(
  db: Database,
  rows: readonly (Overview & { kind: "issue" | "pull"; number: number })[],
  repository = web.id,
) {
  await db.transaction().execute(async (trx) => {
    for (const { kind, number, ...overview } of rows) await putOverview(trx, { kind, repository, number }, overview);
  });
}

export const waiting: Overview = {
  title: "A story",
  state: "draft",
  needs: "needs-approval",
  blocks: "The plan waits for approval.",
  step: `/approve ${"a".repeat(64)}`,
  who: "@quinn",
  open: true,
  verdict: null,
};

/** A store in memory. The story is #2, its prompts #3 and #4, its pull request #11; #12 fails; #5 waits for approval. */
export async function openPageStore(title = "A change") {
  const database = await openDatabase({ folder: null });
  const { db } = database;
  const lines = await signStory(createSigner(newKey().pem).sign, mergedStory(commits, { upTo: "merged" }));
  await adoptLines(
    db,
    web.id,
    lines.map((line, index) => ({ seq: index + 1, line })),
  );
  const judged = facts({
    policy: "version: 1\ngates:\n  forbidden-paths: { deny: [governance/**] }",
    changes: [change(`governance/${title}`)],
    pull: { number: 12, author: { id: 1, login: "ada", type: "User" }, title, body: "", labels: [] },
    secrets: known([]),
  });
  const { overview } = decidePull(pullContext(judged, { number: 12 }));
  if (overview === undefined) throw new Error("an open pull request has an overview");
  await putAll(db, [
    { kind: "issue", number: 2, ...waiting, title, state: "complete", needs: null, blocks: "", step: "", open: false },
    { kind: "issue", number: 5, ...waiting, title, who: title, blocks: title },
    { kind: "pull", number: 12, ...overview },
  ]);
  return { ...database, lines, entries: lines.map((line) => readEntry(line)) };
}
