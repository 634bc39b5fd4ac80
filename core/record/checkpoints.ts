import type { EntryBody } from "../../schemas/entries.ts";
import type { Attempt } from "../../schemas/step.ts";
import { entriesOf, type TypedEntry } from "../entries.ts";

/** The branch of a prompt's work, and our commits on it, oldest first. */
export type BranchState = { branch: string | null; commits: string[] };

/** The state before a prompt's first commit. */
export const emptyBranch: BranchState = { branch: null, commits: [] };

/** The state after one more commit; a commit on another branch starts a new list. */
export function afterCommit(
  before: BranchState,
  { branch, commit }: Pick<EntryBody<"change.committed">, "branch" | "commit">,
): BranchState {
  return { branch, commits: before.branch === branch ? [...before.commits, commit] : [commit] };
}

/** The state after a rollback: without the commits that it removed. */
export function afterRollback(
  before: BranchState,
  { to, undone }: Pick<EntryBody<"rollback.done">, "to" | "undone">,
): BranchState {
  if (to === null) return emptyBranch;
  const gone = new Set(undone);
  return { branch: before.branch, commits: before.commits.filter((commit) => !gone.has(commit)) };
}

/** An attempt, as far as its commit goes. */
type Written = {
  pack: { base: string };
  commit: Pick<EntryBody<"change.committed">, "commit" | "files"> | null;
};

/**
 * What our commits on a branch changed together: the commit before the first, the last, and each path that they wrote
 * with its last content as git names it (null: deleted). Null: there is no such commit.
 */
export function branchChange(
  { commits }: BranchState,
  attempts: readonly Written[],
): { base: string; head: string; files: ReadonlyMap<string, string | null> } | null {
  const made = commits.flatMap((sha) => attempts.find(({ commit }) => commit?.commit === sha) ?? []);
  const [base, head] = [made[0]?.pack.base, commits.at(-1)];
  if (base === undefined || head === undefined) return null;
  const files = made.flatMap(({ commit }) => commit?.files ?? []);
  return { base, head, files: new Map(files.map(({ path, blob }) => [path, blob])) };
}

/** What our commits up to `base`, the head of the prompt's branch, wrote there; nothing if it begins elsewhere. */
export function deliveredAt(
  base: string,
  { branchState, attempts }: { branchState: BranchState; attempts: readonly Written[] },
): ReadonlyMap<string, string | null> {
  const change = branchChange(branchState, attempts);
  return change?.head === base ? change.files : new Map();
}

/**
 * The number of the next attempt (feature D2): the first is R0/S0, another try adds one to S, and a revision, which is
 * an attempt after a rollback or the first of a rework, adds one to R and starts again at S0.
 */
export function nextAttempt(last: Attempt | undefined, isRevision: boolean): Attempt {
  if (last === undefined) return { r: 0, s: 0 };
  return isRevision ? { r: last.r + 1, s: 0 } : { r: last.r, s: last.s + 1 };
}

/**
 * The commits that rollbacks removed from their branches. Pushed there again, such a commit is a foreign commit and no
 * evidence.
 */
export function undoneCommits(entries: readonly TypedEntry[]): ReadonlySet<string> {
  return new Set(entriesOf(entries, "rollback.done").flatMap(({ body }) => body.undone));
}
