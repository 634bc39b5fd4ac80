import { type Known, known, unknown } from "../../core/known.ts";
import type { PastChange } from "../../core/verdict/backtest.ts";
import { Account } from "../../schemas/text.ts";
import { apiObjects } from "../github/objects.ts";
import { ghost } from "../github/people.ts";
import { type GitHub, requestKnown } from "../github/request.ts";
import { type BacktestInput, readPastChange } from "./facts.ts";
import type { OnProgress } from "./history.ts";

/** Pages of a hundred closed pull requests to search for merged ones before giving up. */
const maxPages = 20;

/** A merged pull request as GitHub lists it. Its author wrote title and body. */
type Merged = {
  number: number;
  title: string;
  body: string;
  labels: string[];
  author: Account;
  mergedAt: string;
  base: { ref: string; sha: string };
  head: string;
};

/**
 * Reads the last merged pull requests into a repository's default branch, newest first: the changes of each head
 * against its base, whichever merge method was used. Unknown when the list cannot be read; a pull request whose commits
 * cannot be read is listed with unknown facts.
 */
export async function readMergedPulls(
  github: GitHub,
  { last, branch }: { last: number; branch: string },
  input: BacktestInput,
  onProgress: OnProgress,
): Promise<Known<PastChange[]>> {
  const { owner, repo } = github;
  const listed = await listMerged(github, branch, last);
  if (!listed.known) return listed;
  const objects = apiObjects(github);
  const changes: PastChange[] = [];
  for (const { number, title, body, labels, author, base, head } of listed.value) {
    const mergeBase = await objects.mergeBase(base.sha, head);
    const content = {
      repository: { id: 0, name: `${owner}/${repo}` },
      pull: { number, author, title: title.toWellFormed(), body: body.toWellFormed(), labels },
      base,
      head: { sha: head },
      defaultBranch: branch,
      mergeBase,
      changes: mergeBase.known ? await objects.changes(mergeBase.value, head) : mergeBase,
      commits: mergeBase.known ? await objects.commits(mergeBase.value, head) : mergeBase,
    };
    const name = { sha: head, subject: title, pull: number };
    changes.push(await readPastChange(objects, { name, content }, input));
    onProgress(changes.length, listed.value.length);
  }
  return known(changes);
}

/**
 * The pull requests merged last. GitHub lists them by last update, which is never before the merge: once enough merges
 * are newer than the oldest update on the page, no later page can hold a newer merge.
 */
async function listMerged({ request, owner, repo }: GitHub, branch: string, last: number): Promise<Known<Merged[]>> {
  let found: Merged[] = [];
  for (let page = 1; page <= maxPages; page++) {
    const answer = await requestKnown(
      `the closed pull requests of ${owner}/${repo}, page ${page}`,
      request("GET /repos/{owner}/{repo}/pulls", {
        owner,
        repo,
        base: branch,
        state: "closed",
        sort: "updated",
        direction: "desc",
        per_page: 100,
        page,
      }),
    );
    if (!answer.known) return answer;
    for (const { number, title, body, labels, user, merged_at: mergedAt, base, head } of answer.value) {
      if (mergedAt === null) continue;
      const author = Account.safeParse({ id: user?.id, login: user?.login, type: user?.type });
      found.push({
        number,
        title,
        body: body ?? "",
        labels: labels.map((label) => label.name).sort(),
        author: author.success ? author.data : ghost,
        mergedAt,
        base: { ref: base.ref, sha: base.sha },
        head: head.sha,
      });
    }
    found = newest(found, last);
    const oldest = found[last - 1]?.mergedAt;
    const reached = answer.value.at(-1)?.updated_at;
    if (answer.value.length < 100 || reached === undefined) return known(found);
    if (oldest !== undefined && Date.parse(oldest) >= Date.parse(reached)) return known(found);
  }
  return unknown(`the last ${last} merged pull requests are not on ${maxPages} pages: ask for fewer`);
}

/** The newest merges without duplicates: a pull request that is updated while we read can be on two pages. */
function newest(found: readonly Merged[], last: number): Merged[] {
  const once = [...new Map(found.map((one) => [one.number, one])).values()];
  return once.toSorted((one, other) => Date.parse(other.mergedAt) - Date.parse(one.mergedAt)).slice(0, last);
}
