/** Changes to a pull request other than its text: new commits, a merge, another base. */

import { branchTip, gitText, isAncestor } from "../git/git.ts";
import { appOf } from "../request/caller.ts";
import { protectionOf } from "../request/rules.ts";
import type { Pull, Repository } from "../state/model.ts";
import { addEvent, now, pullsOf, touch } from "../state/state.ts";
import { startChecks } from "./check-changes.ts";
import { type By, closeIssue, emitIssue, record } from "./issue-changes.ts";

/** Updates `refs/pull/N/head`, where git finds the head even when its branch is gone. */
export async function keepHead(pull: Pull): Promise<void> {
  const ref = `refs/pull/${pull.issue.number}/head`;
  await gitText(pull.issue.repository.dir, ["update-ref", ref, pull.head.sha]);
}

export function openPulls(repository: Repository): Pull[] {
  return pullsOf(repository).filter(({ issue }) => issue.state === "open");
}

/** Follows a moved branch: pull requests from it, to any repository, get the new head, and those into it may be merged by the push. */
export async function followBranch(
  by: By,
  branch: string,
  before: string | null,
  after: string | null,
  merging: readonly Pull[],
): Promise<void> {
  const { repository, state } = by;
  for (const pull of state.repositories.flatMap(openPulls)) {
    if (merging.includes(pull)) continue;
    if (pull.head.repository === repository && pull.head.ref === branch) {
      if (after === null) await closeIssue(by, pull.issue, null);
      else await synchronize(by, pull, after);
    } else if (pull.issue.repository === repository && pull.base.ref === branch) {
      if (after === null) await closeIssue(by, pull.issue, null);
      else if (before !== null && (await isAncestor(repository.dir, pull.head.sha, after))) {
        await markMerged(by, pull, after);
      }
    }
  }
}

/** Records a merge that has happened and sends its webhooks. */
export async function markMerged(by: By, pull: Pull, mergeCommit: string): Promise<void> {
  const { state } = by;
  pull.mergedAt = now(state);
  pull.mergedBy = by.actor;
  pull.mergeCommitSha = mergeCommit;
  const event = { actor: by.actor, app: appOf(by.caller), commitId: mergeCommit };
  addEvent(state, pull.issue, { event: "merged", ...event });
  await closeIssue(by, pull.issue, null);
}

async function synchronize(by: By, pull: Pull, after: string): Promise<void> {
  const { state } = by;
  const { repository } = pull.issue;
  const before = pull.head.sha;
  if (before === after) return;
  pull.head.sha = after;
  pull.base.sha = (await branchTip(repository.dir, pull.base.ref)) ?? pull.base.sha;
  if (!(await isAncestor(repository.dir, before, after))) record(by, pull.issue, "head_ref_force_pushed");
  if (protectionOf(repository, pull.base.ref)?.dismissStale === true) {
    for (const review of pull.reviews) if (review.state === "APPROVED") review.state = "DISMISSED";
  }
  await keepHead(pull);
  touch(state, pull.issue);
  await emitIssue(by, pull.issue, "synchronize", { before, after });
  startChecks(state, pull);
}
