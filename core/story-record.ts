import type { ContractPrompt, EntryBody, Source } from "../schemas/entries.ts";
import type { Account } from "../schemas/text.ts";
import type { Draft, TypedEntry } from "./entries.ts";

/** One try at one prompt, as far as it has got; each part is the entry that recorded it. */
export type AttemptRecord = {
  pack: EntryBody<"prompt.recorded">;
  response: EntryBody<"response.recorded"> | null;
  closed: EntryBody<"attempt.closed"> | null;
  evidence: EntryBody<"evidence.captured"> | null;
  commit: EntryBody<"change.committed"> | null;
};

/** One diff prompt of the frozen contract and what became of it. */
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
  completed: boolean;
};

/** What a person last asked the planner for. */
export type PlanRequest = { source: Source; by: Account; refinement: string };

export type PlanRecord = EntryBody<"plan.proposed"> & { at: string };

export type RunRecord = EntryBody<"run.submitted"> & { closed: EntryBody<"run.closed"> | null };

/** A story as the ledger tells it: the fold of its entries, oldest first. */
export type StoryRecord = {
  /** The keys of the comments and label events that were answered. */
  answered: Set<string>;
  request: PlanRequest | null;
  /** Why the last request brought no plan. */
  planFailure: EntryBody<"plan.failed"> | null;
  plan: PlanRecord | null;
  contract: EntryBody<"contract.frozen"> | null;
  prompts: PromptRecord[];
  run: RunRecord | null;
  runs: number;
  /** Why a person stopped the story, until a new plan or run. */
  blocked: string | null;
  completed: boolean;
};

/** A command's stable name: one comment or one label event is answered once. */
export function sourceKey(source: Source): string {
  return source.type === "comment" ? `comment/${source.id}` : `label/${source.id}`;
}

function account(actor: Draft["actor"]): Account {
  return { id: actor.id, login: actor.login, type: "User" };
}

function emptyStory(): StoryRecord {
  return {
    answered: new Set(),
    request: null,
    planFailure: null,
    plan: null,
    contract: null,
    prompts: [],
    run: null,
    runs: 0,
    blocked: null,
    completed: false,
  };
}

function attemptOf(
  record: StoryRecord,
  step: { prompt: number; attempt: { r: number; s: number } },
): AttemptRecord | undefined {
  return record.prompts
    .find((prompt) => prompt.issue === step.prompt)
    ?.attempts.find(({ pack }) => pack.attempt.r === step.attempt.r && pack.attempt.s === step.attempt.s);
}

/** Folds a story's entries, and drafts that are about to become entries, into what is known of it now. */
export function foldStory(
  story: number,
  entries: readonly (TypedEntry | (Draft & { at?: string }))[],
): StoryRecord {
  const record = emptyStory();
  const promptOfPull = (pull: number) => record.prompts.find((prompt) => prompt.pull === pull);
  for (const entry of entries) {
    switch (entry.kind) {
      case "command": {
        const { issue, source, command, accepted, text } = entry.body;
        if (issue !== story) break;
        record.answered.add(sourceKey(source));
        if (!accepted) break;
        if (command === "plan" || command === "refine") {
          record.request = { source, by: account(entry.actor), refinement: command === "refine" ? text : "" };
          record.blocked = null;
        }
        if (command === "block") record.blocked = text;
        if (command === "approve" || command === "clarify") record.blocked = null;
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
        record.prompts = entry.body.prompts.map((contract) => ({
          contract,
          issue: null,
          attempts: [],
          pull: null,
          verdict: null,
          merge: null,
          closedUnmerged: false,
          completed: false,
        }));
        break;
      case "prompt.opened": {
        const { body } = entry;
        if (body.story !== story || body.revision !== record.contract?.revision) break;
        const prompt = record.prompts.find(({ contract }) => contract.index === body.index);
        if (prompt !== undefined) prompt.issue = body.issue;
        break;
      }
      case "run.submitted":
        if (entry.body.story !== story) break;
        record.run = { ...entry.body, closed: null };
        record.runs += 1;
        record.blocked = null;
        break;
      case "run.closed":
        if (record.run?.run === entry.body.run) record.run.closed = entry.body;
        break;
      case "prompt.recorded":
        record.prompts
          .find((prompt) => prompt.issue === entry.body.prompt)
          ?.attempts.push({ pack: entry.body, response: null, closed: null, evidence: null, commit: null });
        break;
      case "response.recorded": {
        const attempt = attemptOf(record, entry.body);
        if (attempt !== undefined) attempt.response = entry.body;
        break;
      }
      case "attempt.closed": {
        const attempt = attemptOf(record, entry.body);
        if (attempt !== undefined) attempt.closed = entry.body;
        break;
      }
      case "evidence.captured": {
        const attempt = attemptOf(record, entry.body);
        if (attempt !== undefined) attempt.evidence = entry.body;
        break;
      }
      case "change.committed": {
        const attempt = attemptOf(record, entry.body);
        if (attempt !== undefined) attempt.commit = entry.body;
        break;
      }
      case "pull.opened": {
        const prompt = record.prompts.find(({ issue }) => issue === entry.body.prompt);
        if (prompt === undefined) break;
        prompt.pull = entry.body.pull;
        prompt.closedUnmerged = false;
        break;
      }
      case "verdict.given": {
        const prompt = promptOfPull(entry.body.pull);
        if (prompt !== undefined) prompt.verdict = entry.body;
        break;
      }
      case "merge.observed": {
        const prompt = promptOfPull(entry.body.pull);
        if (prompt !== undefined) prompt.merge = entry.body;
        break;
      }
      case "pull.closed": {
        const prompt = promptOfPull(entry.body.pull);
        if (prompt !== undefined) prompt.closedUnmerged = true;
        break;
      }
      case "prompt.completed": {
        const prompt = record.prompts.find(({ issue }) => issue === entry.body.prompt);
        if (prompt !== undefined) prompt.completed = true;
        break;
      }
      case "story.completed":
        if (entry.body.story === story) record.completed = true;
        break;
    }
  }
  return record;
}
