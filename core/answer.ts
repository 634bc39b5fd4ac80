import type { CommonFacts, IssueRef, Step } from "./decision.ts";
import type { Effect } from "./effects.ts";
import { type Draft, entriesOf, type TypedEntry, userActor } from "./entries.ts";
import type { CommandRequest } from "./facts.ts";
import { effectKey, sourceKey } from "./identifiers.ts";

/** The answer to one command: the line people read, the entries it adds, and the planner's route that it chose. */
export type CommandAnswer = { accepted: boolean; code: string; line: string; drafts?: Draft[]; route?: string };

/** Refuses a command, with a code and the line people read. */
export const refuse = (code: string, line: string): CommandAnswer => ({ accepted: false, code, line });

/** Accepts a command, with a code, the line people read and the entries it adds. */
export const accept = (code: string, line: string, drafts: Draft[] = []): CommandAnswer => ({
  accepted: true,
  code,
  line,
  drafts,
});

/** The sources of the commands that the ledger has answered, by `sourceKey`. */
export function answeredSources(entries: readonly TypedEntry[]): ReadonlySet<string> {
  return new Set(entriesOf(entries, "command").map(({ body }) => sourceKey(body.source)));
}

/**
 * Whether somebody has no say here at all: neither a role above reading nor a duty. There is no end of such people, so
 * their commands leave no entry. One whose permission is unread may have a say.
 */
function isStranger({ permission }: CommandRequest): boolean {
  if (!permission.known) return false;
  const { role, duties } = permission.value;
  return (role === "none" || role === "read") && duties.length === 0;
}

type Commands = Pick<CommonFacts, "commands" | "outcomes" | "repository">;

/** The commands that were not passed over, in their order. One that was never counts, whoever its author is by now. */
function notPassedOver({ commands, outcomes, repository }: Commands): CommandRequest[] {
  return commands.filter(({ source }) => !outcomes.has(effectKey.reply(repository.id, source)));
}

/** The commands to answer with an entry, in their order. */
export function heard(facts: Commands): CommandRequest[] {
  return notPassedOver(facts).filter((request) => !isStranger(request));
}

/** Passes over the commands of strangers: each person is told once a day on an issue or pull request. */
export function turnAway(facts: Commands & Pick<CommonFacts, "now">, where: IssueRef): Step {
  const { repository, number: issue } = where;
  const effects = notPassedOver(facts).flatMap((request): Effect[] => {
    if (!isStranger(request)) return [];
    const { by, source } = request;
    const comment = source.type === "comment" ? source.id : null;
    const line = `@${by.login} has no write access to this repository, so commands of theirs do not count here.`;
    const refusal = effectKey.refusal(repository.id, issue, by.id, facts.now.slice(0, 10));
    return [
      { type: "turn-away", key: refusal, issue, told: { comment, line } },
      { type: "turn-away", key: effectKey.reply(repository.id, source), issue, told: null },
      ...labelGone(request, where),
    ];
  });
  return { effects };
}

/** Takes the label of an answered command off. One that is not answered yet stays: with it the command would be lost. */
function labelGone({ source }: CommandRequest, { repository, number }: IssueRef): Effect[] {
  if (source.type !== "label") return [];
  const { label } = source;
  return [{ type: "ensure-label-gone", key: effectKey.label(repository.id, number, label), issue: number, label }];
}

/** The entry and the reply that answer a command on an issue or a pull request. */
export function answered(request: CommandRequest, answer: CommandAnswer, { repository, number }: IssueRef): Step {
  return {
    drafts: [
      {
        kind: "command",
        actor: userActor(request.by),
        subject: [],
        body: {
          issue: number,
          source: request.source,
          command: request.command.name,
          accepted: answer.accepted,
          code: answer.code,
          message: answer.line,
          // Anybody can write a command that is refused, and the ledger is public and permanent.
          text: answer.accepted && "text" in request.command ? request.command.text : "",
          ...(answer.route === undefined ? {} : { route: answer.route }),
        },
      },
      ...(answer.drafts ?? []),
    ],
    effects: [
      {
        type: "reply",
        key: effectKey.reply(repository.id, request.source),
        issue: number,
        comment: request.source.type === "comment" ? request.source.id : null,
        accepted: answer.accepted,
        line: answer.line,
      },
      ...labelGone(request, { repository, number }),
    ],
  };
}
