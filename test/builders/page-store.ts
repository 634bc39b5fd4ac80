/** A store with what the pages show: a merged story, one that waits, pull requests in every state. */
import { createSigner } from "../../app/ledger/signer.ts";
import { adoptLines } from "../../app/store/chain.ts";
import { type Database, openDatabase } from "../../app/store/database.ts";
import { takeLease } from "../../app/store/leases.ts";
import { putOverview } from "../../app/store/overviews.ts";
import { stepLog } from "../../app/store/steps.ts";
import type { Overview } from "../../core/decision.ts";
import { entriesOf } from "../../core/entries.ts";
import { effectKey } from "../../core/identifiers.ts";
import { known } from "../../core/known.ts";
import { readEntry } from "../../core/ledger/entry.ts";
import { decidePull } from "../../core/pull/pull.ts";
import type { Pack, StepResult } from "../../schemas/step.ts";
import { newKey } from "./ledger.ts";
import { mergedStory, signStory } from "./merged-story.ts";
import { pullContext } from "./pull-context.ts";
import { change, facts } from "./pull-facts.ts";
import { begin } from "./story.ts";

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
    const lease = { key: "rows", fence: await takeLease(trx, "rows") };
    for (const { kind, number, ...overview } of rows)
      await putOverview(trx, { kind, repository, number }, overview, lease);
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

/** What an agent was handed and what it answered, with the same text in every place that a page shows. */
const packOf = (text: string): Pack => ({
  ...{ version: 1, kind: "step", run: "run-2-1", story: 2, prompt: 3, attempt: { r: 0, s: 0 }, repository: web.name },
  ...{ base: commits.base, contract: text, paths: ["web/**"], acceptance: [text], evidence: [] },
  role: { name: "web", allow: ["web/**"], deny: [] },
  limits: { runtime: 1_200, silence: 180, turns: 60, tokens: 400_000 },
});
const resultOf = (text: string): StepResult => ({
  ...{ version: 1, outcome: "finished", code: "finished", summary: text, questions: [text] },
  ...{ files: [{ path: `web/${text}`, content: text }], claims: [{ criterion: text, how: text }] },
});

/** The steps of an agent that read a file, was refused another one, and wrote one. */
export async function putSteps(db: Database, key: string, text: string): Promise<void> {
  const note = stepLog(db, { repository: web.id, effect: key, mayNote: async () => undefined });
  const usage = { model: "claude-sonnet-5-5", calls: 2, inputTokens: 18_200, outputTokens: 1_450 };
  const nothing = { path: null, patch: null };
  await note({ line: "the model answered (tool_use)", ...nothing, usage: { ...usage, calls: 1, inputTokens: 9_100 } });
  await note({ line: `read "web/${text}"`, ...nothing, usage: null });
  await note({ line: `write "governance/${text}": refused`, ...nothing, usage: null });
  await note({ line: "the model answered (tool_use)", ...nothing, usage });
  const patch = `--- web/a\n+++ web/a\n@@ -1,2 +1,2 @@\n export const one = 1;\n-${text}\n+${text} again\n`;
  await note({ line: `write "web/${text}"`, path: `web/${text}`, patch, usage: null });
}

/**
 * A store in memory. The story is #2, its prompts #3 and #4, its pull request #11; #12 fails; #5 waits for approval.
 * With `begun` an agent is at its first attempt, and the story has come no further.
 */
export async function openPageStore(title = "A change", begun = false) {
  const database = await openDatabase({ folder: null });
  const { db } = database;
  const entries = begun ? begin().entries : mergedStory(commits, { upTo: "merged" });
  const lines = await signStory(createSigner(newKey().pem).sign, entries);
  const kept = new Map<string, object>([
    ...entriesOf(entries, "prompt.recorded").map(({ body }) => [body.pack.sha256, packOf(title)] as const),
    ...entriesOf(entries, "response.recorded").map(({ body }) => [body.result.sha256, resultOf(title)] as const),
  ]);
  for (const [sha256, body] of kept)
    await db
      .insertInto("bodies")
      .values({ sha256, media_type: "application/json", bytes: Buffer.from(JSON.stringify(body)) })
      .execute();
  for (const { body } of entriesOf(entries, "prompt.recorded"))
    await putSteps(db, effectKey.agent(web.id, body), title);
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
