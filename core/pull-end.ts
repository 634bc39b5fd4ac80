import type { TypedEntry } from "./entries.ts";
import type { PullLookFacts } from "./pull-facts.ts";
import { storyOf } from "./record.ts";
import { appActor } from "./story/answers.ts";
import { addStep, type Decision } from "./story-facts.ts";

/** Records what became of a pull request; a merge that no success allowed is an incident. */
export function observeEnd(facts: PullLookFacts, entries: TypedEntry[], decision: Decision): void {
  const head = facts.judged.head.sha;
  const story = storyOf(entries, facts.number);
  const look =
    story === undefined ? [] : [{ kind: "issue" as const, repository: facts.repository.id, number: story }];
  const subject = [{ name: `pull request #${facts.number}`, digest: { gitCommit: head } }];
  const actor = appActor(facts);
  if (facts.merged === null) {
    const seen = entries.some(
      (entry) => entry.kind === "pull.closed" && entry.body.pull === facts.number && entry.body.head === head,
    );
    if (!seen)
      addStep(decision, {
        drafts: [{ kind: "pull.closed", actor, subject, body: { pull: facts.number, head } }],
        look,
      });
    return;
  }
  if (entries.some((entry) => entry.kind === "merge.observed" && entry.body.pull === facts.number)) return;
  const last = entries.findLast(
    (entry) => entry.kind === "verdict.given" && entry.body.pull === facts.number && entry.body.head === head,
  );
  const judged = last?.kind === "verdict.given" && last.body.conclusion === "success";
  const { commit, tree, by } = facts.merged;
  addStep(decision, {
    drafts: [
      {
        kind: "merge.observed",
        actor,
        subject: [...subject, { name: "merged", digest: { gitCommit: commit } }],
        body: {
          pull: facts.number,
          head,
          merged: commit,
          tree,
          judged,
          by: by === null ? null : { ...by, type: "User" },
        },
      },
    ],
    look,
  });
  if (judged) return;
  const message = `#${facts.number} was merged as ${commit} although the last verdict on ${head} was not success.`;
  addStep(decision, {
    drafts: [
      {
        kind: "incident.raised",
        actor,
        subject,
        body: { code: "merged-past-the-gate", message, issue: facts.number },
      },
    ],
  });
}
