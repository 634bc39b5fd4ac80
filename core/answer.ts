import type { IssueRef, Step } from "./decision.ts";
import type { Effect } from "./effects.ts";
import { type Draft, entriesOf, type TypedEntry, userActor } from "./entries.ts";
import type { CommandRequest } from "./facts.ts";
import { effectKey, sourceKey } from "./identifiers.ts";

/** The answer to one command: the line people read, and the entries it adds. */
export type CommandAnswer = { accepted: boolean; code: string; line: string; drafts?: Draft[] };

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
