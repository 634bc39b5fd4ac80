import { resolve } from "node:path";
import { type OnProgress, readHistory } from "../../../collect/backtest/history.ts";
import { type Branch, findDefaultBranch } from "../../../collect/git/default-branch.ts";
import { type GitObjects, gitObjects } from "../../../collect/git/objects.ts";
import { readPolicy } from "../../../collect/policy/file.ts";
import type { PolicyReading } from "../../../core/facts.ts";
import { type Known, known, unknown } from "../../../core/known.ts";
import type { Io } from "../../terminal/io.ts";
import type { BacktestOptions, Found, Question } from "./question.ts";

/** Reads the last changes of a branch in a git directory. */
export async function changesInGit(
  options: BacktestOptions,
  { last, after, before, secrets, day }: Question,
  io: Io,
  onProgress: OnProgress,
): Promise<Known<Found>> {
  const dir = resolve(io.cwd, options.repo ?? ".");
  const objects = gitObjects(dir);
  try {
    const main = await findDefaultBranch(objects, dir);
    const branch = await chooseBranch(objects, options.branch, main);
    if (!branch.known) return branch;
    const old = before === null ? await readOldPolicy(objects, main) : known(before);
    if (!old.known) return old;
    const { name, sha } = branch.value;
    const comparison = { before: old.value, after, secrets, day };
    const changes = await readHistory(objects, { dir, branch: name, tip: sha, last }, comparison, onProgress);
    if (!changes.known) return changes;
    return known({ from: name, before: old.value, changes: changes.value });
  } finally {
    objects.close();
  }
}

async function chooseBranch(
  objects: GitObjects,
  asked: string | undefined,
  main: Known<Branch>,
): Promise<Known<Branch>> {
  if (asked === undefined) return main.known ? main : unknown(`${main.why}; name one with --branch`);
  const sha = await objects.resolve(asked);
  return sha.known ? known({ name: asked, sha: sha.value }) : sha;
}

async function readOldPolicy(objects: GitObjects, main: Known<Branch>): Promise<Known<PolicyReading>> {
  if (!main.known) return unknown(`${main.why}; name the old policy with --against`);
  return readPolicy(objects, main.value.sha);
}
