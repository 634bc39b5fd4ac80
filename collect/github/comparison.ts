import type { CommitFact } from "../../core/facts.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import type { Comparison } from "./cache.ts";
import { listAll } from "./listing.ts";
import { type GitHub, requestKnown } from "./request.ts";

/** A commit as GitHub's comparison lists it. */
type Listed = {
  sha: string;
  parents: { sha: string }[];
  commit: { tree: { sha: string }; message: string };
};

/**
 * The merge base of two commits, and the commits of the change if those that GitHub lists lead to the merge base alone.
 * Source: GitHub docs, "Compare two commits".
 */
export async function compareCommits(
  { request, owner, repo }: GitHub,
  base: string,
  head: string,
): Promise<Known<Comparison>> {
  const what = `the common ancestor of ${base} and ${head}`;
  const call = request("GET /repos/{owner}/{repo}/compare/{basehead}", {
    owner,
    repo,
    basehead: `${base}...${head}`,
    per_page: 100,
  });
  const answer = await requestKnown(what, call);
  if (!answer.known) return answer;
  const mergeBase = answer.value.merge_base_commit.sha;
  const commits = answer.value.commits.map(commitFact);
  const isWhole = commits.length === answer.value.total_commits;
  return known({ mergeBase, commits: isWhole ? commitsAbove(commits, mergeBase, head) : null });
}

/**
 * The commits that the head contains and the start does not, taken from a listing; null unless every parent path from
 * the head leads through listed commits to the start. Then the head contains the start, and none of these commits is an
 * ancestor of the start: its own parent paths would have to end elsewhere.
 */
export function commitsAbove(commits: readonly CommitFact[], start: string, head: string): CommitFact[] | null {
  const listed = new Map(commits.map((commit) => [commit.sha, commit]));
  const between = new Set<string>();
  const todo = [head];
  for (let sha = todo.pop(); sha !== undefined; sha = todo.pop()) {
    if (sha === start || between.has(sha)) continue;
    const parents = listed.get(sha)?.parents ?? [];
    if (parents.length === 0) return null;
    between.add(sha);
    todo.push(...parents);
  }
  return commits.filter(({ sha }) => between.has(sha));
}

/**
 * The commits that the head contains and the merge base does not. GitHub lists them in pages with a total, which is
 * checked.
 */
export async function readCommits(
  { request, owner, repo }: GitHub,
  mergeBase: string,
  head: string,
): Promise<Known<CommitFact[]>> {
  let total = 0;
  const listed = await listAll(`the commits from ${mergeBase} to ${head}`, (page) =>
    request("GET /repos/{owner}/{repo}/compare/{basehead}", {
      owner,
      repo,
      basehead: `${mergeBase}...${head}`,
      ...page,
    }).then(({ data, headers }) => {
      total = data.total_commits;
      return { data: data.commits, headers };
    }),
  );
  if (!listed.known) return listed;
  if (listed.value.length !== total)
    return unknown(`GitHub counts ${total} commits up to ${head} and lists ${listed.value.length}; try again`);
  return known(listed.value.map(commitFact));
}

/** The newest commits that a commit leads to, on one page; with `path`, those that touched it. */
export async function readNewest(
  { request, owner, repo }: GitHub,
  sha: string,
  path: string | null,
  count: number,
): Promise<Known<Pick<CommitFact, "sha" | "parents">[]>> {
  const listed = await requestKnown(
    `the commits before ${sha}`,
    request("GET /repos/{owner}/{repo}/commits", {
      owner,
      repo,
      sha,
      per_page: count,
      ...(path === null ? {} : { path }),
    }),
  );
  return listed.known ? known(listed.value.map(commitFact)) : listed;
}

function commitFact({ sha, parents, commit }: Listed): CommitFact {
  return {
    sha,
    parents: parents.map((parent) => parent.sha),
    tree: commit.tree.sha,
    message: commit.message.trimEnd().toWellFormed(),
  };
}
