/** A merge group's branch, parsed: its target branch, its last pull request and its base commit. */
export type QueueRef = { branch: string; pull: number; base: string };

/** The prefix of the merge queue's branches, below `refs/`. */
export const queueRefs = "heads/gh-readonly-queue/";

// Git lets no branch's name have a control character; a store would refuse it, or half of a pair of code units.
const form =
  /^refs\/heads\/gh-readonly-queue\/([^\p{Cc}\p{Cs}]+)\/pr-([1-9][0-9]{0,9})-([0-9a-f]{40}(?:[0-9a-f]{24})?)$/u;

/**
 * Parses the full ref of a merge group; null for any other ref. GitHub names these branches, but anyone who can push
 * can create one of such a name, so its parts are checked against the commits.
 * Source: GitHub docs, webhook `merge_group`.
 */
export function parseQueueRef(ref: string): QueueRef | null {
  const [, branch, pull, base] = form.exec(ref) ?? [];
  if (branch === undefined || pull === undefined || base === undefined) return null;
  return { branch, pull: Number(pull), base };
}

/** The pull request of a merge group's commit, and its head where the commit names it. */
export type Origin = { pull: number; head: string | null };

/**
 * Finds the pull request of a commit in the queue: for a merge commit by its first line and second parent, for a squash
 * commit by the number that GitHub appends to the first line. Null: the commit names none, as rebased commits do.
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
