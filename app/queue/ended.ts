import { listAll } from "../../collect/github/listing.ts";
import type { GitHub } from "../../collect/github/request.ts";
import type { TypedEntry } from "../../core/entries.ts";
import { type Known, known } from "../../core/known.ts";
import { believedOf, unseenSince } from "../../core/record/unended.ts";

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
  { entries, searched }: { entries: readonly TypedEntry[]; searched: string | null },
): Promise<Known<Numbers>> {
  const since = unseenSince(entries, searched);
  if (since === null) return known({ pulls: [], issues: [] });
  const listed = await listAll("what was closed lately", (page) =>
    request("GET /repos/{owner}/{repo}/issues", { owner, repo, state: "closed", since, ...page }),
  );
  if (!listed.known) return listed;
  const believed = believedOf(entries);
  const pulls = new Set(believed.pulls);
  const issues = new Set(believed.stories);
  const began = entries[0]?.at ?? since;
  for (const { number, pull_request: pull, labels, closed_at: closedAt } of listed.value) {
    const names = labels.flatMap((label) => (typeof label === "string" ? label : (label.name ?? [])));
    if (pull !== undefined) {
      // Nobody judged what was closed before there was a ledger.
      if (closedAt !== null && closedAt >= began && !believed.ended.has(number)) pulls.add(number);
    } else if ((names.includes("story") || names.includes("epic")) && !names.some((name) => seenClosed.has(name)))
      issues.add(number);
  }
  for (const number of open.pulls) pulls.delete(number);
  for (const number of open.issues) issues.delete(number);
  return known({ pulls: [...pulls], issues: [...issues] });
}
