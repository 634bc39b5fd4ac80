import type { EntryBody } from "../../schemas/entries.ts";
import type { ContractPrompt, Source } from "../../schemas/entry-parts.ts";
import type { Account } from "../../schemas/text.ts";
import { accountOf, type Draft, type TypedEntry } from "../entries.ts";
import { sourceKey } from "../identifiers.ts";
import { type AgentAnswer, agentAnswers, type PlanAnswer, planAnswers } from "./answers.ts";
import { afterCommit, afterRollback, type BranchState, emptyBranch } from "./checkpoints.ts";
import { type Concern, mergeConcern, openConcerns, stopsStory } from "./concerns.ts";
import { type Remediation, remediationsOf } from "./remediations.ts";
import { afterEntry, noRework, type ReworkState, type Round, roundOf } from "./rework.ts";

/** One attempt at one prompt, as far as it got; each part is the entry that recorded it. */
export type AttemptRecord = {
  pack: EntryBody<"prompt.recorded">;
  response: EntryBody<"response.recorded"> | null;
  /** What became of its verification commands. */
  verification: EntryBody<"verification.recorded"> | null;
  closed: EntryBody<"attempt.closed"> | null;
  evidence: EntryBody<"evidence.captured"> | null;
  commit: EntryBody<"change.committed"> | null;
  /** What a reviewer agent was asked about the commit, and what it said. */
  adviceAsked: EntryBody<"advice.asked"> | null;
  advice: EntryBody<"advice.given"> | null;
  /** The round of rework that it is a try at; null: it began with the contract alone. */
  rework: Round | null;
};

/** One diff prompt of the frozen contract and its progress. */
export type PromptRecord = {
  contract: ContractPrompt;
  /** The number of its sub-issue; null until it is opened. */
  issue: number | null;
  attempts: AttemptRecord[];
  pull: number | null;
  /** The last verdict on its pull request. */
  verdict: EntryBody<"verdict.given"> | null;
  merge: EntryBody<"merge.observed"> | null;
  /** A person closed its pull request without merging. */
  closedUnmerged: boolean;
  /** Who accepted that it was merged past its check; null: nobody, or it was not. */
  acceptedBy: string | null;
  completed: boolean;
  /** Our commits that are on the prompt's branch now. */
  branchState: BranchState;
  /** The checkpoint of its last rollback; null again once another attempt has begun. */
  rolledBack: string | null;
  rework: ReworkState;
};

/** A person's last request to the planner; `route`: the policy's route that was chosen with it. */
export type PlanRequest = { source: Source; by: Account; refinement: string; route?: string | undefined };

/** A proposed plan, and when it was recorded (RFC 3339). */
export type PlanRecord = EntryBody<"plan.proposed"> & { at: string };

/** Who asked for a plan: its requester, and the people who wrote its prompts. None of them approves it. */
export function askersOf({ requestedBy, prompts = [] }: Pick<EntryBody<"plan.proposed">, "requestedBy" | "prompts">) {
  return [requestedBy, ...prompts.map(({ by }) => by)];
}

/** A run of a story, and its end; `closed` null: it is open. */
export type StoryRun = EntryBody<"run.submitted"> & { closed: EntryBody<"run.closed"> | null };

/** A story's state in the ledger: the fold of its entries, oldest first. */
export type StoryRecord = {
  /** The keys of the comments and label events that were answered. */
  answered: Set<string>;
  request: PlanRequest | null;
  /** Why the last request produced no plan. */
  planFailure: EntryBody<"plan.failed"> | null;
  plan: PlanRecord | null;
  contract: EntryBody<"contract.frozen"> | null;
  prompts: PromptRecord[];
  run: StoryRun | null;
  runs: number;
  /** The open concerns that stop the story, oldest first. */
  concerns: Concern[];
  /** People's answers to agents, oldest first. */
  answers: AgentAnswer[];
  /** People's answers to the questions of the newest plan, oldest first. */
  planAnswers: PlanAnswer[];
  /** A rollback that was decided and is neither done nor failed. */
  rollback: EntryBody<"rollback.decided"> | null;
  /** The failures in its runs, oldest first. */
  remediations: Remediation[];
  completed: boolean;
};

function emptyStory(): StoryRecord {
  return {
    ...{ answered: new Set(), request: null, planFailure: null, plan: null, contract: null },
    ...{ prompts: [], run: null, runs: 0, concerns: [], answers: [], planAnswers: [] },
    ...{ rollback: null, remediations: [], completed: false },
  };
}

function unopened(contract: ContractPrompt): PromptRecord {
  return {
    ...{ contract, issue: null, attempts: [], branchState: emptyBranch, rolledBack: null, rework: noRework },
    ...{ pull: null, verdict: null, merge: null, closedUnmerged: false, acceptedBy: null, completed: false },
  };
}

function begun(pack: EntryBody<"prompt.recorded">, rework: Round | null): AttemptRecord {
  return {
    ...{ pack, rework, response: null, verification: null, closed: null, evidence: null, commit: null },
    ...{ adviceAsked: null, advice: null },
  };
}

function promptOf({ prompts }: StoryRecord, number: number): PromptRecord | undefined {
  return prompts.find(({ issue }) => issue === number);
}

function attemptOf(
  record: StoryRecord,
  step: { prompt: number; attempt: { r: number; s: number } },
): AttemptRecord | undefined {
  return promptOf(record, step.prompt)?.attempts.find(
    ({ pack }) => pack.attempt.r === step.attempt.r && pack.attempt.s === step.attempt.s,
  );
}

/** Notes what an entry tells of a prompt or an attempt, if the story has it. */
function note<T extends object>(record: T | undefined, news: Partial<NoInfer<T>>): void {
  if (record !== undefined) Object.assign(record, news);
}

/** Whether a prompt has a pull request that was neither merged nor closed. */
export function hasOpenPull({ pull, merge, closedUnmerged }: PromptRecord): boolean {
  return pull !== null && merge === null && !closedUnmerged;
}

/** The prompt whose pull request is open, the first of its story; undefined: none is. */
export function openPrompt({ prompts }: StoryRecord): PromptRecord | undefined {
  return prompts.find((one) => hasOpenPull(one) && !one.completed);
}

/** Folds a story's entries, and drafts that will become entries, into its current state. */
export function foldStory(story: number, entries: readonly (TypedEntry | (Draft & { at?: string }))[]): StoryRecord {
  const record = emptyStory();
  const replaced: PromptRecord[] = [];
  const promptOfPull = (pull: number) => record.prompts.find((prompt) => prompt.pull === pull);
  for (const entry of entries) {
    switch (entry.kind) {
      case "command": {
        const { issue, source, command, accepted, text, route } = entry.body;
        const reworked = issue === story ? openPrompt(record) : promptOfPull(issue);
        if (reworked !== undefined) reworked.rework = afterEntry(reworked.rework, entry);
        if (issue !== story) break;
        record.answered.add(sourceKey(source));
        if (!accepted) break;
        if (command !== "plan" && command !== "refine") break;
        record.request = { source, by: accountOf(entry.actor), refinement: command === "refine" ? text : "", route };
        break;
      }
      case "plan.proposed":
        if (entry.body.story !== story) break;
        record.plan = { ...entry.body, at: entry.at ?? "" };
        record.planFailure = null;
        break;
      case "plan.failed":
        if (entry.body.story === story) record.planFailure = entry.body;
        break;
      case "contract.frozen":
        if (entry.body.story !== story) break;
        record.contract = entry.body;
        replaced.unshift(...record.prompts);
        record.prompts = entry.body.prompts.map(unopened);
        break;
      case "prompt.opened": {
        const { body } = entry;
        if (body.story !== story || body.revision !== record.contract?.revision) break;
        const prompt = record.prompts.find(({ contract }) => contract.index === body.index);
        if (prompt === undefined) break;
        prompt.issue = body.issue;
        // An issue of the light tier and a prompt that a person wrote may be opened twice; attempts are numbered on.
        prompt.attempts = [...(replaced.find(({ issue }) => issue === body.issue)?.attempts ?? [])];
        break;
      }
      case "run.submitted":
        if (entry.body.story !== story) break;
        record.run = { ...entry.body, closed: null };
        record.runs += 1;
        for (const prompt of record.prompts) prompt.rework = afterEntry(prompt.rework, entry);
        break;
      case "run.closed":
        if (record.run?.run === entry.body.run) record.run.closed = entry.body;
        break;
      case "prompt.recorded": {
        const prompt = promptOf(record, entry.body.prompt);
        if (prompt === undefined) break;
        prompt.attempts.push(begun(entry.body, roundOf(prompt, entry.body.run)));
        prompt.rework = afterEntry(prompt.rework, entry);
        prompt.rolledBack = null;
        break;
      }
      case "response.recorded":
        note(attemptOf(record, entry.body), { response: entry.body });
        break;
      case "verification.recorded":
        note(attemptOf(record, entry.body), { verification: entry.body });
        break;
      case "attempt.closed":
        note(attemptOf(record, entry.body), { closed: entry.body });
        break;
      case "evidence.captured":
        note(attemptOf(record, entry.body), { evidence: entry.body });
        break;
      case "advice.asked":
        note(attemptOf(record, entry.body), { adviceAsked: entry.body });
        break;
      case "advice.given":
        note(attemptOf(record, entry.body), { advice: entry.body });
        break;
      case "change.committed": {
        note(attemptOf(record, entry.body), { commit: entry.body });
        const prompt = promptOf(record, entry.body.prompt);
        if (prompt !== undefined) prompt.branchState = afterCommit(prompt.branchState, entry.body);
        break;
      }
      case "rollback.decided":
        if (entry.body.story === story) record.rollback = entry.body;
        break;
      case "rollback.failed":
        if (entry.body.story === story) record.rollback = null;
        break;
      case "rollback.done":
        if (entry.body.story === story) applyRollback(record, entry.body);
        break;
      case "pull.opened":
        note(promptOf(record, entry.body.prompt), { pull: entry.body.pull, closedUnmerged: false });
        break;
      case "verdict.given":
        // One that was closed and is judged again was opened again.
        note(promptOfPull(entry.body.pull), { verdict: entry.body, closedUnmerged: false });
        break;
      case "merge.observed":
        note(promptOfPull(entry.body.pull), { merge: entry.body });
        break;
      case "rework.opened":
      case "concern.raised": {
        const prompt = entry.body.prompt === null ? undefined : promptOf(record, entry.body.prompt);
        if (prompt !== undefined) prompt.rework = afterEntry(prompt.rework, entry);
        break;
      }
      case "concern.answered": {
        const { concern } = entry.body;
        const accepted = record.prompts.find(({ pull }) => pull !== null && mergeConcern(pull) === concern);
        note(accepted, { acceptedBy: entry.actor.login });
        break;
      }
      case "pull.closed":
        note(promptOfPull(entry.body.pull), { closedUnmerged: true });
        break;
      case "prompt.completed":
        note(promptOf(record, entry.body.prompt), { completed: true });
        break;
      case "story.completed":
        if (entry.body.story === story) record.completed = true;
        break;
    }
  }
  record.answers = agentAnswers(entries);
  record.planAnswers = planAnswers(entries, story);
  record.remediations = remediationsOf(story, entries);
  record.concerns = openConcerns(entries).filter((concern) => stopsStory(concern, story));
  return record;
}

/** Resets a prompt to the state before the removed commits; its attempts stay recorded. */
function applyRollback(record: StoryRecord, body: EntryBody<"rollback.done">): void {
  record.rollback = null;
  const prompt = promptOf(record, body.prompt);
  if (prompt === undefined) return;
  prompt.branchState = afterRollback(prompt.branchState, body);
  // What was asked for was about the pull request that is gone.
  const { asked } = prompt.rework;
  prompt.rework = { ...prompt.rework, pending: null, asked: body.to === null ? [] : asked };
  prompt.rolledBack = body.checkpoint;
  prompt.verdict = null;
  if (body.to !== null) return;
  prompt.pull = null;
  prompt.closedUnmerged = false;
}
