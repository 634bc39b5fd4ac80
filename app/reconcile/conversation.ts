import { type Conversation, readConversation } from "../../collect/asks.ts";
import type { GitHub } from "../../collect/github.ts";
import type { Ourselves } from "../../core/effects.ts";
import type { TypedEntry } from "../../core/entries.ts";
import type { PolicyReading } from "../../core/facts.ts";
import type { Known } from "../../core/known.ts";
import { sourceKey } from "../../core/source.ts";

/** The most commands that one look answers; the next comes with their replies, so that nobody fills the ledger at one go. */
const mostAsks = 50;

/** Reads what people ask for under an issue or pull request and the ledger has not answered yet. */
export async function readOpenAsks(
  github: GitHub,
  thread: { number: number; createdAt: string; labels: string[] },
  {
    ourselves,
    policy,
    entries,
  }: { ourselves: Ourselves; policy: Known<PolicyReading>; entries: readonly TypedEntry[] },
): Promise<Known<Conversation>> {
  const answered = new Set(
    entries.flatMap((entry) => (entry.kind === "command" ? [sourceKey(entry.body.source)] : [])),
  );
  return readConversation(github, thread, {
    ourselves,
    people: policy.known && policy.value.state === "loaded" ? policy.value.policy.people : null,
    isAnswered: (source) => answered.has(sourceKey(source)),
    most: mostAsks,
  });
}
