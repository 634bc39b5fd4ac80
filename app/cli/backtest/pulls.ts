import type { OnProgress } from "../../../collect/backtest/history.ts";
import { readMergedPulls } from "../../../collect/backtest/merged-pulls.ts";
import { apiObjects } from "../../../collect/github/objects.ts";
import { type GitHub, readBranch, requestKnown } from "../../../collect/github/request.ts";
import { readPolicy } from "../../../collect/policy/file.ts";
import type { PolicyReading } from "../../../core/facts.ts";
import { type Known, known, unknown } from "../../../core/known.ts";
import type { Io } from "../../terminal/io.ts";
import { tokenRequest } from "../../terminal/token-client.ts";
import type { BacktestOptions, Found, Question } from "./question.ts";

/** Reads the last merged pull requests of the repository that `--pr-repo` names. */
export async function changesOnGitHub(
  { prRepo = "" }: BacktestOptions,
  { last, after, before, secrets, day }: Question,
  io: Io,
  onProgress: OnProgress,
): Promise<Known<Found>> {
  const [, owner, repo] = /^([A-Za-z0-9-]+)\/([A-Za-z0-9._-]+)$/.exec(prRepo) ?? [];
  if (owner === undefined || repo === undefined)
    return unknown(`--pr-repo ${JSON.stringify(prRepo)} is not a repository: write it as owner/repo`);
  const request = await tokenRequest(io, "--pr-repo");
  if (!request.known) return request;
  const github = { request: request.value, owner, repo };
  const about = await requestKnown(
    `the repository ${prRepo}`,
    github.request("GET /repos/{owner}/{repo}", { owner, repo }),
  );
  if (!about.known) return about;
  const branch = about.value.default_branch;
  const old = before === null ? await readOldPolicy(github, branch) : known(before);
  if (!old.known) return old;
  const comparison = { before: old.value, after, secrets, day };
  const changes = await readMergedPulls(github, { last, branch }, comparison, onProgress);
  if (!changes.known) return changes;
  return known({ from: `${prRepo}, ${branch}`, before: old.value, changes: changes.value });
}

async function readOldPolicy(github: GitHub, branch: string): Promise<Known<PolicyReading>> {
  const tip = await readBranch(github, branch);
  return tip.known ? readPolicy(apiObjects(github), tip.value) : tip;
}
