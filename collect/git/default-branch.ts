import { type Known, known, unknown } from "../../core/known.ts";
import type { GitObjects } from "./objects.ts";

/** A branch by its short name, and its commit. */
export type Branch = { name: string; sha: string };

/**
 * The default branch: where `origin/HEAD` points if the clone says so, a bare repository's own `HEAD`, else `main` or
 * `master`. A base given by the caller never replaces it, because everyone who may push to that base could then choose
 * the policy.
 */
export async function findDefaultBranch(objects: GitObjects, dir: string): Promise<Known<Branch>> {
  const about = await objects.about();
  if (!about.known) return about;
  const { defaultBranch } = about.value;
  if (defaultBranch === null)
    return unknown(
      `${dir} has no default branch that can be told: there is no origin/HEAD, no main and no master; \`git remote set-head origin --auto\` asks the server for it`,
    );
  const sha = await objects.resolve(defaultBranch);
  return sha.known
    ? known({ name: defaultBranch.replace(/^refs\/(?:heads|remotes\/origin)\//, ""), sha: sha.value })
    : sha;
}
