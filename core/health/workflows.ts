import type { Known } from "../known.ts";
import { findingsOf, type HealthFinding } from "./finding.ts";

/** A line (1-based) of a workflow that holds the repository's secrets, which fetches the code of a pull request. */
export type PrivilegedFetch = { path: string; line: number };

/**
 * Whether a workflow of the default branch lets strangers run code beside the repository's secrets. The check cannot hold
 * that back: such a workflow runs before anybody has looked. Maintainers wrote the workflows. `about` is `owner/name`.
 */
export function judgeWorkflows(about: string, fetches: Known<PrivilegedFetch[]>): HealthFinding[] {
  const { ok, warn } = findingsOf("repository", about);
  const check = "workflows";
  // Beside the point of the check itself: what cannot be seen is told, and stops nothing.
  if (!fetches.known)
    return [warn(check, `The workflows are not looked at: ${fetches.why}`, "Run this again later.")];
  if (fetches.value.length === 0)
    return [ok(check, "No workflow that holds secrets fetches the code of a pull request.")];
  const next =
    "A maintainer lets it run on `pull_request`, where there are no secrets, or makes sure that nothing it fetches is run.";
  return fetches.value.map(({ path, line }) =>
    warn(check, `${path}:${line}: this workflow holds secrets and fetches the code of a pull request.`, next),
  );
}
