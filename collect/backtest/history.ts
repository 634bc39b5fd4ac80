import { basename, resolve } from "node:path";
import type { CommitFact } from "../../core/facts.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import { type PastChange, pullNamed } from "../../core/verdict/backtest.ts";
import { git } from "../git/git.ts";
import type { GitObjects } from "../git/objects.ts";
import { type BacktestInput, readPastChange } from "./facts.ts";

/** The last changes of a branch; `tip` is a full commit id. */
export type HistorySource = { dir: string; branch: string; tip: string; last: number };

/** Reports the progress of a long read. */
export type OnProgress = (done: number, total: number) => void;

/** How many changes are read concurrently from the one git process. */
const concurrency = 4;

/**
 * Reads the last changes of a branch, newest first: each commit of its first-parent line, usually a merge or a squash,
 * is compared with the one before it. The first commit of a history has no parent and is left out. The facts equal
 * those of `collectCommits` for the same two commits.
 */
export async function readHistory(
  objects: GitObjects,
  { dir, branch, tip, last }: HistorySource,
  input: BacktestInput,
  onProgress: OnProgress,
): Promise<Known<PastChange[]>> {
  const line = await firstParents(dir, tip, last + 1);
  if (!line.known) return line;
  const steps = line.value.slice(0, -1).map((sha, index) => ({ sha, parent: line.value[index + 1] ?? "" }));
  const oldest = line.value.at(-1);
  if (oldest === undefined || steps.length === 0) return known([]);
  const commits = await objects.commits(oldest, tip);
  if (!commits.known) return commits;
  const commitsOf = commitsBySteps(steps, commits.value);

  const changes = new Map<string, PastChange>();
  const todo = steps.values();
  const work = async () => {
    for (const { sha, parent } of todo) {
      const stepCommits = commitsOf.get(sha) ?? [];
      const subject = stepCommits.find((commit) => commit.sha === sha)?.message.split("\n")[0] ?? "";
      const content = {
        repository: { id: 0, name: basename(resolve(dir)) },
        pull: null,
        base: { ref: branch, sha: parent },
        head: { sha },
        defaultBranch: branch,
        mergeBase: known(parent),
        changes: await objects.changes(parent, sha),
        commits: known(stepCommits),
      };
      const name = { sha, subject, pull: pullNamed(subject) };
      changes.set(sha, await readPastChange(objects, { name, content }, input));
      onProgress(changes.size, steps.length);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return known(steps.flatMap(({ sha }) => changes.get(sha) ?? []));
}

async function firstParents(dir: string, tip: string, count: number): Promise<Known<string[]>> {
  const shallow = await git(dir, ["rev-parse", "--is-shallow-repository"]);
  if (!shallow.ok) return unknown(shallow.why);
  if (shallow.stdout.toString("latin1").trim() !== "false")
    return unknown(`${dir} is a shallow clone, so its history is cut: run \`git fetch --unshallow\``);
  const answer = await git(dir, ["rev-list", "--first-parent", `--max-count=${count}`, tip, "--"]);
  if (!answer.ok) return unknown(answer.why);
  return known(answer.stdout.toString("latin1").split("\n").filter(Boolean));
}

/** For each step, newest first, the commits that it added: those that its parent does not contain. */
function commitsBySteps(steps: readonly { sha: string }[], commits: readonly CommitFact[]): Map<string, CommitFact[]> {
  const left = new Map(commits.map((commit) => [commit.sha, commit]));
  const commitsOf = new Map<string, CommitFact[]>();
  for (const { sha } of steps.toReversed()) {
    const found: CommitFact[] = [];
    const todo = [sha];
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      const commit = left.get(next);
      if (commit === undefined) continue;
      left.delete(next);
      found.push(commit);
      todo.push(...commit.parents);
    }
    commitsOf.set(sha, found);
  }
  return commitsOf;
}
