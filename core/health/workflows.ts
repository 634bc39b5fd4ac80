import type { Known } from "../known.ts";
import { findingsOf, type HealthFinding, retryHint } from "./finding.ts";

/** A line (1-based) that runs our Action by a name that can move, such as `v1`. */
export type LooseAction = { path: string; line: number; uses: string };

/** Checks that our Action cannot become another one: a tag moves, a commit does not. `about` is `owner/name`. */
export function judgeActions(about: string, loose: Known<LooseAction[]>): HealthFinding[] {
  if (!loose.known) return [];
  const next = "A maintainer writes the release's full commit id behind the `@`, with the tag as a comment.";
  return loose.value.map(({ path, line, uses }) => {
    const message = `${path}:${line}: \`${uses}\` runs whatever that name points at next.`;
    return findingsOf("repository", about).warn("action", message, next);
  });
}

/** A line (1-based) that fetches the code of a pull request, in a workflow that has the repository's secrets. */
export type PrivilegedFetch = { path: string; line: number };

/**
 * Checks whether a workflow of the default branch lets strangers run code with access to the repository's secrets. The
 * `sallyport` check cannot prevent that: such a workflow runs before anybody reviewed the change. Maintainers wrote the
 * workflows. `about` is `owner/name`.
 */
export function judgeWorkflows(about: string, fetches: Known<PrivilegedFetch[]>): HealthFinding[] {
  const { ok, warn } = findingsOf("repository", about);
  const check = "workflows";
  // Not part of what the check enforces: workflows that cannot be read are only a warning.
  if (!fetches.known) return [warn(check, `The workflows are not looked at: ${fetches.why}`, retryHint)];
  if (fetches.value.length === 0)
    return [ok(check, "No workflow that holds secrets fetches the code of a pull request.")];
  const next =
    "A maintainer lets it run on `pull_request`, where there are no secrets, or makes sure that nothing it fetches is run.";
  return fetches.value.map(({ path, line }) =>
    warn(check, `${path}:${line}: this workflow holds secrets and fetches the code of a pull request.`, next),
  );
}
