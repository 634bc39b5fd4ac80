import { readBranchRules } from "../../collect/repository/branch-rules.ts";
import { visible } from "../../core/escape.ts";
import { judgeRequired } from "../../core/health/required-check.ts";
import { noteRequired, requiredReads } from "../../core/health/required-incident.ts";
import { append, headOf } from "../store/chain.ts";
import { transact } from "../store/database.ts";
import { entriesUnder } from "../store/readings.ts";
import type { PurgeTools } from "./purge.ts";

/** Tools for the watch: the ledger, a reader of the repository, and the log. */
export type MaintenanceTools = PurgeTools & { log(line: string): void };

/**
 * Checks whether the default branch of a governed repository still requires our check, and records an incident when it
 * no longer does: without that rule every verdict is only advice. A repository without a ledger is not governed yet.
 */
export async function watchRequired(id: number, tools: MaintenanceTools): Promise<void> {
  const { db, ourselves, queue, log } = tools;
  await tools.restored(id);
  if ((await headOf(db, id)) === null) return;
  const github = await tools.github(id);
  const { request, owner, repo } = github;
  const { data } = await request("GET /repos/{owner}/{repo}", { owner, repo });
  const name = `${owner}/${repo}`;
  const findings = judgeRequired(name, await readBranchRules(github, data.default_branch), ourselves);
  const draft = noteRequired(findings, await entriesUnder(db, id, requiredReads), ourselves);
  if (draft === null) return;
  await transact(db, async (trx) => {
    await append(trx, { id, name }, [draft], tools);
    await queue.enqueuePublish(trx, id);
  });
  log(visible(`${name}: ${draft.body.code}: ${draft.body.message}`));
}
