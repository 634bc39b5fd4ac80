import { nothingStands, type Standing, standingAfter, standingWithout } from "./checkpoints.ts";
import { agentConcern, isStopping } from "./concerns.ts";
import { placeToWrite } from "./contract.ts";
import { type EntryOf, entriesOf, type TypedEntry } from "./entries.ts";
import { checkpointName } from "./identifiers.ts";
import { type Asked, type AttemptEntries, type AttemptLook } from "./replay-entries.ts";
import { bodilessStep, comparedStep, type Pair, type ReplayStep, type StepHead } from "./replay-step.ts";
import { endOf, failuresOf } from "./story/remediating.ts";
import { foldStory } from "./story-record.ts";

/** Derives again what failed in a run, and what became of it: each from the entries before. Older versions recorded neither. */
export function* remediationSteps(
  { run, story }: { run: string; story: number },
  entries: readonly TypedEntry[],
): Generator<ReplayStep> {
  for (const { seq, kind, body } of entries) {
    if ((kind !== "remediation.opened" && kind !== "remediation.closed") || body.run !== run) continue;
    const record = foldStory(
      story,
      entries.filter((entry) => entry.seq < seq),
    );
    const head: StepHead = { step: "remediation", seq, about: body.remediation };
    if (kind === "remediation.opened") {
      const failure = failuresOf(record).find(({ remediation }) => remediation === body.remediation);
      yield comparedStep(head, "what failed, from the attempts and the end of the run before it", [
        ["failure", failure ?? "none", body],
      ]);
      continue;
    }
    const failed = record.remediations.find(({ opened }) => opened.remediation === body.remediation);
    const end = failed === undefined || failed.closed !== null ? null : endOf(record, failed.opened);
    yield comparedStep(head, "what became of a failure, from the entries before", [
      ["end", end ?? "none", body],
    ]);
  }
}

/** What stood of a prompt before a place of the chain, and whether a pull request was open for it. */
export function stoodBefore(
  prompt: number,
  before: number,
  entries: readonly TypedEntry[],
): { standing: Standing; isOpen: boolean } {
  let standing = nothingStands;
  let isOpen = false;
  for (const entry of entries) {
    if (entry.seq >= before) break;
    if (entry.kind === "change.committed" && entry.body.prompt === prompt)
      standing = standingAfter(standing, entry.body);
    if (entry.kind === "pull.opened" && entry.body.prompt === prompt) isOpen = true;
    if (entry.kind !== "rollback.done" || entry.body.prompt !== prompt) continue;
    standing = standingWithout(standing, entry.body);
    if (entry.body.to === null) isOpen = false;
  }
  return { standing, isOpen };
}

/** The branch that an attempt had to write to, and where it stood; `head` null: it was to be made anew. */
export function placeBefore(
  { seq, body }: Asked,
  entries: readonly TypedEntry[],
): { branch: string; head: string | null } {
  const { standing, isOpen } = stoodBefore(body.prompt, seq, entries);
  return placeToWrite(body.run, body.prompt, standing, isOpen);
}

/** Derives again an attempt's checkpoint. Attempts of older versions have none, and then there is nothing to compare. */
export function* checkpointSteps(asked: Asked, { entries }: AttemptLook): Generator<ReplayStep> {
  const { run, story, prompt, attempt, base } = asked.body;
  const name = checkpointName(asked.body);
  const found = checkpointOf(asked, entries);
  if (found === undefined) return;
  const { branch, head } = placeBefore(asked, entries);
  const body = { checkpoint: name, run, story, prompt, attempt, branch, base: head ?? base, head };
  yield comparedStep(
    { step: "checkpoint", seq: found.seq, about: name },
    "where the branch stood before the attempt, from the commits and rollbacks before it",
    [["checkpoint", body, found.body]],
  );
}

function checkpointOf(
  { seq, body }: Asked,
  entries: readonly TypedEntry[],
): EntryOf<"checkpoint.recorded"> | undefined {
  const name = checkpointName(body);
  return entriesOf(entries, "checkpoint.recorded").find(
    (entry) => entry.seq < seq && entry.body.checkpoint === name,
  );
}

/** Derives again the concern that an agent's answer is, where it stopped or asked. */
export function* concernSteps(
  { asked, response }: AttemptEntries,
  { entries, sources, purged }: AttemptLook,
): Generator<ReplayStep> {
  const name = checkpointName(asked.body);
  const found = entriesOf(entries, "concern.raised").find(({ body }) => body.concern === name);
  const isOlder = checkpointOf(asked, entries) === undefined;
  if (response === undefined) return;
  if (found === undefined && (isOlder || !isStopping(response.body.outcome))) return;
  const head: StepHead = { step: "concern", seq: found?.seq ?? response.seq, about: name };
  const { sha256 } = response.body.result;
  const result = sources.results.get(sha256)?.value ?? null;
  if (result === null)
    return yield bodilessStep(
      head,
      [sha256],
      purged,
      "it follows from the answer, whose body was not published",
    );
  yield comparedStep(head, "what the agent stopped for or asked, from its published answer", [
    ["concern", agentConcern(asked.body, sha256, result), found?.body ?? null],
  ]);
}

/**
 * Derives again what each rollback to a checkpoint of the run took off. That it was asked for is a person's act and taken as
 * recorded, and so are commits that were never recorded because their run had been stopped.
 */
export function* rollbackSteps(run: string, entries: readonly TypedEntry[]): Generator<ReplayStep> {
  const recorded = new Set(entriesOf(entries, "change.committed").map(({ body }) => body.commit));
  for (const { seq, kind, body } of entries) {
    if ((kind !== "rollback.decided" && kind !== "rollback.done") || body.run !== run) continue;
    const saved = entriesOf(entries, "checkpoint.recorded").find(
      (entry) => entry.body.checkpoint === body.checkpoint,
    );
    const { standing } = stoodBefore(body.prompt, seq, entries);
    const head = saved?.body.head ?? null;
    const place = head === null ? 0 : standing.commits.indexOf(head) + 1;
    const pairs: Pair[] = [
      ["to", saved === undefined ? "a checkpoint of the ledger" : head, body.to],
      ["branch", standing.branch ?? body.branch, body.branch],
      ["undone", standing.commits.slice(place), body.undone.filter((commit) => recorded.has(commit))],
    ];
    yield comparedStep(
      { step: "rollback", seq, about: body.checkpoint },
      "what it took off the branch, from the checkpoint and the commits after it",
      pairs,
    );
  }
}
