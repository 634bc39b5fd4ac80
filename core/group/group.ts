import type { Verdict } from "../../schemas/verdict.ts";
import { type Decision, decisionOf, requeue, type Step } from "../decision.ts";
import { sha256 } from "../digest.ts";
import { appActor, lastEntry } from "../entries.ts";
import type { Crash } from "../errors.ts";
import { checkEffect } from "../verdict/check.ts";
import { verdictText } from "../verdict/judge.ts";
import type { GroupSnapshot } from "./facts.ts";
import { judgeGroup } from "./judge.ts";

/** The input of a merge group's rules; `digest` is the SHA-256 of the verdict's bytes. */
type GroupContext = { facts: GroupSnapshot; verdict: Verdict; digest: string };

/** Decides a merge group's next steps: records its verdict and shows it on the one commit that was judged. */
export function decideGroup(facts: GroupSnapshot): Decision {
  const crashes: Crash[] = [];
  const verdict = judgeGroup(facts.group, (crash) => crashes.push(crash));
  const digest = sha256(verdictText(verdict));
  const context = { facts, verdict, digest };
  return decisionOf({ crashes }, recordJudgement(context), checkEffect(facts, verdict, digest), judgeAgain(context));
}

function recordJudgement({ facts, verdict, digest }: GroupContext): Step {
  const { ref, members } = facts.group;
  const last = lastEntry(facts.entries, "group.judged", ({ body }) => body.head === verdict.head);
  if (last?.body.verdictSha256 === digest) return {};
  // As for a pull request: unread facts are read again at once, and are not worth an entry.
  if (verdict.conclusion === "pending" && verdict.gates.some((gate) => gate.status === "unknown")) return {};
  return {
    drafts: [
      {
        kind: "group.judged",
        actor: appActor(facts),
        subject: [{ name: ref, digest: { gitCommit: verdict.head } }],
        body: {
          headRef: ref,
          head: verdict.head,
          base: verdict.base,
          members: members.map(({ number, head }) => ({ pull: number, head })),
          conclusion: verdict.conclusion,
          verdictSha256: digest,
        },
      },
    ],
  };
}

/**
 * Has a group judged again that is pending or successful: a member's state may change without an event that names the
 * group.
 */
function judgeAgain({ facts, verdict }: GroupContext): Step {
  if (verdict.conclusion === "pending" || !facts.ourCheck.known) return { requeueAfter: requeue.undecided };
  return verdict.conclusion === "success" ? { requeueAfter: requeue.unannounced } : {};
}
