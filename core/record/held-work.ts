import type { EntryBody } from "../../schemas/entries.ts";
import { type EntryOf, entriesOf, type TypedEntry } from "../entries.ts";
import type { PullFacts } from "../facts.ts";
import { type Known, known } from "../known.ts";
import { undoneCommits } from "./checkpoints.ts";

/** What a pull request brings, and into which branch. Whoever pushed it and opened it chose all of it. */
export type Range = Pick<PullFacts, "head" | "commits" | "changes" | "base" | "defaultBranch">;

/** A commit that an agent's answer became, and the commit that holds it here: itself, or a copy of it. */
export type HeldWork = { written: EntryBody<"change.committed">; as: string };

type Written = EntryOf<"change.committed">;

/**
 * The runs' commits that a range holds, whatever its number, branch and author: each by its id; else by its tree (an
 * amended or squashed commit); else, in a range that holds none, by all files that the commit wrote (a cherry-pick). One
 * that was merged already is no longer the run's. `own` is the prompt whose pull request this is; of equal copies it
 * goes first.
 */
export function heldWork(entries: readonly TypedEntry[], range: Range, own: number | null): Known<HeldWork[]> {
  const written = entriesOf(entries, "change.committed");
  const landed = landedCommits(entries, written, range);
  const open = written.filter(({ body }) => !landed.has(body.commit));
  if (open.length === 0) return known([]);
  if (!range.commits.known) return range.commits;
  const ids = new Set(written.map(({ body }) => body.commit));
  const held = range.commits.value.flatMap(({ sha, tree }): HeldWork[] => {
    const same = open.filter(({ body }) => (ids.has(sha) ? body.commit === sha : body.tree === tree));
    const found = same.find(({ body }) => body.prompt === own) ?? same.at(-1);
    return found === undefined ? [] : [{ written: found.body, as: sha }];
  });
  if (held.length > 0 || own !== null) return known(held.sort((one, other) => (one.as < other.as ? -1 : 1)));
  if (!range.changes.known) return range.changes;
  const after = new Map(range.changes.value.map((change) => [change.path, change.after?.sha ?? null]));
  const copied = open.findLast(({ body: { files = [] } }) => {
    const isSame = files.every(({ path, blob }) => after.get(path) === blob);
    return isSame && files.some(({ blob }) => blob !== null);
  });
  return known(copied === undefined ? [] : [{ written: copied.body, as: range.head.sha }]);
}

/**
 * The commits that a merge brought into the branch that the range enters, or into the default branch: from then on they
 * are the branch's, so that a release, a revert or a stacked pull request is not taken for the run's.
 */
function landedCommits(
  entries: readonly TypedEntry[],
  written: readonly Written[],
  { base, defaultBranch }: Range,
): ReadonlySet<string> {
  const undone = undoneCommits(entries);
  const refs = [base.ref, defaultBranch].map((branch) => `refs/heads/${branch}`);
  const refOf = new Map(entriesOf(entries, "source.verified").map(({ body }) => [body.pull, body.ref]));
  const branchOf = new Map(entriesOf(entries, "pull.opened").map(({ body }) => [body.pull, body.branch]));
  const byCommit = new Map(written.map((entry) => [entry.body.commit, entry]));
  // The last entry of each branch that landed.
  const landed = new Map<string, number>();
  for (const { seq, body } of entriesOf(entries, "merge.observed")) {
    const last = byCommit.get(body.head);
    const branch = branchOf.get(body.pull) ?? last?.body.branch;
    // Older merges do not tell what they entered: nearly always it was the default branch.
    if (branch === undefined || !refs.includes(refOf.get(body.pull) ?? refs[0] ?? "")) continue;
    landed.set(branch, Math.max(landed.get(branch) ?? 0, last?.seq ?? seq));
  }
  const isLanded = ({ seq, body }: Written) => seq <= (landed.get(body.branch) ?? 0) && !undone.has(body.commit);
  return new Set(written.filter(isLanded).map(({ body }) => body.commit));
}
