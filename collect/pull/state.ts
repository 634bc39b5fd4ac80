import type { CommitFact, PolicyReading, SeenReview } from "../../core/facts.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import type { PullSnapshot } from "../../core/pull/facts.ts";
import { type CheckSuite, PullQueryResult } from "../../schemas/graphql.ts";
import type { Account } from "../../schemas/text.ts";
import { commitsAbove } from "../github/comparison.ts";
import { query } from "../github/graphql.ts";
import { listAll } from "../github/listing.ts";
import { accountOf, ghost } from "../github/people.ts";
import type { GitHub } from "../github/request.ts";
import { policyFromQuery } from "../policy/from-query.ts";
import { pullQuery } from "./query.ts";
import { type CheckRun, commandIn, findOurCheck, readChecks, readReviews, reviewState } from "./reviews.ts";
import { readSameHeadPulls } from "./same-head.ts";

/** Everything about a pull request that can change, as it was at one moment. Its author wrote title and body. */
export type PullState = {
  repository: { id: number; name: string };
  defaultBranch: { name: string; tip: string };
  /** null: the query did not settle it, so the tree has to be read. */
  policy: PolicyReading | null;
  number: number;
  author: Account;
  title: string;
  body: string;
  /** Sorted. */
  labels: string[];
  isDraft: boolean;
  /** RFC 3339. */
  createdAt: string;
  state: "open" | "closed";
  merged: Known<PullSnapshot["merged"]>;
  /** As GitHub counts them: a renamed file counts once. */
  changedFiles: number;
  /** The tip of the base branch now, not the commit that the last push was based on. */
  base: { ref: string; sha: string };
  /** RFC 3339: when somebody, or GitHub, last changed its base branch; null: never. */
  retargetedAt: Known<string | null>;
  head: { ref: string; sha: string };
  /**
   * RFC 3339: when GitHub first saw the head commit, by the oldest check suite on it; null if it does not tell. A commit's
   * own dates are its author's word.
   */
  headAt: string | null;
  /** RFC 3339: when title or body were last written. */
  textAt: string;
  /**
   * The commits that the head contains and the base's tip does not, if the head contains that tip; null if it may not.
   */
  ahead: CommitFact[] | null;
  reviews: Known<SeenReview[]>;
  /** The newest first. */
  checks: Known<CheckRun[]>;
  /** Other open pull requests whose head is the same commit. */
  sameHeadPulls: Known<number[]>;
};

type Pull = PullQueryResult["repository"]["pullRequest"];

/**
 * Reads a pull request and its repository with one query, and by REST the parts that the query did not give in full.
 * Unknown when there is no such pull request or its base branch is gone: nothing could be judged then.
 */
export async function readPullState(github: GitHub, number: number): Promise<Known<PullState>> {
  const { owner, repo } = github;
  const what = `pull request #${number} of ${owner}/${repo}`;
  const answer = await query(github, what, {
    text: pullQuery,
    variables: { owner, repo, number },
    optional: (path) => /^repository\.pullRequest\.(?:labels|reviews|commits|retargets|last)\b/.test(path),
  });
  if (!answer.known) return answer;
  const read = PullQueryResult.safeParse(answer.value.data);
  if (!read.success)
    return unknown(`GitHub's answer about ${what} lacks ${read.error.issues[0]?.path.join(".")}; try again`);
  const { repository } = read.data;
  const { pullRequest: pull, defaultBranchRef } = repository;
  // Whose account is gone is not known to be a person, and the change is judged so.
  const author = accountOf(pull.author) ?? { ...ghost, type: "Mannequin" };
  const target = pull.baseRef?.target;
  // A branch may be gone after the pull request has ended, and its end is still to be recorded.
  const base = target?.__typename === "Commit" ? target.oid : pull.state === "OPEN" ? null : pull.baseRefOid;
  if (base === null) return unknown(`the branch ${JSON.stringify(pull.baseRefName)} that ${what} would enter is gone`);

  const head = { ref: pull.headRefName, sha: pull.headRefOid };
  const labels = namesOf(pull) ?? (await readLabels(github, number));
  if (!labels.known) return labels;
  // The last of its commits is the head, unless somebody pushes just now.
  const [last] = pull.last?.nodes ?? [];
  const commit = last?.commit?.oid === head.sha ? last.commit : null;
  const suites = completeNodes(commit?.checkSuites);
  return known({
    repository: { id: repository.databaseId, name: repository.nameWithOwner },
    defaultBranch: { name: defaultBranchRef.name, tip: defaultBranchRef.target.oid },
    policy: policyFromQuery(defaultBranchRef.target),
    number,
    author,
    title: pull.title.toWellFormed(),
    body: pull.body.toWellFormed(),
    labels: labels.value.sort(),
    isDraft: pull.isDraft,
    createdAt: pull.createdAt,
    state: pull.state === "OPEN" ? "open" : "closed",
    merged: mergeOf(pull, what),
    changedFiles: pull.changedFiles,
    base: { ref: pull.baseRefName, sha: base },
    retargetedAt: await readRetarget(github, pull, number),
    head,
    headAt: suites?.map(({ createdAt }) => createdAt).sort()[0] ?? null,
    textAt: pull.lastEditedAt ?? pull.createdAt,
    ahead: aheadOf(pull, base),
    reviews: reviewsOf(pull) ?? (await readReviews(github, number)),
    checks: checksOf(suites) ?? (await readChecks(github, head.sha)),
    sameHeadPulls:
      sameHeadPullsOf(completeNodes(commit?.associatedPullRequests), head.sha, number) ??
      (await readSameHeadPulls(github, head.sha, number)),
  });
}

/** The items of a listing; null unless GitHub gave all of them. */
function completeNodes<T>(
  listing: { pageInfo: { hasNextPage: boolean }; nodes: (T | null)[] } | null | undefined,
): T[] | null {
  if (listing === null || listing === undefined || listing.pageInfo.hasNextPage) return null;
  const items = listing.nodes.filter((item) => item !== null);
  return items.length === listing.nodes.length ? items : null;
}

function namesOf({ labels }: Pull): Known<string[]> | null {
  const whole = completeNodes(labels);
  return whole === null ? null : known(whole.map(({ name }) => name));
}

async function readLabels({ request, owner, repo }: GitHub, number: number): Promise<Known<string[]>> {
  const listed = await listAll(`the labels of #${number}`, (page) =>
    request("GET /repos/{owner}/{repo}/issues/{issue_number}/labels", { owner, repo, issue_number: number, ...page }),
  );
  return listed.known ? known(listed.value.map(({ name }) => name)) : listed;
}

/** When its base branch was last changed. GraphQL gives null for an event that we may not see, which still happened. */
async function readRetarget(github: GitHub, { retargets }: Pull, number: number): Promise<Known<string | null>> {
  const [last] = retargets?.nodes ?? [null];
  if (last === undefined) return known(null);
  if (last !== null) return known(last.createdAt);
  const { request, owner, repo } = github;
  const events = await listAll(`the events of #${number}`, (page) =>
    request("GET /repos/{owner}/{repo}/issues/{issue_number}/events", { owner, repo, issue_number: number, ...page }),
  );
  if (!events.known) return events;
  const kinds = ["base_ref_changed", "automatic_base_change_succeeded"];
  const event = events.value.findLast((one) => kinds.includes(one.event));
  if (event !== undefined) return known(event.created_at);
  return retargets === null
    ? known(null)
    : unknown(`GitHub does not say when #${number} was pointed at another branch; try again`);
}

function mergeOf(pull: Pull, what: string): PullState["merged"] {
  if (pull.state !== "MERGED") return known(null);
  const { mergeCommit, mergedBy } = pull;
  if (mergeCommit === null) return unknown(`GitHub does not say as which commit ${what} was merged yet`);
  const by = accountOf(mergedBy);
  return known({
    commit: mergeCommit.oid,
    tree: mergeCommit.tree.oid,
    by: by === null ? null : { id: by.id, login: by.login },
  });
}

/** The listing may be older than the base's tip; a listing that does not lead to that tip is not used. */
function aheadOf({ commits, headRefOid }: Pull, base: string): CommitFact[] | null {
  const facts = (completeNodes(commits) ?? []).map(({ commit }) => ({
    sha: commit.oid,
    // A commit whose parents are not all listed gets none, so `commitsAbove` gives null.
    parents: (completeNodes(commit.parents) ?? []).map(({ oid }) => oid),
    tree: commit.tree.oid,
    message: commit.message.trimEnd().toWellFormed(),
  }));
  return commitsAbove(facts, base, headRefOid);
}

function reviewsOf({ reviews }: Pull): Known<SeenReview[]> | null {
  const whole = completeNodes(reviews);
  if (whole === null) return null;
  return known(
    whole.flatMap(({ fullDatabaseId, author, body, state, commit, submittedAt }) => {
      const by = accountOf(author);
      const named = reviewState(state);
      if (by === null || named === null) return [];
      const seen = { id: Number(fullDatabaseId), by, state: named, sha: commit?.oid ?? null, at: submittedAt ?? "" };
      return [{ ...seen, ...commandIn(body) }];
    }),
  );
}

/** GraphQL writes values in upper case, REST in lower case. GraphQL may leave out ids beyond 32 bits: then null. */
function checksOf(suites: CheckSuite[] | null): Known<CheckRun[]> | null {
  if (suites === null) return null;
  const runs: CheckRun[] = [];
  for (const { databaseId: suite, app, checkRuns } of suites) {
    const whole = completeNodes(checkRuns);
    if (whole === null || suite === null) return null;
    for (const { databaseId, name, status, conclusion, externalId } of whole) {
      if (databaseId === null) return null;
      runs.push({
        id: databaseId,
        suite,
        name,
        app: app?.slug ?? "",
        appId: app?.databaseId ?? 0,
        status: status.toLowerCase(),
        conclusion: conclusion?.toLowerCase() ?? null,
        externalId: externalId ?? "",
      });
    }
  }
  return known(runs.sort((one, other) => other.id - one.id));
}

function sameHeadPullsOf(
  pulls: { number: number; state: string; headRefOid: string }[] | null,
  head: string,
  number: number,
): Known<number[]> | null {
  if (pulls === null) return null;
  const sameHeadPulls = pulls.filter((one) => one.state === "OPEN" && one.headRefOid === head && one.number !== number);
  return known(sameHeadPulls.map((one) => one.number));
}

/** The facts about a pull request that its verdict does not depend on. */
export type PullStatus = Pick<PullSnapshot, "state" | "merged" | "ourCheck" | "sameHeadPulls">;

/** A pull request's status as an App with this id sees it. Unknown while GitHub does not give the commit of a merge. */
export function pullStatus(state: PullState, appId: number): Known<PullStatus> {
  const { checks, merged, sameHeadPulls } = state;
  if (!merged.known) return merged;
  return known({
    state: state.state,
    merged: merged.value,
    ourCheck: findOurCheck(checks, appId),
    sameHeadPulls,
  });
}
