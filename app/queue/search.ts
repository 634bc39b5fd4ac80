import { listAll } from "../../collect/github/listing.ts";
import { valueOrThrow } from "../../collect/github/request.ts";
import { listQueueBranches } from "../../collect/group/queue-branches.ts";
import type { Standing } from "../../core/repository/standing.ts";
import { groupSubject, repositorySubject, type Subject } from "../../core/subject.ts";
import type { GitHubClients } from "../github/clients.ts";
import { type Numbers, readUnseenEnds } from "./ended.ts";
import type { Queue, Search } from "./queue.ts";

/**
 * Marks dirty the pull requests of a commit or into a branch, or everything that may be ours: all that is open, and all
 * that may have ended without our being told. No label tells the issues of the light tier; the ledger does.
 */
export async function enqueueMatching(
  { repository, sha, base, isSwept = false }: Search & { isSwept?: boolean },
  {
    github,
    queue,
    standing: standingOf,
    ended: endedOf,
    searches,
  }: {
    github: Pick<GitHubClients, "forRepository">;
    queue: Pick<Queue, "enqueueNow">;
    /** Where a repository stands by its ledger. */
    standing(repository: number): Promise<Standing>;
    /** Which of these pull requests ended as the ledger has it. */
    ended(repository: number, pulls: readonly number[]): Promise<ReadonlySet<number>>;
    /** When a repository was last searched for everything. */
    searches: { last(repository: number): Promise<string | null>; note(repository: number): Promise<void> };
  },
): Promise<void> {
  const client = await github.forRepository(repository, "read");
  const { request, owner, repo } = client;
  const subjects: Subject[] = [];
  const standing = sha === null && base === undefined ? await standingOf(repository) : null;
  const add = (kind: "issue" | "pull", numbers: readonly number[]) =>
    subjects.push(...numbers.map((number) => ({ kind, repository, number })));
  const pulls = await listAll("the open pull requests", (page) =>
    sha === null
      ? request("GET /repos/{owner}/{repo}/pulls", {
          owner,
          repo,
          state: "open",
          ...(base === undefined ? {} : { base }),
          ...page,
        })
      : request("GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls", { owner, repo, commit_sha: sha, ...page }),
  );
  const open: Numbers = { pulls: [], issues: [] };
  for (const { number, state } of valueOrThrow(pulls)) if (state === "open") open.pulls.push(number);
  if (standing !== null) {
    subjects.push(repositorySubject(repository));
    const groups = valueOrThrow(await listQueueBranches(client));
    subjects.push(...groups.flatMap(({ ref }) => groupSubject(repository, ref) ?? []));
    add("issue", [...standing.light]);
    for (const label of ["story", "epic", "ai:run"]) {
      const issues = await listAll(`the open issues labelled ${label}`, (page) =>
        request("GET /repos/{owner}/{repo}/issues", { owner, repo, state: "open", labels: label, ...page }),
      );
      // The listing contains pull requests too: anybody with the triage role may label them.
      for (const { number, pull_request: pull } of valueOrThrow(issues))
        if (pull === undefined) open.issues.push(number);
    }
  }
  add("pull", open.pulls);
  add("issue", open.issues);
  const foundBy = standing === null ? "name" : isSwept ? "sweep" : "search";
  for (const subject of subjects) await queue.enqueueNow(subject, foundBy);
  if (standing === null) return;
  // Last, so that what is open is looked at even where the rest cannot be read.
  const searched = await searches.last(repository);
  const ended = valueOrThrow(
    await readUnseenEnds(client, open, {
      ...{ standing, searched },
      endedOf: (pulls) => endedOf(repository, pulls),
    }),
  );
  for (const number of ended.pulls) await queue.enqueueNow({ kind: "pull", repository, number }, foundBy);
  for (const number of ended.issues) await queue.enqueueNow({ kind: "issue", repository, number }, foundBy);
  await searches.note(repository);
}
