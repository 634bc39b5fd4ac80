import type { EntryBody } from "../../schemas/entries.ts";
import type { Attempt } from "../../schemas/step.ts";
import { entriesOf, type TypedEntry } from "../entries.ts";

/** The branch that a prompt's work stands on, and the commits of ours on it, oldest first. */
export type BranchState = { branch: string | null; commits: string[] };

/** Before anything of a prompt was written. */
export const emptyBranch: BranchState = { branch: null, commits: [] };

/** What stands after one more commit: a commit on another branch than before begins anew. */
export function afterCommit(
  before: BranchState,
  { branch, commit }: Pick<EntryBody<"change.committed">, "branch" | "commit">,
): BranchState {
  return { branch, commits: before.branch === branch ? [...before.commits, commit] : [commit] };
}

/** What stands after a rollback: the commits before those that it took off, or nothing. */
export function afterRollback(
  before: BranchState,
  { to, undone }: Pick<EntryBody<"rollback.done">, "to" | "undone">,
): BranchState {
  if (to === null) return emptyBranch;
  const gone = new Set(undone);
  return { branch: before.branch, commits: before.commits.filter((commit) => !gone.has(commit)) };
}

/**
 * The number of the attempt after these (feature D2): the first is R0/S0, a further try adds one to S, and what begins
 * after a rollback is a revision, which adds one to R and starts again at S0.
 */
export function nextAttempt(last: Attempt | undefined, afterRollback: boolean): Attempt {
  if (last === undefined) return { r: 0, s: 0 };
  return afterRollback ? { r: last.r + 1, s: 0 } : { r: last.r, s: last.s + 1 };
}

/** The commits that rollbacks took off their branches. Pushed there again, each is somebody's commit and no evidence. */
export function undoneCommits(entries: readonly TypedEntry[]): ReadonlySet<string> {
  return new Set(entriesOf(entries, "rollback.done").flatMap(({ body }) => body.undone));
}
