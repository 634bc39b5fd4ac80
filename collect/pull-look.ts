import { type Known, known, unknown } from "../core/known.ts";
import type { CheckFact, OurCheck, PullLookFacts } from "../core/pull-facts.ts";
import { askKnown, type GitHub } from "./github.ts";
import { listAll } from "./listing.ts";

/** Where a pull request stands, besides what its verdict is judged from. */
export type PullStanding = Pick<PullLookFacts, "state" | "merged" | "checks" | "ourCheck" | "twins"> & {
  createdAt: string;
  labels: string[];
};

/** Reads a pull request's state, the checks on its head, and the open pull requests that share that head. */
export async function readPullStanding(
  github: GitHub,
  number: number,
  appId: number,
): Promise<Known<PullStanding>> {
  const { request, owner, repo } = github;
  const pull = await askKnown(
    `pull request #${number}`,
    request("GET /repos/{owner}/{repo}/pulls/{pull_number}", { owner, repo, pull_number: number }),
  );
  if (!pull.known) return pull;
  const {
    head,
    merged,
    merged_by: by,
    merge_commit_sha: mergeCommit,
    state,
    created_at: createdAt,
    labels,
  } = pull.value;
  const runs = await listAll(`the checks of ${head.sha}`, (page) =>
    request("GET /repos/{owner}/{repo}/commits/{ref}/check-runs", {
      owner,
      repo,
      ref: head.sha,
      per_page: 100,
      page,
    }).then(({ data, headers }) => ({ data: data.check_runs, headers })),
  );
  const ours = (run: { name: string; app: { id: number | bigint } | null }) =>
    run.name === "sallyport" && Number(run.app?.id) === appId;
  const checks: Known<CheckFact[]> = runs.known
    ? known(
        runs.value
          .filter((run) => !ours(run))
          .map(({ name, app, status, conclusion }) => ({ name, app: app?.slug ?? "", status, conclusion })),
      )
    : runs;
  const mine = runs.known ? runs.value.find(ours) : undefined;
  const ourCheck: Known<OurCheck | null> = runs.known
    ? known(
        mine === undefined
          ? null
          : { externalId: mine.external_id ?? "", status: mine.status, conclusion: mine.conclusion },
      )
    : runs;
  const twins = await readTwins(github, head.sha, number);
  if (!merged)
    return known({
      state: state === "closed" ? "closed" : "open",
      merged: null,
      checks,
      ourCheck,
      twins,
      createdAt,
      labels: names(labels),
    });
  if (mergeCommit === null) return unknown(`GitHub does not say as which commit #${number} was merged yet`);
  const commit = await askKnown(
    `the commit ${mergeCommit}`,
    request("GET /repos/{owner}/{repo}/git/commits/{commit_sha}", { owner, repo, commit_sha: mergeCommit }),
  );
  if (!commit.known) return commit;
  return known({
    state: "closed",
    merged: {
      commit: mergeCommit,
      tree: commit.value.tree.sha,
      by: by === null || by === undefined ? null : { id: Number(by.id), login: by.login },
    },
    checks,
    ourCheck,
    twins,
    createdAt,
    labels: names(labels),
  });
}

function names(labels: { name: string }[]): string[] {
  return labels.map((label) => label.name);
}

async function readTwins(
  { request, owner, repo }: GitHub,
  sha: string,
  number: number,
): Promise<Known<number[]>> {
  const listed = await listAll(`the pull requests with head ${sha}`, (page) =>
    request("GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls", {
      owner,
      repo,
      commit_sha: sha,
      per_page: 100,
      page,
    }),
  );
  if (!listed.known) return listed;
  return known(
    listed.value
      .filter((one) => one.state === "open" && one.head.sha === sha && one.number !== number)
      .map((one) => one.number),
  );
}
