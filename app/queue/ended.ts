import { listAll } from "../../collect/github/listing.ts";
import type { GitHub } from "../../collect/github/request.ts";
import { type Known, known } from "../../core/known.ts";
import { labelName } from "../../core/labels.ts";
import { openStories, unseenSince } from "../../core/record/unended.ts";
import type { Standing } from "../../core/repository/standing.ts";

/** Issues and pull requests, by number. */
export type Numbers = { pulls: number[]; issues: number[] };

/** The labels of a story or an epic that was seen closed. */
const seenClosed: ReadonlySet<string> = new Set(["sallyport:archived", "sallyport:complete"]);

/**
 * What may have ended while nobody was told: what the ledger believes open and GitHub does not list as open, and what
 * was closed lately and is not known to have ended, such as a pull request that was opened and merged meanwhile.
 */
export async function readUnseenEnds(
  { request, owner, repo }: GitHub,
  open: Numbers,
  {
    standing: { span, beliefs },
    searched,
    endedOf,
  }: {
    standing: Standing;
    searched: string | null;
    endedOf(pulls: readonly number[]): Promise<ReadonlySet<number>>;
  },
): Promise<Known<Numbers>> {
  const since = unseenSince(span, searched);
  if (since === null) return known({ pulls: [], issues: [] });
  const listed = await listAll("what was closed lately", (page) =>
    request("GET /repos/{owner}/{repo}/issues", { owner, repo, state: "closed", since, ...page }),
  );
  if (!listed.known) return listed;
  const pulls = new Set(beliefs.pulls);
  const issues = openStories(beliefs);
  const began = span?.first ?? since;
  const closed: number[] = [];
  for (const { number, pull_request: pull, labels, closed_at: closedAt } of listed.value) {
    const names = labels.flatMap((label) => (typeof label === "string" ? label : (label.name ?? []))).map(labelName);
    if (pull !== undefined) {
      // Nobody judged what was closed before there was a ledger.
      if (closedAt !== null && closedAt >= began) closed.push(number);
    } else if ((names.includes("story") || names.includes("epic")) && !names.some((name) => seenClosed.has(name)))
      issues.add(number);
  }
  const ended = await endedOf(closed);
  for (const number of closed) if (!ended.has(number)) pulls.add(number);
  for (const number of open.pulls) pulls.delete(number);
  for (const number of open.issues) issues.delete(number);
  return known({ pulls: [...pulls], issues: [...issues] });
}
