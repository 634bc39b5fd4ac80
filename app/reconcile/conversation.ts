import type { GitHub } from "../../collect/github/request.ts";
import { type Conversation, readConversation } from "../../collect/issue/conversation.ts";
import type { WrittenComment } from "../../collect/issue/state.ts";
import { answeredSources } from "../../core/answer.ts";
import type { Command } from "../../core/commands.ts";
import type { TypedEntry } from "../../core/entries.ts";
import type { CommandRequest, PolicyReading } from "../../core/facts.ts";
import { effectKey, sourceKey } from "../../core/identifiers.ts";
import type { Known } from "../../core/known.ts";
import { usablePolicy } from "../../core/policy/problem.ts";
import type { Subject } from "../../core/subject.ts";
import { outcomesOf } from "../store/effects.ts";
import type { ReconcileTools } from "./tools.ts";

/** The most commands that one reconcile answers; the next answers more, so that nobody fills the ledger at one go. */
const maxCommands = 50;

/** Reads the commands under an issue or pull request that were neither answered in the ledger nor passed over. */
export async function readOpenCommands(
  github: GitHub,
  thread: {
    subject: Subject;
    createdAt: string;
    labels: string[];
    assignment?: Command | null;
    written?: WrittenComment[] | null;
  },
  {
    policy,
    entries,
    tools: { ourselves, db },
    wantsTicket,
  }: {
    policy: Known<PolicyReading>;
    entries: readonly TypedEntry[];
    tools: Pick<ReconcileTools, "ourselves" | "db">;
    wantsTicket?(commands: readonly Pick<CommandRequest, "command">[]): boolean;
  },
): Promise<Known<Conversation>> {
  const { subject, ...shown } = thread;
  const answered = answeredSources(entries);
  const outcomes = await outcomesOf(db, subject);
  return readConversation(
    github,
    { number: subject.number, ...shown },
    {
      ourselves,
      people: usablePolicy(policy)?.policy.people ?? null,
      isAnswered: (source) =>
        answered.has(sourceKey(source)) || outcomes.has(effectKey.reply(subject.repository, source)),
      max: maxCommands,
      ...(wantsTicket === undefined ? {} : { wantsTicket }),
    },
  );
}
