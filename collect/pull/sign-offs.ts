import { manualTests } from "../../core/gates/manual-test.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import { authority, writers } from "../../core/people/authority.ts";
import type { PullRecord, UnheardSignOff } from "../../core/pull-record.ts";
import type { Policy } from "../../schemas/policy.ts";
import type { GitHub } from "../github/request.ts";
import { readConversation } from "../issue/conversation.ts";

const nobody = { appId: 0, slug: "", page: "", bot: { id: 0, login: "", type: "Bot" as const } };

/** The most comments that a record names as unheard, the newest first: anybody may write any number of them. */
const maxUnheard = 20;

/**
 * The sign-offs of a pull request in a repository without a ledger, read from its comments: only comments that were
 * never edited, by approvers who may write now, and not through an app; and the comments that were meant as one and do
 * not count, with the reason. Where the App is installed it records sign-offs, and the ledger is used. Everyone who may
 * write can delete a comment, so this proves less.
 */
export async function readSignOffs(
  github: GitHub,
  pull: { number: number; createdAt: string },
  policy: Policy,
): Promise<Known<Pick<PullRecord, "signOffs" | "unheard">>> {
  const { people } = policy;
  const conversation = await readConversation(
    github,
    { ...pull, labels: [] },
    { ourselves: nobody, people, isAnswered: () => false, withBots: true },
  );
  if (!conversation.known) return conversation;
  const tests = manualTests(policy);
  const signOffs: PullRecord["signOffs"] = [];
  const unheard: UnheardSignOff[] = [];
  for (const request of conversation.value.commands) {
    const { command, by, source, at, permission } = request;
    // A misspelt command is none by name; its reply says which one was meant.
    if (command.name !== "sign-off" && !("reply" in command && command.reply.includes("`/sign-off "))) continue;
    const mayWrite = permission.known && writers.has(permission.value.role);
    const refuse = (why: string) => unheard.unshift({ by, comment: source.id, why, mayWrite });
    const allowed = authority(request, ["approvers"], people);
    if (allowed.answer === "wait") return unknown(allowed.why);
    if (allowed.answer === "no") refuse(allowed.line);
    else if ("reply" in command) refuse(command.reply);
    else if (command.name !== "sign-off") continue;
    else if (!tests.includes(command.test))
      refuse(`There is no test \`${command.test}\` to sign off; there is: ${tests.join(", ")}.`);
    else {
      const { sha, result, test } = command;
      // A comment names no base branch, so its time decides for which one it was written.
      signOffs.push({ sha, test, result, by, seq: source.id, baseRef: null, at });
    }
  }
  return known({ signOffs, ...(unheard.length === 0 ? {} : { unheard: unheard.slice(0, maxUnheard) }) });
}
