import type { CommitFact } from "../core/facts.ts";
import { type Known, known, unknown } from "../core/known.ts";
import { askKnown, type GitHub } from "./github.ts";
import { listAll } from "./listing.ts";
import type { Comparison } from "./objects-cache.ts";

/** A commit as GitHub's comparison lists it. */
type Listed = {
  sha: string;
  parents: { sha: string }[];
  commit: { tree: { sha: string }; message: string };
};

/**
 * Where two commits part, and with it, in the plain case, the commits of the change. GitHub leaves out every commit that
 * the base can reach; those are the ones that the merge base can reach whenever the listed commits build on nothing but
 * each other and the merge base. Source: GitHub docs, "Compare two commits".
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
  const answer = await askKnown(what, call);
  if (!answer.known) return answer;
  const mergeBase = answer.value.merge_base_commit.sha;
  const commits = answer.value.commits.map(commitFact);
  const shas = new Set(commits.map(({ sha }) => sha));
  const below = commits.flatMap(({ parents }) => parents.filter((parent) => !shas.has(parent)));
  const isWhole =
    commits.length === answer.value.total_commits && below.every((parent) => parent === mergeBase);
  return known({ mergeBase, commits: isWhole ? commits : null });
}

/** The commits that the head has and the merge base has not. GitHub lists them in pages and says how many there are. */
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
      per_page: 100,
      page,
    }).then(({ data, headers }) => {
      total = data.total_commits;
      return { data: data.commits, headers };
    }),
  );
  if (!listed.known) return listed;
  if (listed.value.length !== total)
    return unknown(
      `GitHub counts ${total} commits up to ${head} and lists ${listed.value.length}; try again`,
    );
  return known(listed.value.map(commitFact));
}

function commitFact({ sha, parents, commit }: Listed): CommitFact {
  return {
    sha,
    parents: parents.map((parent) => parent.sha),
    tree: commit.tree.sha,
    message: commit.message.trimEnd().toWellFormed(),
  };
}
