import type { GroupFacts } from "../../core/group/facts.ts";
import { recordOfGroup } from "../../core/group/judge.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import { parseQueueRef, type QueueRef } from "../../core/queue-ref.ts";
import { contentFacts } from "../content/content.ts";
import { apiObjects } from "../github/objects.ts";
import { type GitHub, readBranch, requestKnown } from "../github/request.ts";
import type { Objects } from "../objects.ts";
import { readPolicy } from "../policy/file.ts";
import { readSameHeadPulls } from "../pull/same-head.ts";
import { lineOf, type MembersSource, readMembers } from "./members.ts";
import { listQueueBranches, readQueueBranch } from "./queue-branches.ts";

/** A merge group on GitHub, and how to read its members. */
export type GroupSource = Omit<MembersSource, "branch"> & {
  /** The full ref of the group's branch. */
  ref: string;
};

/** The longest stack of groups that is followed. GitHub builds at most a hundred at once. */
const maxBelow = 100;

/**
 * Reads every fact about a merge group as it is now, never from an event's payload: its tree from its base commit to
 * its head, the pull requests its commits name, and the groups below it. Null when its branch is gone or has landed.
 * Unknown when one of these cannot be read: a verdict would be impossible.
 */
export async function collectGroup(source: GroupSource): Promise<Known<GroupFacts | null>> {
  return collect(source, apiObjects(source, source.cache), maxBelow);
}

async function collect(source: GroupSource, objects: Objects, maxDepth: number): Promise<Known<GroupFacts | null>> {
  const { request, owner, repo, ref } = source;
  const queue = parseQueueRef(ref);
  if (queue === null) return unknown(`${JSON.stringify(ref)} is not the branch of a merge group`);
  const [repository, head] = await Promise.all([
    requestKnown(`the repository ${owner}/${repo}`, request("GET /repos/{owner}/{repo}", { owner, repo })),
    readQueueBranch(source, ref),
  ]);
  if (!repository.known) return repository;
  if (!head.known || head.value === null) return head.known ? known(null) : head;
  const landed = await isIn(source, objects, head.value, queue.branch);
  if (!landed.known || landed.value) return landed.known ? known(null) : landed;

  const defaultBranch = repository.value.default_branch;
  const policyTip = await readBranch(source, source.policyRef ?? defaultBranch);
  const policy = policyTip.known ? await readPolicy(objects, policyTip.value) : policyTip;
  const commits = await objects.commits(queue.base, head.value);
  if (!commits.known) return commits;
  const line = lineOf(commits.value, queue.base, head.value);
  if (!line.known) return line;
  const found = await readMembers({ ...source, branch: queue.branch }, objects, line.value);
  if (!found.known) return found;
  if (found.value.closed) {
    // A member that has just been merged is closed. Then the group has landed and needs no verdict.
    const meanwhile = await isIn(source, objects, head.value, queue.branch);
    if (!meanwhile.known || meanwhile.value) return meanwhile.known ? known(null) : meanwhile;
  }
  const below = await readBelow(source, objects, queue, maxDepth);
  if (!below.known) return below;
  // No pull request has the number 0, so every one with this head is listed.
  const sameHeadPulls = await readSameHeadPulls(source, head.value, 0);
  if (!sameHeadPulls.known) return sameHeadPulls;

  const { members } = found.value;
  const elsewhere = unknown("it belongs to the pull requests of the group and is judged with them");
  const content = await contentFacts(objects, {
    mergeBase: known(queue.base),
    head: head.value,
    policy,
    record: recordOfGroup(members),
    pull: null,
    commits,
  });
  return known({
    ref,
    tree: {
      ...content,
      repository: { id: Number(repository.value.id), name: repository.value.full_name },
      pull: null,
      base: { ref: queue.branch, sha: queue.base },
      retargetedAt: elsewhere,
      head: { sha: head.value },
      defaultBranch,
      ...(source.policyRef === undefined ? {} : { policyBranch: source.policyRef }),
      reviews: elsewhere,
      authorPermission: elsewhere,
      checks: elsewhere,
      attachments: elsewhere,
      day: source.now.slice(0, 10),
    },
    members,
    strays: [
      ...found.value.strays,
      ...sameHeadPulls.value
        .sort((one, other) => one - other)
        .map((number) => `The group's head is the head of #${number} as well, which no queue makes.`),
    ],
    below: below.value,
  });
}

/** Whether a branch contains a commit now. */
async function isIn(github: GitHub, objects: Objects, sha: string, branch: string): Promise<Known<boolean>> {
  const tip = await readBranch(github, branch);
  if (!tip.known) return tip;
  if (tip.value === sha) return known(true);
  const common = await objects.mergeBase(tip.value, sha);
  return common.known ? known(common.value === sha) : common;
}

/** The group that this one is built on; null when it is built on the branch itself, unknown when on neither. */
async function readBelow(
  source: GroupSource,
  objects: Objects,
  queue: QueueRef,
  maxDepth: number,
): Promise<Known<GroupFacts | null>> {
  const onBranch = await isIn(source, objects, queue.base, queue.branch);
  if (!onBranch.known || onBranch.value) return onBranch.known ? known(null) : onBranch;
  const branches = await listQueueBranches(source);
  if (!branches.known) return branches;
  const ahead = branches.value.find(
    ({ ref, sha }) => sha === queue.base && parseQueueRef(ref)?.branch === queue.branch,
  );
  const nowhere = `the merge group ${source.ref} stands on ${queue.base}, which is neither in ${queue.branch} nor the head of another group`;
  if (ahead === undefined || maxDepth === 0) return unknown(nowhere);
  const below = await collect({ ...source, ref: ahead.ref }, objects, maxDepth - 1);
  return below.known && below.value === null ? unknown(`${nowhere} any more`) : below;
}
