/** Builds a merge group: one commit per pull request, in order, on top of the base branch. */
import { readCommit } from "../git/commits.ts";
import { git } from "../git/git.ts";
import { mergeMessage } from "../git/merge-message.ts";
import { merge } from "../git/merging.ts";
import { presentSimpleCommit } from "../present/commits.ts";
import type { State } from "../state/memory.ts";
import type { Account, MergeGroup, Pull, QueueMethod, Repository } from "../state/model.ts";
import { now } from "../state/state.ts";

/** The new head; the number of a pull request that conflicts when there is one. */
export async function buildHead(
  state: State,
  repository: Repository,
  order: { base: string; pulls: Pull[]; method: QueueMethod; actor: Account },
): Promise<{ head: string } | { conflict: number }> {
  let tip = order.base;
  for (const pull of order.pulls) {
    const after = await merge(repository.dir, {
      method: order.method,
      base: tip,
      head: pull.head.sha,
      actor: order.actor,
      author: pull.issue.user,
      message: await mergeMessage(pull, tip, { merge_method: order.method }),
      date: now(state),
    });
    if (after === undefined) return { conflict: pull.issue.number };
    tip = after;
  }
  return { head: tip };
}

export function groupRef(branch: string, last: Pull, base: string): string {
  return `refs/heads/gh-readonly-queue/${branch}/pr-${last.issue.number}-${base}`;
}

/** GitHub's merge group, as its webhooks carry it. */
export async function presentMergeGroup(repository: Repository, group: MergeGroup) {
  return {
    head_sha: group.head,
    head_ref: group.ref,
    base_sha: group.base,
    base_ref: `refs/heads/${group.branch}`,
    head_commit: presentSimpleCommit(await readCommit(repository.dir, group.head)),
  };
}

/** The commits of a group, one per pull request, oldest first. */
export async function groupCommits(repository: Repository, group: MergeGroup): Promise<string[]> {
  const range = ["rev-list", "--first-parent", "--reverse", `${group.base}..${group.head}`];
  const { stdout } = await git(repository.dir, range);
  return stdout.toString("utf8").trim().split("\n");
}
