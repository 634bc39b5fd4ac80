import type { Verdict } from "../schemas/verdict.ts";
import { checkEffect } from "./check-effect.ts";
import { sha256 } from "./contract.ts";
import { addStep, type Decision, emptyDecision, type Step } from "./decision.ts";
import { judgeGroup } from "./group.ts";
import type { GroupLookFacts } from "./group-facts.ts";
import { verdictText } from "./judge.ts";
import { appActor } from "./story/answer.ts";

/** Seconds until an open group is looked at again: a member's state may change without an event that names the group. */
const again = { undecided: 15, passed: 60 };

/** Decides a merge group's next steps: its verdict recorded, and shown on the one commit that was judged. */
export function decideGroup(facts: GroupLookFacts): Decision {
  const decision = emptyDecision();
  const verdict = judgeGroup(facts.group);
  const digest = sha256(verdictText(verdict));
  addStep(decision, recordJudgement(facts, verdict, digest));
  addStep(decision, checkEffect(facts, verdict, digest));
  if (verdict.conclusion === "pending" || !facts.ourCheck.known) decision.requeueAfter = again.undecided;
  else if (verdict.conclusion === "success") decision.requeueAfter = again.passed;
  return decision;
}

function recordJudgement(facts: GroupLookFacts, verdict: Verdict, digest: string): Step {
  const { ref, members } = facts.group;
  const last = facts.entries.findLast(
    (entry) => entry.kind === "group.judged" && entry.body.head === verdict.head,
  );
  if (last?.kind === "group.judged" && last.body.verdictSha256 === digest) return {};
  // As for a pull request: what could not be read is read again at once, and is not worth an entry.
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
