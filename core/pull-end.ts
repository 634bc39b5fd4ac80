import { addStep, type Decision } from "./decision.ts";
import { lastEntry, type TypedEntry } from "./entries.ts";
import { handedOff, toCleanup } from "./handoffs.ts";
import type { PullLookFacts } from "./pull-facts.ts";
import { storyOf } from "./record.ts";
import { appActor } from "./story/answer.ts";
import { allowsMerge, lastVerdict, summariseMerge } from "./vsa.ts";

/**
 * Records what became of a pull request. A merge is summed up for other verifiers, whether or not a success allowed it;
 * one that none allowed is an incident.
 */
export function observeEnd(facts: PullLookFacts, entries: TypedEntry[], decision: Decision): void {
  const head = facts.judged.head.sha;
  const story = storyOf(entries, facts.number);
  const enqueue =
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
        enqueue,
      });
    return;
  }
  if (entries.some((entry) => entry.kind === "merge.observed" && entry.body.pull === facts.number)) return;
  const { ref: branch } = facts.judged.base;
  const judged = allowsMerge(lastVerdict(entries, facts.number, head), branch);
  const { commit, tree, by } = facts.merged;
  const merge = { pull: facts.number, head, merged: commit };
  const both = [...subject, { name: "merged", digest: { gitCommit: commit } }];
  const summary = summariseMerge(
    entries,
    { ...merge, branch },
    {
      slug: facts.ourselves.slug,
      repository: facts.repository.name,
      now: facts.now,
    },
  );
  const opened = lastEntry(entries, "pull.opened", ({ body }) => body.pull === facts.number);
  addStep(decision, {
    drafts: [
      {
        kind: "merge.observed",
        actor,
        subject: both,
        body: { ...merge, tree, judged, by: by === null ? null : { ...by, type: "User" } },
      },
      {
        kind: "source.verified",
        actor,
        subject: both,
        body: { ...merge, ref: `refs/heads/${branch}`, summary },
      },
      ...(opened === undefined ? [] : [handedOff(toCleanup(opened.body, commit), actor)]),
    ],
    enqueue,
  });
  if (judged) return;
  const message = `#${facts.number} was merged as ${commit} although the last verdict on ${head} was no success for ${branch}.`;
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
