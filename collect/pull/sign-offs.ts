import type { SignOff } from "../../core/facts.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import { authority } from "../../core/people/authority.ts";
import type { People } from "../../schemas/policy.ts";
import type { GitHub } from "../github/request.ts";
import { readConversation } from "../issue/conversation.ts";

const nobody = { appId: 0, slug: "", bot: { id: 0, login: "", type: "Bot" as const } };

/**
 * The sign-offs of a pull request in a repository without a ledger, read from its comments: only comments that were
 * never edited, by approvers who may write now, and not through an app. Where the App is installed it records
 * sign-offs, and the ledger is used. Everyone who may write can delete a comment, so this proves less.
 */
export async function readSignOffs(
  github: GitHub,
  pull: { number: number; createdAt: string },
  people: People,
): Promise<Known<SignOff[]>> {
  const conversation = await readConversation(
    github,
    { ...pull, labels: [] },
    { ourselves: nobody, people, isAnswered: () => false },
  );
  if (!conversation.known) return conversation;
  const signOffs: SignOff[] = [];
  for (const request of conversation.value.commands) {
    const { command, by, source, at } = request;
    if ("reply" in command || command.name !== "sign-off") continue;
    const allowed = authority(request, ["approvers"], people);
    if (allowed.answer === "wait") return unknown(allowed.why);
    if (allowed.answer === "no") continue;
    const { sha, result, test } = command;
    // A comment names no base branch, so its time decides for which one it was written.
    signOffs.push({ sha, test, result, by, seq: source.id, baseRef: null, at });
  }
  return known(signOffs);
}
