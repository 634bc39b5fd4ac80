import { SallyportError } from "../../core/errors.ts";
import type { PolicyReading } from "../../core/facts.ts";
import { apiObjects } from "../github/objects.ts";
import { type GitHub, readBranch } from "../github/request.ts";
import { readPolicy } from "./file.ts";

/**
 * The policy on the default branch now, for jobs that do not reconcile, and whether the repository is private. Throws
 * when it cannot be read, so that the job is retried.
 */
export async function readCurrentPolicy(github: GitHub): Promise<{ policy: PolicyReading; isPrivate: boolean }> {
  const { request, owner, repo } = github;
  const { data } = await request("GET /repos/{owner}/{repo}", { owner, repo });
  const tip = await readBranch(github, data.default_branch);
  const policy = tip.known ? await readPolicy(apiObjects(github), tip.value) : tip;
  if (!policy.known) throw new SallyportError("github", policy.why, { retry: true });
  return { policy: policy.value, isPrivate: data.private };
}
