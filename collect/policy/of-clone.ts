import type { PolicyReading } from "../../core/facts.ts";
import type { Known } from "../../core/known.ts";
import { findDefaultBranch } from "../git/default-branch.ts";
import { gitObjects } from "../git/objects.ts";
import { readPolicy } from "./file.ts";

/**
 * Reads the policy on a git directory's default branch. Unknown when that branch cannot be found or read. Trust it as
 * much as the clone: whoever made the clone chose the branch and the policy.
 */
export async function readDefaultPolicy(dir: string): Promise<Known<PolicyReading>> {
  const objects = gitObjects(dir);
  try {
    const main = await findDefaultBranch(objects, dir);
    return main.known ? await readPolicy(objects, main.value.sha) : main;
  } finally {
    objects.close();
  }
}
