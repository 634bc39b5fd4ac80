import type { EntryBody } from "../../schemas/entries.ts";
import { adviceReport } from "../contract/advice.ts";
import { branchToWrite } from "../contract/contract.ts";
import { agentHolder, toAgent, toCleanup, toGates, toMerger } from "../contract/handoffs.ts";
import { bodyRef } from "../digest.ts";
import { entriesOf, lastEntry, type TypedEntry } from "../entries.ts";
import { branchName } from "../identifiers.ts";
import { afterCommit, afterRollback, type BranchState, emptyBranch } from "../record/checkpoints.ts";
import { roundOf } from "../record/rework.ts";
import { foldStory, type PromptRecord, type StoryRecord } from "../record/story.ts";
import { adviceRoundBody, pullBody } from "../story/bodies.ts";
import { endOf, failuresOf } from "../story/remediating.ts";
import { derivedCompletion } from "./contracts.ts";
import type { PromptEntry, ReplayContext, RunBasis } from "./sources.ts";
import { comparedStep, fieldPairs, type ReplayStep, type StepHead } from "./step.ts";

/** Derives an entry again from the entries before it; null: nothing of the run can be derived for it. */
type Derivation = (entry: TypedEntry, context: ReplayContext) => ReplayStep | null;

/** Derives again a run's entries outside its attempts, one kind of step after the other. */
export function progressSteps(context: ReplayContext): ReplayStep[] {
  const derivations: Derivation[] = [
    pullStep,
    handoffStep,
    rollbackStep,
    reworkStep,
    remediationStep,
    endStep,
    completionStep,
  ];
  return derivations.flatMap((derive) => context.entries.flatMap((entry) => derive(entry, context) ?? []));
}

const entriesBefore = (entries: readonly TypedEntry[], { seq }: Pick<TypedEntry, "seq">) =>
  entries.filter((entry) => entry.seq < seq);

/** The sequence number at which a story's next run begins; infinity: it has none. */
export function nextRunAt(entries: readonly TypedEntry[], { seq: from, body: { story } }: RunBasis["run"]): number {
  const next = entriesOf(entries, "run.submitted").find(({ seq, body }) => seq > from && body.story === story);
  return next?.seq ?? Number.POSITIVE_INFINITY;
}

/** A prompt's branch state before a sequence number, and whether it had an open pull request. */
function branchStateBefore(
  prompt: number,
  before: number,
  entries: readonly TypedEntry[],
): { branchState: BranchState; isOpen: boolean } {
  let branchState = emptyBranch;
  let isOpen = false;
  for (const entry of entries) {
    if (entry.seq >= before) break;
    if (entry.kind === "change.committed" && entry.body.prompt === prompt)
      branchState = afterCommit(branchState, entry.body);
    if (entry.kind === "pull.opened" && entry.body.prompt === prompt) isOpen = true;
    // An issue that is the prompt of a second contract begins anew.
    if (entry.kind === "prompt.opened" && entry.body.issue === prompt) [branchState, isOpen] = [emptyBranch, false];
    if (entry.kind !== "rollback.done" || entry.body.prompt !== prompt) continue;
    branchState = afterRollback(branchState, entry.body);
    if (entry.body.to === null) isOpen = false;
  }
  return { branchState, isOpen };
}

/** The branch to which an attempt had to write, and its head; `head` null: it was to be created. */
export function branchBefore(
  { seq, body }: PromptEntry,
  entries: readonly TypedEntry[],
): { branch: string; head: string | null } {
  const { branchState, isOpen } = branchStateBefore(body.prompt, seq, entries);
  const place = branchToWrite(body.run, body.prompt, branchState, isOpen);
  const round = roundBefore({ seq, body }, entries);
  return round === null ? place : { ...place, head: round.head };
}

/** A story as it was recorded before an entry of it. */
export function storyBefore(
  entry: { seq: number; body: { story: number } },
  entries: readonly TypedEntry[],
): StoryRecord {
  return foldStory(entry.body.story, entriesBefore(entries, entry));
}

/** A prompt as it was recorded before an entry of its story. */
export function promptBefore(
  entry: { seq: number; body: { story: number; prompt: number } },
  entries: readonly TypedEntry[],
): PromptRecord | undefined {
  return storyBefore(entry, entries).prompts.find(({ issue }) => issue === entry.body.prompt);
}

/** The round of rework that an attempt is a try at; null: it began with the contract alone. */
export function roundBefore(promptEntry: Pick<PromptEntry, "seq" | "body">, entries: readonly TypedEntry[]) {
  const prompt = promptBefore(promptEntry, entries);
  return prompt === undefined ? null : roundOf(prompt, promptEntry.body.run);
}

/** Compares a round of rework with those before it, and with its published report. */
function reworkStep(entry: TypedEntry, { entries, basis, sources }: ReplayContext): ReplayStep | null {
  if (entry.kind !== "rework.opened" || entry.body.run !== basis.run.body.run) return null;
  const { pull, round, report } = entry.body;
  const published = sources.reports.get(report.sha256);
  const prompt = promptBefore(entry, entries);
  const before = prompt?.rework.rounds.length ?? 0;
  const { given = null, derived } = pull === undefined ? derivedReport(prompt, sources) : {};
  return comparedStep(
    { step: "rework", seq: entry.seq, about: `round ${round} on ${pull === undefined ? given?.head : `#${pull}`}` },
    derived === undefined
      ? "its number, from the rounds before it, and its report, if that was published"
      : "its number, its report and what it says of them, from the advice and the answer before it",
    [
      ["round", before + 1, round],
      ...(published === undefined ? [] : [["report", bodyRef(published.text), report] as const]),
      ...(derived === undefined || given === null
        ? []
        : [["body", derived === null ? "none" : adviceRoundBody(given, derived, before + 1), entry.body] as const]),
    ],
  );
}

/** The report that follows from the last advice; `derived` undefined: a body of it was not published. */
function derivedReport(prompt: PromptRecord | undefined, { results, advices }: ReplayContext["sources"]) {
  const { advice: given = null, response = null } = prompt?.attempts.at(-1) ?? {};
  const result = results.get(response?.result.sha256 ?? "")?.value;
  const advice = advices.get(given?.advice.sha256 ?? "")?.value;
  return given === null || !result || !advice
    ? { given }
    : { given, derived: adviceReport(advice, given.head, result) };
}

/** Compares a run's pull request with the commit it was opened for. */
function pullStep(entry: TypedEntry, { entries, basis }: ReplayContext): ReplayStep | null {
  const { run, story } = basis.run.body;
  if (entry.kind !== "pull.opened" || entry.body.run !== run) return null;
  const { pull, prompt } = entry.body;
  const commit = lastEntry(
    entries,
    "change.committed",
    ({ body }) => body.run === run && body.prompt === prompt,
    entry.seq,
  );
  const step = { run, story, prompt, branch: branchName(run, prompt) };
  return comparedStep(
    { step: "pull request", seq: entry.seq, about: `#${pull} for #${prompt}` },
    "its branch and its head, from the commit before it",
    fieldPairs(pullBody(step, commit?.body.commit ?? "none", pull), entry.body),
  );
}

/** Compares a hand-off of one of the run's prompts, until the story's next run. */
function handoffStep(
  entry: TypedEntry,
  { entries, basis: { run, contract }, prompts, sources }: ReplayContext,
): ReplayStep | null {
  if (entry.kind !== "handoff.made" || entry.seq < run.seq) return null;
  const { story } = run.body;
  const { prompt, from, to, carries } = entry.body;
  if (entry.seq > nextRunAt(entries, run) || !run.body.prompts.includes(prompt)) return null;
  const policy = sources.git?.policy;
  const holder =
    policy?.known === true ? agentHolder(prompts.get(prompt)?.role ?? "", policy.value, run.body.route) : to.holder;
  const isToAgent = to.stage === "execute";
  const isBack = (promptBefore({ seq: entry.seq, body: { story, prompt } }, entries)?.rework.pending ?? null) !== null;
  const again = isToAgent
    ? toAgent({ story, prompt }, contract.body.digest, holder, isBack)
    : deriveHandoff({ story, prompt }, to.stage, entriesBefore(entries, entry));
  const taken = isToAgent && policy?.known !== true ? "; the agent is taken as it is: the policy is not here" : "";
  return comparedStep(
    { step: "hand-off", seq: entry.seq, about: `#${prompt} ${from.stage} to ${to.stage}` },
    `who had the work, who got it, and ${carries.slice(0, 12)}, which it carries${taken}`,
    [["hand-off", again, entry.body]],
  );
}

/** Derives a hand-off after the agent's work from the entries before it. */
function deriveHandoff(
  where: { story: number; prompt: number },
  stage: EntryBody<"handoff.made">["to"]["stage"],
  before: readonly TypedEntry[],
): EntryBody<"handoff.made"> | null {
  const { branchState } = branchStateBefore(where.prompt, Number.POSITIVE_INFINITY, before);
  const commit = branchState.commits.at(-1) ?? "none";
  if (stage === "validate") return toGates(where, commit, before);
  if (stage === "package") return toMerger(where, commit, before);
  return toCleanup(where, mergedAs(before, where.prompt) ?? "none");
}

/** The merge commit of a prompt's pull request. */
function mergedAs(before: readonly TypedEntry[], prompt: number): string | undefined {
  const pulls = new Set(
    entriesOf(before, "pull.opened").flatMap(({ body }) => (body.prompt === prompt ? [body.pull] : [])),
  );
  return lastEntry(before, "merge.observed", ({ body }) => pulls.has(body.pull))?.body.merged;
}

/**
 * Compares the commits that a rollback to a checkpoint of the run removed. The request is a person's act and taken as
 * recorded, and so are commits that were never recorded because their run had been stopped.
 */
function rollbackStep(entry: TypedEntry, { entries, basis }: ReplayContext): ReplayStep | null {
  if (entry.kind !== "rollback.decided" && entry.kind !== "rollback.done") return null;
  const { seq, body } = entry;
  if (body.run !== basis.run.body.run) return null;
  const recorded = new Set(entriesOf(entries, "change.committed").map((one) => one.body.commit));
  const saved = entriesOf(entries, "checkpoint.recorded").find((one) => one.body.checkpoint === body.checkpoint);
  const { branchState } = branchStateBefore(body.prompt, seq, entries);
  const head = saved?.body.head ?? null;
  const place = head === null ? 0 : branchState.commits.indexOf(head) + 1;
  return comparedStep(
    { step: "rollback", seq, about: body.checkpoint },
    "what it took off the branch, from the checkpoint and the commits after it",
    [
      ["to", saved === undefined ? "a checkpoint of the ledger" : head, body.to],
      ["branch", branchState.branch ?? body.branch, body.branch],
      ["undone", branchState.commits.slice(place), body.undone.filter((commit) => recorded.has(commit))],
    ],
  );
}

/** Compares a failure of the run, or its end. Older versions recorded neither. */
function remediationStep(entry: TypedEntry, { entries, basis }: ReplayContext): ReplayStep | null {
  if (entry.kind !== "remediation.opened" && entry.kind !== "remediation.closed") return null;
  const { run, story } = basis.run.body;
  const { seq, body } = entry;
  if (body.run !== run) return null;
  const record = storyBefore({ seq, body: { story } }, entries);
  const head: StepHead = { step: "remediation", seq, about: body.remediation };
  if (entry.kind === "remediation.opened") {
    const failure = failuresOf(record).find(({ remediation }) => remediation === body.remediation);
    return comparedStep(head, "what failed, from the attempts and the end of the run before it", [
      ["failure", failure ?? "none", body],
    ]);
  }
  const failed = record.remediations.find(({ opened }) => opened.remediation === body.remediation);
  const end = failed === undefined || failed.closed !== null ? null : endOf(record, failed.opened);
  return comparedStep(head, "what became of a failure, from the entries before", [["end", end ?? "none", body]]);
}

/**
 * Checks that a successful run completed all its prompts. Any other end was a person's act or a fault, and is taken as
 * recorded.
 */
function endStep(entry: TypedEntry, { entries, basis }: ReplayContext): ReplayStep | null {
  const { run, prompts } = basis.run.body;
  if (entry.kind !== "run.closed" || entry.body.run !== run || entry.body.status !== "succeeded") return null;
  const completed = new Set(
    entriesOf(entriesBefore(entries, entry), "prompt.completed").map(({ body }) => body.prompt),
  );
  return comparedStep({ step: "end", seq: entry.seq, about: run }, "it succeeded, so every prompt is completed", [
    ["open prompts", [], prompts.filter((prompt) => !completed.has(prompt))],
  ]);
}

/** Compares the end of the story with the entries before it, and the report of its master contract, after its last run. */
function completionStep(entry: TypedEntry, { entries, basis }: ReplayContext): ReplayStep | null {
  const { run, story } = basis.run.body;
  if (entry.kind !== "story.completed" || entry.body.story !== story) return null;
  const last = lastEntry(entries, "run.submitted", ({ body }) => body.story === story, entry.seq);
  if (last?.body.run !== run || basis.contract.body.master === undefined) return null;
  return comparedStep(
    { step: "conformance", seq: entry.seq, about: `story #${story}` },
    "what became of the master contract, from the entries before it",
    [["body", derivedCompletion(entry, entries), entry.body]],
  );
}
