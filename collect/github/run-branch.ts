import { type Known, known, unknown } from "../../core/known.ts";
import { BranchAnswer } from "../../schemas/graphql.ts";
import { query } from "./graphql.ts";
import type { GitHub } from "./request.ts";

/** A branch of this repository: its tip, and its pull requests. The tests check every field against GitHub's schema. */
export const branchQuery = `query SallyportBranch($owner: String!, $repo: String!, $ref: String!, $branch: String!, $commit: GitObjectID!) {
  repository(owner: $owner, name: $repo) {
    databaseId
    ref(qualifiedName: $ref) { target { oid } }
    object(oid: $commit) { ... on Commit { tree { oid } } }
    pullRequests(headRefName: $branch, first: 100, orderBy: { field: CREATED_AT, direction: DESC }) {
      pageInfo { hasNextPage }
      nodes { number state baseRefName isCrossRepository }
    }
  }
}`;

/**
 * Where a branch stands (null: it is not there), the tree of a commit (null: it is not there), and the pull requests
 * from the branch, the newest first; null: forks have so many of that name that they hide ours. Whoever may push could
 * have moved the branch, and whoever may write could have opened or closed a pull request.
 */
export type RunBranch = {
  tip: string | null;
  tree: string | null;
  pulls: { number: number; state: "OPEN" | "CLOSED" | "MERGED"; base: string }[] | null;
};

/** Reads with one query where a branch stands, and the tree of `commit`, to which it is to be moved or from which. */
export async function readRunBranch(github: GitHub, branch: string, commit: string): Promise<Known<RunBranch>> {
  const { owner, repo } = github;
  const what = `the branch ${branch}`;
  const variables = { owner, repo, ref: `refs/heads/${branch}`, branch, commit };
  const answer = await query(github, what, { text: branchQuery, variables });
  if (!answer.known) return answer;
  const read = BranchAnswer.safeParse(answer.value.data);
  if (!read.success) return unknown(`GitHub's answer about ${what} has another form; try again`);
  const { ref, object, pullRequests } = read.data.repository;
  const isWhole = !pullRequests.pageInfo.hasNextPage && !pullRequests.nodes.includes(null);
  const pulls = pullRequests.nodes.flatMap((pull) =>
    pull === null || pull.isCrossRepository ? [] : { number: pull.number, state: pull.state, base: pull.baseRefName },
  );
  return known({ tip: ref?.target?.oid ?? null, tree: object?.tree?.oid ?? null, pulls: isWhole ? pulls : null });
}
