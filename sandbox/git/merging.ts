/** Merges by git without a work tree. */

import type { Account } from "../state/model.ts";
import { readCommit, readCommits, signatureOf } from "./commits.ts";
import { git, gitText } from "./git.ts";
import { type Signature, writeCommit } from "./objects.ts";

export type MergeMethod = "merge" | "squash" | "rebase";

/** GitHub itself is the committer of commits made on the site. */
export function siteSignature(date: string): Signature {
  return { name: "GitHub", email: "noreply@github.com", date };
}

/** The merged tree of both sides; undefined when they conflict or have no common history. */
export async function mergeTrees(dir: string, base: string, head: string): Promise<string | undefined> {
  const { exit, stdout } = await git(dir, ["merge-tree", "--write-tree", "--no-messages", base, head]);
  return exit === 0 ? stdout.toString("utf8").trim() : undefined;
}

export type MergeOrder = {
  method: MergeMethod;
  base: string;
  head: string;
  /** Who merges. */
  actor: Account;
  /** Who wrote the pull request; the author of a squashed commit. */
  author: Account;
  message: string;
  date: string;
};

/** The new tip of the base branch; undefined when there is a conflict. */
export async function merge(dir: string, order: MergeOrder): Promise<string | undefined> {
  if (order.method === "rebase") return rebase(dir, order);
  const tree = await mergeTrees(dir, order.base, order.head);
  if (tree === undefined) return undefined;
  const { method, base, head, date, message } = order;
  return writeCommit(dir, {
    tree,
    parents: method === "merge" ? [base, head] : [base],
    message,
    author: signatureOf(method === "merge" ? order.actor : order.author, date),
    committer: siteSignature(date),
  });
}

/** Recreates each commit on top of the base: authors stay, the committer is the site. */
async function rebase(dir: string, { base, head, date }: MergeOrder): Promise<string | undefined> {
  const commits = await readCommits(dir, ["--reverse", "--no-merges", "--topo-order", `${base}..${head}`]);
  let tip = base;
  for (const commit of commits) {
    const tree = await transplant(dir, commit.sha, commit.parents[0], tip);
    if (tree === undefined) return undefined;
    const { message, author } = commit;
    tip = await writeCommit(dir, { tree, parents: [tip], message, author, committer: siteSignature(date) });
  }
  return tip;
}

/**
 * The tree of `onto` with the change of `commit` applied. A commit with the tree of `onto` and the parent of `commit`
 * has that parent as merge base, so a plain merge of the two applies just that change.
 */
async function transplant(
  dir: string,
  commit: string,
  parent: string | undefined,
  onto: string,
): Promise<string | undefined> {
  if (parent === undefined) return undefined;
  const { tree } = await readCommit(dir, onto);
  const rebased = await gitText(dir, ["commit-tree", tree, "-p", parent, "-m", "transplant"]);
  return mergeTrees(dir, rebased, commit);
}
