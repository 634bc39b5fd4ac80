import type { EntryBody } from "../../schemas/entries.ts";
import { maxConcernLength } from "../../schemas/limits.ts";
import type { StepResult } from "../../schemas/step.ts";
import { type Draft, type TypedEntry, userActor } from "../entries.ts";
import type { CommandRequest } from "../facts.ts";
import { checkpointName, sourceKey } from "../identifiers.ts";

/** An open question, block or risk: work stops until a person answers it. */
export type Concern = {
  /** The concern's stable name. */
  name: string;
  code: string;
  /** A person or a model wrote this. */
  message: string;
  /** The story it stops; null where it stops a pull request alone, and for a block of an older version. */
  story: number | null;
  /** Where it is answered: the issue or pull request on which it was raised. */
  issue: number;
  pull: number | null;
  by: string;
  /** The sequence number of the entry that raised it; null for a draft. */
  seq: number | null;
};

/** An entry, or a draft that will become one. */
type EntryOrDraft = TypedEntry | (Draft & { seq?: number });

/** The commands that resume stopped work; each answers all open concerns where it is given. */
const answeringCommands: ReadonlySet<string> = new Set(["clarify", "plan", "refine", "approve", "run", "retry"]);

/**
 * The open concerns, oldest first. Ledgers of older versions have blocks without a `concern.raised` entry: there the
 * accepted command is the concern, one for each issue, and the next command that resumes the work answers it.
 */
export function openConcerns(entries: readonly EntryOrDraft[]): Concern[] {
  const open = new Map<string, Concern>();
  for (const entry of entries) {
    if (entry.kind === "command") applyCommand(open, entry);
    if (entry.kind === "concern.answered") open.delete(entry.body.concern);
    if (entry.kind !== "concern.raised") continue;
    const { concern, story, pull, prompt, code, message } = entry.body;
    const issue = pull ?? story ?? prompt;
    if (issue === null) continue;
    const name = concern;
    const by = raisedBy(entry);
    // The command that raised it comes right before it and is the same concern.
    if (open.get(blockKey(issue))?.name === name) open.delete(blockKey(issue));
    open.set(name, { name, code, message, story, issue, pull, by, seq: entry.seq ?? null });
  }
  return [...open.values()];
}

const blockKey = (issue: number) => `block/${issue}`;

function applyCommand(open: Map<string, Concern>, entry: EntryOrDraft & { kind: "command" }): void {
  const { issue, accepted, command, text, source } = entry.body;
  if (!accepted) return;
  const key = blockKey(issue);
  if (answeringCommands.has(command)) open.delete(key);
  if (command !== "block") return;
  const name = sourceKey(source);
  const where = { story: null, issue, pull: null, by: raisedBy(entry), seq: entry.seq ?? null };
  open.set(key, { name, code: "blocked", message: text, ...where });
}

function raisedBy({ actor }: EntryOrDraft): string {
  if (actor.type === "user") return `@${actor.login}`;
  return actor.type === "agent" ? `the agent (${actor.login})` : "Sallyport";
}

/** Whether a concern stops this story: it was raised there, or by an agent at work on it. */
export function stopsStory({ pull, issue }: Concern, story: number): boolean {
  return pull === null && issue === story;
}

/**
 * The concern entries of an accepted command: a block raises one, and a command that resumes the work answers the open
 * ones.
 */
export function concernDrafts(
  request: CommandRequest,
  open: readonly Concern[],
  where: { story: number | null; pull: number | null; prompt: number | null },
): Draft[] {
  const { command, source } = request;
  const actor = userActor(request.by);
  const { story, pull } = where;
  const text = ("text" in command ? command.text : "").slice(0, maxConcernLength);
  if (command.name === "block")
    return [
      {
        kind: "concern.raised",
        actor,
        subject: [],
        body: {
          ...where,
          concern: sourceKey(source),
          code: "blocked",
          message: text,
          raisedBy: "person",
          about: source,
        },
      },
    ];
  if (!answeringCommands.has(command.name)) return [];
  return open.map(({ name }) => ({
    kind: "concern.answered" as const,
    actor,
    subject: [],
    body: { concern: name, story, pull, source, text },
  }));
}

/** Whether an agent's answer waits for people: it stopped, or it asked. */
export function isStopping(outcome: StepResult["outcome"]): boolean {
  return outcome === "stopped" || outcome === "asked";
}

/** The concern that an agent's answer raises if it stopped or asked; null for any other answer. */
export function agentConcern(
  asked: Pick<EntryBody<"prompt.recorded">, "run" | "story" | "prompt" | "attempt">,
  sha256: string,
  result: Pick<StepResult, "outcome" | "code" | "summary" | "questions">,
): EntryBody<"concern.raised"> | null {
  if (!isStopping(result.outcome)) return null;
  const { run, story, prompt, attempt } = asked;
  return {
    concern: checkpointName(asked),
    story,
    pull: null,
    prompt,
    code: result.code,
    message: [result.summary, ...result.questions]
      .filter((line) => line !== "")
      .join("\n")
      .slice(0, maxConcernLength)
      .toWellFormed(),
    raisedBy: "agent",
    about: { type: "answer", run, attempt, sha256 },
  };
}

/** A person's answer to an agent that stopped or asked, in the form a rework pack carries it. */
export type AgentAnswer = {
  prompt: number;
  finding: { source: string; code: "answer"; message: string };
};

/** People's answers to agents' concerns, oldest first, each with its prompt. */
export function agentAnswers(entries: readonly EntryOrDraft[]): AgentAnswer[] {
  const asked = new Map<string, number>();
  return entries.flatMap((entry): AgentAnswer[] => {
    if (entry.kind === "concern.raised" && entry.body.raisedBy === "agent" && entry.body.prompt !== null)
      asked.set(entry.body.concern, entry.body.prompt);
    if (entry.kind !== "concern.answered" || entry.body.text === "") return [];
    const prompt = asked.get(entry.body.concern);
    const finding = {
      source: `@${entry.actor.login}`,
      code: "answer" as const,
      message: entry.body.text,
    };
    return prompt === undefined ? [] : [{ prompt, finding }];
  });
}
