import { type Known, known, unknown } from "../../core/known.ts";
import { git } from "./git.ts";

/**
 * The patch ids of the judged and the merged change, and how many commits of the branch's first-parent line were
 * merged.
 */
export type PatchComparison = { same: boolean; judged: string; merged: string; commits: number };

/** A judged head, the base commit that it was judged against, and the commit that it was merged as; full ids. */
export type MergedHead = { base: string; head: string; merged: string };

/**
 * Compares the change that was judged with the one that was merged, each as one diff: a merge or a squash against its
 * first parent, a rebase over all of its commits. Unknown when the clone lacks a commit. The authors of the commits
 * wrote their content.
 */
export async function comparePatches(dir: string, { base, head, merged }: MergedHead): Promise<Known<PatchComparison>> {
  const fork = await answerOf(dir, ["merge-base", base, head]);
  if (!fork.known) return unknown(`${fork.why}; fetch the pull request's head to compare what was merged`);
  const judged = await patchId(dir, fork.value, head);
  if (!judged.known) return judged;
  const single = await landedId(dir, merged, 1);
  if (!single.known) return single;
  const one = { judged: judged.value, merged: single.value, commits: 1 };
  if (single.value === judged.value) return known({ ...one, same: true });

  const [parents, count] = await Promise.all([
    answerOf(dir, ["rev-list", "--parents", "--max-count=1", merged, "--"]),
    answerOf(dir, ["rev-list", "--count", "--no-merges", `${fork.value}..${head}`, "--"]),
  ]);
  if (!parents.known) return parents;
  if (!count.known) return count;
  const commits = Number(count.value);
  // A merge commit holds the whole change by itself.
  if (commits < 2 || parents.value.split(" ").length !== 2) return known({ ...one, same: false });
  const range = await landedId(dir, merged, commits);
  if (!range.known || range.value !== judged.value) return known({ ...one, same: false });
  return known({ judged: judged.value, merged: range.value, commits, same: true });
}

/**
 * How many commits of the branch's line each merge added, by merged commit: only merges of more than one commit whose
 * head is in the clone and whose change is the same. `missing` counts the heads that the clone lacks.
 */
export async function readSpans(
  dir: string,
  merges: readonly MergedHead[],
): Promise<Known<{ spans: Map<string, number>; missing: number }>> {
  const spans = new Map<string, number>();
  if (merges.length === 0) return known({ spans, missing: 0 });
  const asked = merges.map(({ head }) => `${head}^{commit}\n`).join("");
  const answer = await git(dir, ["cat-file", "--batch-check=%(objectname)", "--buffer"], asked);
  if (!answer.ok) return unknown(answer.why);
  const here = new Set(answer.stdout.toString("latin1").split("\n"));
  const comparable = merges.filter(({ head }) => here.has(head));
  for (const merge of comparable) {
    const compared = await comparePatches(dir, merge);
    if (!compared.known || !compared.value.same || compared.value.commits < 2) continue;
    if (await isEachTheSame(dir, merge, compared.value.commits)) spans.set(merge.merged, compared.value.commits);
  }
  return known({ spans, missing: merges.length - comparable.length });
}

/**
 * Whether the commits that a merge put on the branch are the judged ones, one by one and in order. Comparing only the
 * total is not enough: it is also the same when somebody pushed a commit and reverted it.
 */
async function isEachTheSame(dir: string, { base, head, merged }: MergedHead, count: number): Promise<boolean> {
  const fork = await answerOf(dir, ["merge-base", base, head]);
  if (!fork.known) return false;
  const judged = await stepIds(dir, ["--no-merges", `${fork.value}..${head}`]);
  const landed = await stepIds(dir, ["--first-parent", `--max-count=${count}`, merged]);
  return judged !== null && judged.length === count && judged.join() === landed?.join();
}

/** The patch id of each commit, the newest last; null when one has none, such as an empty commit. */
async function stepIds(dir: string, range: readonly string[]): Promise<string[] | null> {
  const order = ["--topo-order", "--reverse"];
  const commits = await answerOf(dir, ["rev-list", ...order, ...range, "--"]);
  if (!commits.known) return null;
  const lines = commits.value.split("\n");
  const ids: string[] = [];
  for (const commit of lines) {
    const id = await landedId(dir, commit, 1);
    if (!id.known) return null;
    ids.push(id.value);
  }
  return ids;
}

/** The patch id of the last `count` commits of a first-parent line, `merged` being the newest. */
async function landedId(dir: string, merged: string, count: number): Promise<Known<string>> {
  const before = await answerOf(dir, ["rev-parse", "--verify", "--quiet", `${merged}~${count}^{commit}`]);
  return before.known ? patchId(dir, before.value, merged) : before;
}

/**
 * The patch id of the change between two commits, which does not depend on line numbers. `--verbatim` is `--stable`
 * without ignoring white space: in some languages white space alone changes the program. Source: git-patch-id(1).
 */
async function patchId(dir: string, from: string, to: string): Promise<Known<string>> {
  // Full ids, because a binary file is compared by its two blob ids.
  const shown = ["-p", "-r", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color"];
  // A `.gitmodules` file can tell git to ignore a submodule's changes.
  const all = ["--submodule=short", "--ignore-submodules=none"];
  const diff = await git(dir, ["diff-tree", ...shown, ...all, from, to, "--"]);
  if (!diff.ok) return unknown(diff.why);
  if (diff.stdout.includes(0))
    return unknown(`the change up to ${to} holds a NUL byte, and git's patch-id reads no line past one`);
  const answer = await git(dir, ["patch-id", "--verbatim"], diff.stdout);
  if (!answer.ok) return unknown(answer.why);
  const [id = ""] = answer.stdout.toString("latin1").split(" ");
  return /^[0-9a-f]{40,64}$/.test(id) ? known(id) : unknown(`the change up to ${to} is empty`);
}

async function answerOf(dir: string, args: readonly string[]): Promise<Known<string>> {
  const answer = await git(dir, args);
  return answer.ok ? known(answer.stdout.toString("latin1").trim()) : unknown(answer.why);
}
