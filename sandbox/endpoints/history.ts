/** Commits, the pull requests they belong to, and comparisons. */

import { countCommits, mergeBase, readChanges, readCommit } from "../git/commits.ts";
import { git, gitText, isAncestor, resolveCommit } from "../git/git.ts";
import { presentCommit, presentFileChange } from "../present/commits.ts";
import { presentPullSimple } from "../present/pulls.ts";
import { repositoryPage, repositoryUrl } from "../present/repositories.ts";
import { readContents } from "../request/access.ts";
import { notFound, ok, refused } from "../request/answer.ts";
import { listing } from "../request/paging.ts";
import { type RepositoryCall, repoRoute } from "../request/route.ts";
import type { Pull, Repository } from "../state/model.ts";
import { pullsOf, same } from "../state/state.ts";

const REPO = "/repos/:owner/:repo";

/** A comparison shows at most this many files, as on GitHub. */
const MAX_FILES = 300;
/** Commits in a comparison whose request asks for no page. GitHub gives 250 there, but 100 on all others. */
const MAX_COMMITS = 100;

export const historyRoutes = [
  repoRoute(`GET ${REPO}/commits`, readContents, listCommits),
  repoRoute(`GET ${REPO}/commits/:sha/pulls`, { needs: "pull_requests=read", role: "read" }, async (call) => {
    const { repository } = call;
    const sha = await resolveCommit(repository.dir, call.params.sha ?? "");
    if (sha === undefined) return noCommit(call.params.sha);
    return listing(call, await pullsWith(repository, sha), presentPullSimple);
  }),
  repoRoute(`GET ${REPO}/compare/:range{.+}`, readContents, compare),
];

/** Must be registered last: a ref's name may contain slashes. */
export const commitRoute = repoRoute(`GET ${REPO}/commits/:ref{.+}`, readContents, async (call) => {
  const { state, repository } = call;
  const sha = await resolveCommit(repository.dir, call.params.ref ?? "");
  if (sha === undefined) return noCommit(call.params.ref);
  const commit = await readCommit(repository.dir, sha);
  const changes = await readChanges(repository.dir, commit.parents[0] ?? null, sha);
  const additions = changes.reduce((sum, change) => sum + change.additions, 0);
  const deletions = changes.reduce((sum, change) => sum + change.deletions, 0);
  return ok({
    ...presentCommit(state, repository, commit),
    stats: { total: additions + deletions, additions, deletions },
    files: changes.slice(0, MAX_FILES).map((change) => presentFileChange(repository, sha, change)),
  });
});

/** The pull requests that a commit was merged by or belongs to, newest first. */
export async function pullsWith(repository: Repository, sha: string): Promise<Pull[]> {
  const belongs = await Promise.all(
    pullsOf(repository).map(async (pull) => {
      if (pull.mergeCommitSha === sha) return pull;
      const inHead = await isAncestor(repository.dir, sha, pull.head.sha);
      return inHead && !(await isAncestor(repository.dir, sha, pull.base.sha)) ? pull : undefined;
    }),
  );
  return belongs.filter((pull) => pull !== undefined);
}

async function listCommits(call: RepositoryCall) {
  const { state, repository, query } = call;
  const from = query.get("sha") ?? repository.defaultBranch;
  const sha = await resolveCommit(repository.dir, from);
  if (sha === undefined) {
    const empty = (await git(repository.dir, ["rev-parse", "--quiet", "--verify", "HEAD"])).exit !== 0;
    return empty ? refused(409, "Git Repository is empty.") : notFound();
  }
  const path = query.get("path");
  const limits = ["since", "until"].flatMap((name) => {
    const date = Date.parse(query.get(name) ?? "");
    return Number.isNaN(date) ? [] : [`--${name}=${new Date(date).toISOString()}`];
  });
  const args = ["--literal-pathspecs", "rev-list", ...limits, sha, "--", ...(path === null ? [] : [path])];
  const shas = (await gitText(repository.dir, args)).split("\n").filter((line) => line !== "");
  return listing(call, shas, async (each) => presentCommit(state, repository, await readCommit(repository.dir, each)));
}

async function compare(call: RepositoryCall) {
  const { state, repository } = call;
  const { dir } = repository;
  const [baseName = "", headName = ""] = (call.params.range ?? "").split("...");
  const [base, head] = await Promise.all([resolveIn(repository, baseName), resolveIn(repository, headName)]);
  if (base === undefined || head === undefined) return notFound();
  const start = await mergeBase(dir, base, head);
  if (start === undefined) {
    return refused(404, `No common ancestor between ${baseName} and ${headName}.`);
  }
  const [ahead, behind, changes, shas] = await Promise.all([
    countCommits(dir, base, head),
    countCommits(dir, head, base),
    readChanges(dir, start, head),
    gitText(dir, ["rev-list", "--reverse", `${base}..${head}`]),
  ]);
  const present = async (sha: string) => presentCommit(state, repository, await readCommit(dir, sha));
  const page = await listing(
    { ...call, query: withPageSize(call.query) },
    shas.split("\n").filter((sha) => sha !== ""),
    present,
  );
  const range = `${baseName}...${headName}`;
  const html = `${repositoryPage(repository)}/compare/${range}`;
  // GitHub gives the files with the first page of commits only.
  const first = (call.query.get("page") ?? "1") === "1";
  return {
    ...page,
    body: {
      url: `${repositoryUrl(repository)}/compare/${range}`,
      html_url: html,
      permalink_url: html,
      diff_url: `${html}.diff`,
      patch_url: `${html}.patch`,
      base_commit: await present(base),
      merge_base_commit: await present(start),
      status: statusOf(ahead, behind),
      ahead_by: ahead,
      behind_by: behind,
      total_commits: ahead,
      commits: page.body,
      files: first ? changes.slice(0, MAX_FILES).map((change) => presentFileChange(repository, head, change)) : [],
    },
  };
}

function withPageSize(query: URLSearchParams): URLSearchParams {
  const sized = new URLSearchParams(query);
  if (!sized.has("per_page")) sized.set("per_page", String(MAX_COMMITS));
  return sized;
}

function statusOf(ahead: number, behind: number): string {
  if (ahead === 0) return behind === 0 ? "identical" : "behind";
  return behind === 0 ? "ahead" : "diverged";
}

/** A commit by its name; `owner:` before it names the owner's fork. */
async function resolveIn(repository: Repository, name: string): Promise<string | undefined> {
  const [, owner, ref] = /^(?:([^:]+):)?(.+)$/.exec(name) ?? [];
  const holder = [repository, ...repository.forks].find((one) => owner === undefined || same(one.owner.login, owner));
  return holder && resolveCommit(holder.dir, ref);
}

function noCommit(ref: string | undefined) {
  return refused(422, `No commit found for SHA: ${ref ?? ""}`);
}
