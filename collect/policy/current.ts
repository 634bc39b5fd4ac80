import { SallyportError } from "../../core/errors.ts";
import type { PolicyReading } from "../../core/facts.ts";
import { apiObjects } from "../github/objects.ts";
import { type GitHub, readBranch } from "../github/request.ts";
import { readPolicy } from "./file.ts";

/**
 * The policy on the default branch as it is now, for work that is no look, and whether the repository is private. Fails
 * when it cannot be read, so that the work is tried again.
 */
export async function readCurrentPolicy(
  github: GitHub,
): Promise<{ policy: PolicyReading; isPrivate: boolean }> {
  const { request, owner, repo } = github;
  const { data } = await request("GET /repos/{owner}/{repo}", { owner, repo });
  const tip = await readBranch(github, data.default_branch);
  const policy = tip.known ? await readPolicy(apiObjects(github), tip.value) : tip;
  if (!policy.known) throw new SallyportError("github", policy.why, { retry: true });
  return { policy: policy.value, isPrivate: data.private };
}
