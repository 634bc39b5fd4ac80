import { evidenceBranch } from "../core/evidence-branch.ts";
import type { RepositoryStanding } from "../core/health/repository.ts";
import type { JobCheck } from "../core/job-checks.ts";
import { type Known, known, unknown } from "../core/known.ts";
import { apiTrees } from "./api-trees.ts";
import { readBranchRules } from "./branch-rules.ts";
import type { TreeEntry } from "./git.ts";
import { ask, askKnown, type GitHub, readBranch } from "./github.ts";
import type { Objects } from "./objects.ts";
import { apiObjects } from "./objects-api.ts";
import { createObjectsCache } from "./objects-cache.ts";
import { readPolicy } from "./policy-file.ts";
import { jobChecks, workflowPattern } from "./workflows.ts";

/** What is kept of one repository while it is read, in bytes, and how large a workflow is read. */
const sizes = { cache: 64 * 1024 * 1024, workflow: 512 * 1024 } as const;

/** Reads what has to be in place in one repository, at the tip of its default branch; with a token that only reads. */
export async function readRepositoryStanding(github: GitHub): Promise<Known<RepositoryStanding>> {
  const { request, owner, repo } = github;
  const repository = await askKnown(
    `the repository ${owner}/${repo}`,
    request("GET /repos/{owner}/{repo}", { owner, repo }),
  );
  if (!repository.known) return repository;
  const { default_branch: branch } = repository.value;
  const tip = await readBranch(github, branch);
  if (!tip.known) return tip;
  const cache = createObjectsCache(sizes.cache);
  const objects = apiObjects(github, cache);
  const listing = await apiTrees(github, cache).list(tip.value, true);
  const entries = !listing.known
    ? listing
    : listing.value.cut
      ? unknown("GitHub lists the files only in part: there are too many")
      : known(listing.value.entries.filter(({ type }) => type !== "tree"));
  const [policy, checks, rules, evidence] = await Promise.all([
    readPolicy(objects, tip.value),
    readChecks(objects, entries),
    readBranchRules(github, branch),
    readEvidence(github),
  ]);
  const files = entries.known ? known(entries.value.map(({ path }) => path)) : entries;
  return known({ policy, files, checks, rules, evidence });
}

/** The checks of all workflows; unknown when one cannot be read, because a check that is missed would be told as missing. */
async function readChecks(objects: Objects, entries: Known<TreeEntry[]>): Promise<Known<JobCheck[]>> {
  if (!entries.known) return entries;
  const workflows = entries.value.filter(({ type, path }) => type === "blob" && workflowPattern.test(path));
  const blobs = await objects.blobs(
    workflows.map(({ sha }) => sha),
    sizes.workflow,
  );
  if (!blobs.known) return blobs;
  const checks: JobCheck[] = [];
  for (const { path, sha } of workflows) {
    const content = blobs.value.get(sha)?.content ?? null;
    if (content === null) return unknown(`${path} is too large to be read`);
    const found = jobChecks(path, Buffer.from(content).toString("utf8"));
    if (!found.known) return found;
    checks.push(...found.value);
  }
  return known(checks);
}

async function readEvidence(github: GitHub): Promise<RepositoryStanding["evidence"]> {
  const { request, owner, repo } = github;
  const [answer, rules] = await Promise.all([
    ask(
      `the branch ${evidenceBranch}`,
      request("GET /repos/{owner}/{repo}/git/ref/{ref}", { owner, repo, ref: `heads/${evidenceBranch}` }),
    ),
    readBranchRules(github, evidenceBranch),
  ]);
  const isThere = answer.ok ? known(true) : answer.status === 404 ? known(false) : unknown(answer.why);
  return { isThere, rules };
}
