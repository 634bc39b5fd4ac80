import { SallyportError } from "../../core/errors.ts";
import type { PolicyReading } from "../../core/facts.ts";
import { known } from "../../core/known.ts";
import { CurrentPolicyAnswer } from "../../schemas/graphql.ts";
import { query } from "../github/graphql.ts";
import { apiObjects } from "../github/objects.ts";
import { type GitHub, valueOrThrow } from "../github/request.ts";
import { readPolicy } from "./file.ts";
import { policyFields, policyFromQuery } from "./from-query.ts";

/** The policy on the default branch. The tests check every field against GitHub's published schema. */
export const currentPolicyQuery = `query SallyportCurrentPolicy($owner: String!, $repo: String!) {
  repository(owner: $owner, name: $repo) {
    databaseId
    isPrivate
    defaultBranchRef {
      target {
        ${policyFields}
      }
    }
  }
}`;

/**
 * The policy on the default branch now, for jobs that do not reconcile, and whether the repository is private. Throws
 * when it cannot be read, so that the job is retried.
 */
export async function readCurrentPolicy(github: GitHub): Promise<{ policy: PolicyReading; isPrivate: boolean }> {
  const { owner, repo } = github;
  const what = `the policy of ${owner}/${repo}`;
  const { data } = valueOrThrow(await query(github, what, { text: currentPolicyQuery, variables: { owner, repo } }));
  const read = CurrentPolicyAnswer.safeParse(data);
  if (!read.success) throw new SallyportError("github", `GitHub did not give ${what}; try again`, { retry: true });
  const { isPrivate, defaultBranchRef } = read.data.repository;
  const told = policyFromQuery(defaultBranchRef.target);
  const policy = told === null ? await readPolicy(apiObjects(github), defaultBranchRef.target.oid) : known(told);
  return { policy: valueOrThrow(policy), isPrivate };
}
