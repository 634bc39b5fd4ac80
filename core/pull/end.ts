import { handedOff, toCleanup } from "../contract/handoffs.ts";
import { ensureSticky, type Step } from "../decision.ts";
import { appActor, type Draft, entriesOf, lastEntry, pullSubject } from "../entries.ts";
import { allowsMerge, lastVerdict, summariseMerge } from "../evidence/vsa.ts";
import { mergeConcern, mergedPastCheck } from "../record/concerns.ts";
import { storyOf } from "../record/pull.ts";
import type { PullContext, PullSnapshot } from "./facts.ts";

type Merged = NonNullable<PullSnapshot["merged"]>;

/** Records once how a pull request ended, and has its story decided again. */
export function observeEnd(context: PullContext): Step {
  const { facts, entries } = context;
  const drafts = facts.merged === null ? closedDrafts(context) : mergedDrafts(context, facts.merged);
  const story = storyOf(entries, facts.number);
  if (drafts.length === 0 || story === undefined) return { drafts };
  return { drafts, enqueue: [{ kind: "issue", repository: facts.repository.id, number: story }] };
}

function closedDrafts({ facts, entries }: PullContext): Draft[] {
  const { number: pull, judged } = facts;
  const head = judged.head.sha;
  const closed = lastEntry(entries, "pull.closed", ({ body }) => body.pull === pull);
  // It may have been open again in between.
  const verdict = lastEntry(entries, "verdict.given", ({ body }) => body.pull === pull);
  const isRecorded = closed?.body.head === head && (verdict === undefined || verdict.seq < closed.seq);
  return isRecorded
    ? []
    : [{ kind: "pull.closed", actor: appActor(facts), subject: [pullSubject(pull, head)], body: { pull, head } }];
}

/**
 * The entries of a merge: what was merged, a summary for other verifiers, and an incident where no successful verdict
 * allowed it or where a run's work went into another branch than the default one. People have to accept that of a run.
 */
function mergedDrafts({ facts, entries }: PullContext, merged: Merged): Draft[] {
  const { number: pull, ourselves, repository, now } = facts;
  if (entriesOf(entries, "merge.observed").some(({ body }) => body.pull === pull)) return [];
  const head = facts.judged.head.sha;
  const { ref: branch } = facts.judged.base;
  const { commit, tree } = merged;
  const by = merged.by === null ? null : { ...merged.by, type: "User" as const };
  const judged = allowsMerge(lastVerdict(entries, pull, head), branch);
  const merge = { pull, head, merged: commit };
  const summary = summariseMerge(
    entries,
    { ...merge, branch },
    { page: ourselves.page, repository: repository.name, now },
  );
  const opened = lastEntry(entries, "pull.opened", ({ body }) => body.pull === pull);
  const actor = appActor(facts);
  const atHead = pullSubject(pull, head);
  const subject = [atHead, { name: "merged", digest: { gitCommit: commit } }];
  const drafts: Draft[] = [
    {
      kind: "merge.observed",
      actor,
      subject,
      body: { ...merge, tree, judged, by },
    },
    {
      kind: "source.verified",
      actor,
      subject,
      body: { ...merge, ref: `refs/heads/${branch}`, summary },
    },
    ...(opened === undefined ? [] : [handedOff(toCleanup(opened.body, commit), actor)]),
  ];
  // A run's next prompt begins on the default branch, where this one is not.
  const isElsewhere = opened !== undefined && branch !== repository.defaultBranch;
  if (judged && !isElsewhere) return drafts;
  const message = judged
    ? `#${pull} was merged as ${commit} into ${branch}, and its story's work is for ${repository.defaultBranch}.`
    : `#${pull} was merged as ${commit} although the last verdict on ${head} was no success for ${branch}.`;
  const incident = { code: judged ? "merged-elsewhere" : "merged-past-the-gate", message, issue: pull };
  drafts.push({ kind: "incident.raised", actor, subject: [atHead], body: incident });
  if (opened !== undefined)
    drafts.push({
      kind: "concern.raised",
      actor,
      subject,
      body: {
        concern: mergeConcern(pull),
        story: opened.body.story,
        pull: null,
        prompt: opened.body.prompt,
        code: mergedPastCheck,
        message,
        raisedBy: "app",
        about: { type: "merge", pull, merged: commit, by },
      },
    });
  return drafts;
}

/** Says on a pull request that it was merged past its check, and whether somebody has accepted that. */
export function showPastCheck({ facts, entries }: PullContext): Step {
  const { number, sticky, repository } = facts;
  const merge = lastEntry(entries, "merge.observed", ({ body }) => body.pull === number)?.body;
  if (merge === undefined || merge.judged) return {};
  const raised = lastEntry(entries, "concern.raised", ({ body }) => body.concern === mergeConcern(number))?.body;
  const answer = lastEntry(entries, "concern.answered", ({ body }) => body.concern === mergeConcern(number));
  const by = merge.by === null ? "" : ` by @\u200b${merge.by.login}`;
  const wait = `Its story, #${raised?.story}, is not complete until an approver who did not merge it writes there:\n\n    /clarify ${mergeConcern(number)} <why it may stay>`;
  const accepted = `@\u200b${answer?.actor.login} accepted that on #${raised?.story}.`;
  const lines = [
    "### Sallyport: merged past the check",
    `It was merged${by} as ${merge.merged} although the last verdict on ${merge.head} was no success. The ledger has it as an incident.`,
    ...(raised === undefined ? [] : [answer === undefined ? wait : accepted]),
  ];
  return ensureSticky({ repository, number }, `${lines.join("\n\n")}\n`, sticky);
}
