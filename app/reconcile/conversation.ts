import type { GitHub } from "../../collect/github/request.ts";
import { type Conversation, readConversation } from "../../collect/issue/conversation.ts";
import { answeredSources } from "../../core/answer.ts";
import type { Ourselves } from "../../core/effects.ts";
import type { TypedEntry } from "../../core/entries.ts";
import type { PolicyReading } from "../../core/facts.ts";
import { sourceKey } from "../../core/identifiers.ts";
import type { Known } from "../../core/known.ts";
import { usablePolicy } from "../../core/policy/problem.ts";

/** The most commands that one reconcile answers; the next answers more, so that nobody fills the ledger at one go. */
const maxCommands = 50;

/** Reads the commands under an issue or pull request that the ledger has not answered yet. */
export async function readOpenCommands(
  github: GitHub,
  thread: { number: number; createdAt: string; labels: string[] },
  {
    ourselves,
    policy,
    entries,
  }: { ourselves: Ourselves; policy: Known<PolicyReading>; entries: readonly TypedEntry[] },
): Promise<Known<Conversation>> {
  const answered = answeredSources(entries);
  return readConversation(github, thread, {
    ourselves,
    people: usablePolicy(policy)?.policy.people ?? null,
    isAnswered: (source) => answered.has(sourceKey(source)),
    max: maxCommands,
  });
}
