import type { EntryBody } from "../schemas/entries.ts";
import type { Account } from "../schemas/text.ts";
import type { TypedEntry } from "./entries.ts";
import type { PullRecord } from "./facts.ts";
import { type Known, known, unknown } from "./known.ts";

/**
 * What the ledger says about one pull request: the run that made it, its evidence, its sign-offs. Unknown when the ledger
 * names a run and lacks its contract: such a pull request must not pass for one that no run made.
 */
export function recordOf(entries: readonly TypedEntry[], pull: number): Known<PullRecord> {
  const record: PullRecord = { run: null, evidence: [], signOffs: [] };
  let opened: EntryBody<"pull.opened"> | null = null;
  for (const entry of entries) {
    if (entry.kind === "pull.opened" && entry.body.pull === pull) opened = entry.body;
    if (entry.kind === "sign-off.given" && entry.body.pull === pull) {
      const { sha, test, result } = entry.body;
      record.signOffs.push({
        sha,
        test,
        result,
        by: { id: entry.actor.id, login: entry.actor.login, type: "User" },
        seq: entry.seq,
      });
    }
  }
  if (opened === null) return known(record);

  const { run, story, prompt } = opened;
  const requesters: Account[] = [];
  let contract: EntryBody<"contract.frozen"> | null = null;
  let index: number | null = null;
  const bundles = new Map<string, string>();
  for (const entry of entries) {
    if (entry.kind === "plan.proposed" && entry.body.story === story) requesters.push(entry.body.requestedBy);
    if (entry.kind === "contract.frozen" && entry.body.story === story) contract = entry.body;
    if (entry.kind === "prompt.opened" && entry.body.issue === prompt) index = entry.body.index;
    if (entry.kind === "run.submitted" && entry.body.run === run) requesters.push(entry.body.by);
    if (entry.kind === "evidence.captured" && entry.body.prompt === prompt)
      bundles.set(attemptName(entry.body), entry.hash);
    if (entry.kind === "change.committed" && entry.body.prompt === prompt) {
      const attempt = attemptName(entry.body);
      const bundle = bundles.get(attempt);
      if (bundle === undefined) continue;
      record.evidence.push({ commit: entry.body.commit, tree: entry.body.tree, attempt, bundle });
    }
  }
  const frozen = contract?.prompts.find((one) => one.index === index);
  if (contract === null || frozen === undefined)
    return unknown(`the ledger holds ${run} and not the contract it was run for`);
  record.run = {
    run,
    story,
    prompt,
    role: frozen.role,
    paths: frozen.paths,
    risk: contract.risk,
    needsManualTest: contract.manualTest !== null,
    evidenceFiles: frozen.evidence,
    requesters: distinct(requesters),
  };
  return known(record);
}

/** The story whose run made this pull request; undefined for one that no run made. */
export function storyOf(entries: readonly TypedEntry[], pull: number): number | undefined {
  const record = recordOf(entries, pull);
  return record.known ? record.value.run?.story : undefined;
}

/** An attempt's name as people write it: `R0/S1`. */
export function attemptName(step: { attempt: { r: number; s: number } }): string {
  return `R${step.attempt.r}/S${step.attempt.s}`;
}

function distinct(accounts: Account[]): Account[] {
  return accounts.filter((one, place) => accounts.findIndex((other) => other.id === one.id) === place);
}
