/** A merge group's branch, taken apart: the branch it would enter, its last pull request, the commit it stands on. */
export type QueueRef = { branch: string; pull: number; base: string };

/** Where GitHub's merge queue puts its branches, below `refs/`. */
export const queueRefs = "heads/gh-readonly-queue/";

const form = /^refs\/heads\/gh-readonly-queue\/(.+)\/pr-([1-9][0-9]{0,9})-([0-9a-f]{40}(?:[0-9a-f]{24})?)$/;

/**
 * Takes the full ref of a merge group apart; null for any other ref. GitHub names these branches, but whoever may push can
 * make one of such a name, so what it says is checked against the commits. Source: GitHub docs, webhook `merge_group`.
 */
export function parseQueueRef(ref: string): QueueRef | null {
  const [, branch, pull, base] = form.exec(ref) ?? [];
  if (branch === undefined || pull === undefined || base === undefined) return null;
  return { branch, pull: Number(pull), base };
}

/** The pull request that a commit of a group was made of, and its head where the commit tells it. */
export type Origin = { pull: number; head: string | null };

/**
 * Tells which pull request a commit of the queue brings in: a merge commit by its first line and its second parent, a
 * squashed one by the number that GitHub puts at the end of the first line. Null: it tells none, as rebased commits do.
 */
export function originOf(commit: { message: string; parents: readonly string[] }): Origin | null {
  const [subject = ""] = commit.message.split("\n");
  const [, second, ...more] = commit.parents;
  if (more.length > 0) return null;
  const merging = second !== undefined;
  const found = merging
    ? /^Merge pull request #([1-9][0-9]{0,9}) from /.exec(subject)
    : / \(#([1-9][0-9]{0,9})\)$/.exec(subject);
  return found === null ? null : { pull: Number(found[1]), head: second ?? null };
}
