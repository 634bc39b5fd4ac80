/** The merge queue: groups of pull requests that are merged together once their checks pass. */

import { readCommit } from "../git/commits.ts";
import { branchTip, git } from "../git/git.ts";
import { mergeMessage } from "../git/merge-message.ts";
import { merge } from "../git/merging.ts";
import { presentSimpleCommit } from "../present/commits.ts";
import { checkState, protectionOf, unmetRules } from "../request/rules.ts";
import type { State } from "../state/memory.ts";
import type { Account, MergeGroup, Pull, QueueMethod, Repository } from "../state/model.ts";
import { fullName, now, queueAccountLogin } from "../state/state.ts";
import { background, inOrder } from "../state/work.ts";
import { startChecksOn } from "./check-changes.ts";
import type { By } from "./issue-changes.ts";
import { markMerged } from "./pull-changes.ts";
import { moveRef } from "./push.ts";
import { emit } from "./webhooks.ts";

/** Why GitHub ends a group: it has landed, a member changed or a check failed, or its base branch moved. */
type Reason = "merged" | "dequeued" | "invalidated";

/** Events that may end a group: a report on its head, a change to a member, a push to its base. */
const REASON_TEXT = new Set(["merge_group", "check_run", "status", "pull_request", "push"]);

/** Puts pull requests into their branch's queue as one group; returns the reason, in words, when they cannot enter. */
export function enterQueue(state: State, repository: Repository, pulls: Pull[]): Promise<MergeGroup | string> {
  return inOrder(state, `merge queue ${repository.id}`, () => makeGroup(state, repository, pulls));
}

/** Rechecks every open group after each event that may end one. */
export function watchQueues(state: State): void {
  state.webhookListeners.push(({ event }) => {
    if (!REASON_TEXT.has(event)) return;
    for (const repository of state.repositories) {
      if (repository.mergeGroups.length === 0) continue;
      background(
        state,
        inOrder(state, `merge queue ${repository.id}`, () => settleGroups(state, repository)),
      );
    }
  });
}

async function makeGroup(state: State, repository: Repository, pulls: Pull[]): Promise<MergeGroup | string> {
  const [first] = pulls;
  const last = pulls.at(-1);
  if (first === undefined || last === undefined) return "a group has at least one pull request";
  const branch = first.base.ref;
  const method = protectionOf(repository, branch)?.mergeQueue ?? null;
  if (method === null) return `${fullName(repository)} has no merge queue for ${branch}`;
  for (const pull of pulls) {
    const why = whyNotQueued(repository, pull, branch);
    if (why !== undefined) return `pull request #${pull.issue.number} ${why}`;
  }
  const base = await branchTip(repository.dir, branch);
  if (base === undefined) return `there is no branch ${branch}`;
  const by = queueOf(state, repository);
  const built = await buildHead(state, repository, { base, pulls, method, actor: by.actor });
  if ("conflict" in built) return `pull request #${built.conflict} conflicts with what it would stand on`;
  const ref = `refs/heads/gh-readonly-queue/${branch}/pr-${last.issue.number}-${base}`;
  const group: MergeGroup = {
    ref,
    branch,
    base,
    head: built.head,
    members: pulls.map((pull) => ({ pull, head: pull.head.sha })),
  };
  if (!(await moveRef(by, { ref, before: null, after: built.head }))) return `${ref} is there already`;
  repository.mergeGroups.push(group);
  await emitGroup(by, group, "checks_requested");
  startChecksOn(state, repository, { sha: group.head, branch: ref.replace("refs/heads/", "") });
  return group;
}

function whyNotQueued(repository: Repository, pull: Pull, branch: string): string | undefined {
  if (pull.issue.state === "closed" || pull.draft) return "is closed or a draft";
  if (pull.base.ref !== branch) return `is not aimed at ${branch}`;
  if (repository.mergeGroups.some(({ members }) => members.some((member) => member.pull === pull)))
    return "is in the queue already";
  return unmetRules(pull)[0];
}

async function settleGroups(state: State, repository: Repository): Promise<void> {
  for (const group of [...repository.mergeGroups]) {
    const end = await endOf(repository, group);
    if (end !== undefined) await endGroup(state, repository, group, end);
  }
}

/** Why a group ends now; undefined while it waits. */
async function endOf(repository: Repository, group: MergeGroup): Promise<Reason | undefined> {
  const stays = ({ pull, head }: MergeGroup["members"][number]) =>
    pull.issue.state === "open" && pull.head.sha === head && pull.base.ref === group.branch;
  if (!group.members.every(stays)) return "dequeued";
  if ((await branchTip(repository.dir, group.branch)) !== group.base) return "invalidated";
  const checks = protectionOf(repository, group.branch)?.checks ?? [];
  const states = checks.map((check) => checkState(repository, group.head, check));
  if (states.includes("failing")) return "dequeued";
  return states.every((result) => result === "met") ? "merged" : undefined;
}

async function endGroup(state: State, repository: Repository, group: MergeGroup, planned: Reason): Promise<void> {
  const by = queueOf(state, repository);
  repository.mergeGroups = repository.mergeGroups.filter((other) => other !== group);
  const landed = planned === "merged" && (await land(by, group));
  const reason = planned === "merged" && !landed ? "invalidated" : planned;
  await emitGroup(by, group, "destroyed", { reason });
  await moveRef(by, { ref: group.ref, before: group.head, after: null });
}

/** Moves the base branch to the group's head; false when the branch has moved meanwhile. */
async function land(by: By, group: MergeGroup): Promise<boolean> {
  const commits = await groupCommits(by.repository, group);
  const pulls = group.members.map(({ pull }) => pull);
  const change = { ref: `refs/heads/${group.branch}`, before: group.base, after: group.head };
  if (!(await moveRef(by, change, pulls))) return false;
  for (const [index, pull] of pulls.entries()) await markMerged(by, pull, commits[index] ?? group.head);
  return true;
}

async function emitGroup(by: By, group: MergeGroup, action: string, parts: object = {}): Promise<void> {
  const payload = { merge_group: await presentMergeGroup(by.repository, group), ...parts };
  emit(by, "merge_group", action, payload);
}

/** The queue acts as an account of GitHub's own. */
function queueOf(state: State, repository: Repository): By {
  const actor = state.accounts.find(({ login }) => login === queueAccountLogin);
  if (actor === undefined) throw new Error("the sandbox has no merge queue account");
  return { state, repository, actor, caller: { kind: "nobody" } };
}

/** Builds a group: one commit per pull request, in order, on top of the base. Gives the new head; the number of a pull request that conflicts when there is one. */
async function buildHead(
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

/** GitHub's merge group, as its webhooks carry it. */
async function presentMergeGroup(repository: Repository, group: MergeGroup) {
  return {
    head_sha: group.head,
    head_ref: group.ref,
    base_sha: group.base,
    base_ref: `refs/heads/${group.branch}`,
    head_commit: presentSimpleCommit(await readCommit(repository.dir, group.head)),
  };
}

/** The commits of a group, one per pull request, oldest first. */
async function groupCommits(repository: Repository, group: MergeGroup): Promise<string[]> {
  const range = ["rev-list", "--first-parent", "--reverse", `${group.base}..${group.head}`];
  const { stdout } = await git(repository.dir, range);
  return stdout.toString("utf8").trim().split("\n");
}
