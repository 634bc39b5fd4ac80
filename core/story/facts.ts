import type { Advice } from "../../schemas/advice.ts";
import type { Plan } from "../../schemas/plan.ts";
import type { ReworkReport } from "../../schemas/rework.ts";
import type { Instruction, Pack, StepResult } from "../../schemas/step.ts";
import type { Task } from "../../schemas/task.ts";
import type { Account } from "../../schemas/text.ts";
import type { CommonFacts, IssueRef } from "../decision.ts";
import type { LoadedPolicy, Permission } from "../facts.ts";
import type { Known } from "../known.ts";
import { keyOf } from "../record/keys.ts";
import type { AttemptRecord, PromptRecord, StoryRecord, StoryRun } from "../record/story.ts";

/** An issue as GitHub shows it now. Anyone who can write issues wrote its title and body. */
export type IssueFacts = {
  number: number;
  title: string;
  body: string;
  state: "open" | "closed";
  /** Only people with write access can write there. */
  locked: boolean;
  author: Account;
  labels: string[];
};

/** A sub-issue of the observed issue. */
export type ChildFacts = {
  number: number;
  title: string;
  /** Its text and author, for a diff prompt that a person wrote below a story; absent for any other. */
  written?: { body: string; by: Account; isPlanner: Known<boolean> };
  state: "open" | "closed";
  labels: string[];
  /** The issue is in another repository, so its number means nothing here. */
  elsewhere?: true;
};

/**
 * A person's comment under an issue that is no command. `right`: what lets it be part of the ticket, read only while a
 * plan is asked for; null: nothing does, because its author has no right or it was edited or written through an app.
 */
export type CommentFact = { id: number; by: Account; text: string; right: Known<"planner" | "writer" | null> };

/** When an issue's title or body was last changed (RFC 3339; null: never), and the rule that finds a secret in them. */
export type TextFacts = { editedAt: string | null; secret: string | null };

/** A file that the policy names as instructions; null: there is no text of that size at its path. */
export type InstructionReading = { path: string; file: Instruction | null };

/** The task file that a story names, as it stands on the default branch. */
export type TaskReading =
  | { path: string; state: "absent" }
  | { path: string; state: "malformed"; why: string }
  | { path: string; state: "read"; file: Instruction; task: Task };

/** Who opened an epic or a story, and whether they have the duty to plan here and may write. */
export type Opener = { by: Account; isPlanner: boolean };

/** Everything the next step of a story depends on. */
export type StoryFacts = CommonFacts & {
  issue: IssueFacts;
  /** The issue this one is a sub-issue of. */
  parent: IssueFacts | null;
  /** The issue that the form names as its epic; null when it names none or there is no such issue. */
  namedEpic: IssueFacts | null;
  /** Who wrote the text that names it, as the text is now; `by` null: an account that is gone or was not read. */
  namedBy: { by: Account | null; permission: Known<Permission> } | null;
  decisions: Known<{ path: string; exists: boolean }[]>;
  /** Who opened the issue, and its epic; null where nobody has to know: somebody took it over, or it is neither. */
  openers: { issue: Opener | null; epic: Opener | null };
  /** Null: it names none. */
  task: TaskReading | null;
  /** The template of master contracts, as it stands now; `value` null: no such text. Null: nobody has to know. */
  template: Known<Instruction | null> | null;
  /** The policy's instructions, by the commit of the default branch where they were read. */
  instructions: ReadonlyMap<string, Known<InstructionReading[]>>;
  children: ChildFacts[];
  /** Oldest first. */
  comments: CommentFact[];
  /** What the light tier needs to know of the issue's text; read only where it is asked for. */
  text: Known<TextFacts>;
  /** Stored bodies that entries and outcomes refer to, by SHA-256. */
  plans: ReadonlyMap<string, Plan>;
  packs: ReadonlyMap<string, Pack>;
  results: ReadonlyMap<string, StepResult>;
  reports: ReadonlyMap<string, ReworkReport>;
  advices: ReadonlyMap<string, Advice>;
};

/** What of an issue's facts says what its decision reads of the ledger. */
type Reading = Pick<StoryFacts, "issue" | "parent" | "namedEpic" | "children" | "commands" | "outcomes">;

/**
 * The keys of all that the decision on an issue reads of the ledger: the issue, what stands above and below it,
 * a checkpoint that a command names, and the issues that were opened for its prompts.
 */
export function issueReads({ issue, parent, namedEpic, children, commands, outcomes }: Reading): string[] {
  const above = [parent, namedEpic].flatMap((one) => one?.number ?? []);
  const below = children.flatMap((child) => (child.elsewhere ? [] : [child.number]));
  const opened = [...outcomes.values()].flatMap((outcome) =>
    outcome.status === "done" && outcome.result.type === "issue" ? [outcome.result.number] : [],
  );
  const numbers = [issue.number, ...above, ...below, ...opened].sort((one, other) => one - other);
  const checkpoints = commands.flatMap(({ command }) =>
    "checkpoint" in command ? [keyOf.checkpoint(command.checkpoint)] : [],
  );
  return [...new Set([...numbers.map(keyOf.number), ...checkpoints])];
}

/** The input of a story's rules. */
export type StoryContext = {
  /** The ledger's record of the story, including earlier rules' drafts. */
  record: StoryRecord;
  facts: StoryFacts;
  loaded: LoadedPolicy;
  /** What the story lacks before it can be planned, one line each for its author. */
  missing: string[];
};

/** The current work of an open run: one of its prompts, and the run's last attempt at it. */
export type Work = { run: StoryRun; prompt: PromptRecord; attempt: AttemptRecord };

/** The epic that the story is below or names; null: there is none. */
export function epicOf({ parent, namedEpic }: Pick<StoryFacts, "parent" | "namedEpic">): IssueFacts | null {
  return [parent, namedEpic].find((issue) => issue?.labels.includes("epic") === true) ?? null;
}

/** Whether the issue is a story, which takes the full road; any other that comes here is on the light tier. */
export function isStory({ labels }: Pick<IssueFacts, "labels">): boolean {
  return labels.includes("story");
}

/** Why nothing new begins on an issue, as its state: it is closed or locked. Null: it is open. */
export function shutState({ state, locked }: IssueFacts): "closed" | "locked" | null {
  if (state === "closed") return "closed";
  return locked ? "locked" : null;
}

/** A reference to the issue under decision. */
export function refOf({ repository, issue }: StoryFacts): IssueRef {
  return { repository, number: issue.number };
}
