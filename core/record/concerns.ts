import type { EntryBody } from "../../schemas/entries.ts";
import { maxConcernLength } from "../../schemas/limits.ts";
import type { People } from "../../schemas/policy.ts";
import type { Duty } from "../../schemas/policy-values.ts";
import type { StepResult } from "../../schemas/step.ts";
import type { Account } from "../../schemas/text.ts";
import { type Draft, type TypedEntry, userActor } from "../entries.ts";
import { code, plain } from "../escape.ts";
import type { CommandRequest } from "../facts.ts";
import { checkpointName, sourceKey } from "../identifiers.ts";
import { holders } from "../people/authority.ts";
import { idsOf, whoseWork } from "../people/authorship.ts";

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
  /** What it is about: the act, the answer or the merge that raised it. */
  about: EntryBody<"concern.raised">["about"];
  /** The sequence number of the entry that raised it; null for a draft. */
  seq: number | null;
};

/** The code of a question that a plan leaves open. */
export const openQuestion = "open-question";

/** The code of a merge that no successful verdict allowed. */
export const mergedPastCheck = "merged-past-check";

/** The name of the concern about a pull request that was merged past its check. */
export function mergeConcern(pull: number): string {
  return `merged/${pull}`;
}

/** An entry, or a draft that will become one. */
export type EntryOrDraft = TypedEntry | (Draft & { seq?: number });

/** The commands that answered a block in ledgers of older versions; now only `/clarify` answers. */
const olderAnswers: ReadonlySet<string> = new Set(["clarify", "plan", "refine", "approve", "run", "retry"]);

/**
 * The open concerns, oldest first. Ledgers of older versions have blocks without a `concern.raised` entry: there the
 * accepted command is the concern, one for each issue, and the next command that resumes the work answers it.
 */
export function openConcerns(entries: readonly EntryOrDraft[]): Concern[] {
  const open: OpenConcerns = new Map();
  for (const entry of entries) applyConcern(open, entry);
  return [...open.values()];
}

/** The open concerns while a ledger is folded: by name, or by issue for blocks of older versions. */
export type OpenConcerns = Map<string, Concern>;

/** Updates the open concerns by the next entry. */
export function applyConcern(open: OpenConcerns, entry: EntryOrDraft): void {
  if (entry.kind === "command") applyCommand(open, entry);
  if (entry.kind === "concern.answered") open.delete(entry.body.concern);
  if (entry.kind === "plan.proposed") dropQuestions(open, entry.body.story);
  if (entry.kind !== "concern.raised") return;
  const { concern: name, story, pull, prompt, code, message, about } = entry.body;
  const issue = pull ?? story ?? prompt;
  if (issue === null) return;
  const by = raisedBy(entry);
  // The command that raised it comes right before it and is the same concern.
  if (open.get(blockKey(issue))?.name === name) open.delete(blockKey(issue));
  open.set(name, { name, code, message, story, issue, pull, by, about, seq: entry.seq ?? null });
}

/** A newer plan asks its own questions, so those of the one before are void. */
function dropQuestions(open: OpenConcerns, story: number): void {
  for (const [key, { code, issue }] of open) if (code === openQuestion && issue === story) open.delete(key);
}

const blockKey = (issue: number) => `block/${issue}`;

function applyCommand(open: OpenConcerns, entry: EntryOrDraft & { kind: "command" }): void {
  const { issue, accepted, command, text, source } = entry.body;
  if (!accepted) return;
  const key = blockKey(issue);
  if (olderAnswers.has(command)) open.delete(key);
  if (command !== "block") return;
  const name = sourceKey(source);
  const where = { story: null, issue, pull: null, by: raisedBy(entry), about: source, seq: entry.seq ?? null };
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

/** Whether a concern stops the work on this pull request of a story: it was raised there, or it stops the story. */
export function stopsPull(concern: Concern, { pull, story }: { pull: number; story: number }): boolean {
  return concern.issue === pull || stopsStory(concern, story);
}

/**
 * The open concerns that a person's `/rework` answers, which are those about rework, or their `/clarify`: the one that
 * it names first, else all that need no name. A merge past the check is accepted by its name alone, by an approver or
 * architect who neither merged it nor asked for the change (`askedBy`).
 */
export function answeredBy(
  { command, by, permission }: CommandRequest,
  open: readonly Concern[],
  askedBy: readonly Account[],
  people: People,
): Concern[] {
  if (command.name === "rework") return open.filter(({ about }) => about.type === "rework");
  if (command.name !== "clarify" || !("text" in command)) return [];
  const [first] = command.text.split(/\s/);
  const named = open.filter(({ name }) => name === first);
  if (named.length === 0) return open.filter(({ code }) => code !== mergedPastCheck);
  const duties = permission.known ? permission.value.duties : [];
  const isAccepter = duties.includes("approvers") || duties.includes("architects");
  return named.filter(({ about }) => {
    if (about.type !== "merge") return true;
    const own = idsOf(about.by === null ? askedBy : [...askedBy, about.by]);
    return isAccepter && whoseWork(by, own, people) !== "own";
  });
}

/** What is open, how it is answered, and by whom: the duty, and the same for people. */
export function answerStep(
  concerns: readonly Concern[],
  people: People,
): { blocks: string; step: string; duty: Duty; who: string } {
  const open = concerns.map(({ name, by, message }) => `Blocked by ${plain(by)} (${code(name)}): ${plain(message)}`);
  const blocks = open.join("\n\n");
  if (concerns.some((one) => one.code !== mergedPastCheck))
    return { blocks, step: "/clarify <answer>", duty: "planners", who: holders(people, "planners") };
  const step = `/clarify ${concerns[0]?.name} <why it may stay>`;
  return { blocks, step, duty: "approvers", who: `${holders(people, "approvers")}, but not who merged it` };
}

/** The most open concerns that one reply names. */
const maxNamed = 5;

/** The same as one line, for a reply. */
export function openLine(concerns: readonly Concern[], people: People): string {
  const shown = concerns
    .slice(0, maxNamed)
    .map((one) => ({ ...one, message: one.message.slice(0, 300).toWellFormed() }));
  const { blocks, step, who } = answerStep(shown, people);
  const more = concerns.length > maxNamed ? ` And ${concerns.length - maxNamed} more.` : "";
  return `${blocks.replaceAll("\n\n", " ")}${more} Answer with \`${step}\` (${plain(who)}); a name after \`/clarify\` answers that one alone.`;
}

/** The concern entries of an accepted command: a block raises one, and an answer answers those of `answeredBy`. */
export function concernDrafts(
  request: CommandRequest,
  answers: readonly Concern[],
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
  return answers.map(({ name }) => ({
    kind: "concern.answered" as const,
    actor,
    subject: [],
    body: { concern: name, story, pull, source, text },
  }));
}

/** Whether an agent's answer waits for people: it stopped, or it asked. Undefined: there is no answer. */
export function isStopping(outcome: StepResult["outcome"] | undefined): boolean {
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

/**
 * The concerns of a plan's open questions and of what our host found amiss around it (`found`), from the moment of the
 * plan: a person answers them before the approval.
 */
export function planQuestions(
  { story, revision, request, plan }: Pick<EntryBody<"plan.proposed">, "story" | "revision" | "request" | "plan">,
  found: readonly string[],
): EntryBody<"concern.raised">[] {
  const concerns = (kind: string, raisedBy: "agent" | "app", messages: readonly string[]) =>
    messages.map((message, index) => ({
      concern: `${kind}-${story}-${revision}-${index + 1}`,
      story,
      pull: null,
      prompt: null,
      code: openQuestion,
      message: message.slice(0, maxConcernLength).toWellFormed(),
      raisedBy,
      about: request,
    }));
  return [...concerns("question", "agent", plan.unknowns), ...concerns("intake", "app", found)];
}
