import { type Known, known } from "../../core/known.ts";
import { listAll } from "../github/listing.ts";
import type { GitHub } from "../github/request.ts";

/** The other open pull requests whose head is this commit: a commit has one check, so they share it. */
export async function readSameHeadPulls(
  { request, owner, repo }: GitHub,
  sha: string,
  number: number,
): Promise<Known<number[]>> {
  const listed = await listAll(`the pull requests with head ${sha}`, (page) =>
    request("GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls", { owner, repo, commit_sha: sha, ...page }),
  );
  if (!listed.known) return listed;
  return known(
    listed.value
      .filter((one) => one.state === "open" && one.head.sha === sha && one.number !== number)
      .map((one) => one.number),
  );
}

/** The open pull requests from a branch, also of a fork, whose head is this commit. Whoever may push there named it. */
export async function readPullsFrom(
  { request, owner, repo }: GitHub,
  from: { owner: string; branch: string; head: string },
): Promise<Known<number[]>> {
  const listed = await listAll(`the pull requests from ${from.owner}:${from.branch}`, (page) =>
    request("GET /repos/{owner}/{repo}/pulls", {
      owner,
      repo,
      state: "open",
      head: `${from.owner}:${from.branch}`,
      ...page,
    }),
  );
  if (!listed.known) return listed;
  return known(listed.value.filter((one) => one.head.sha === from.head).map((one) => one.number));
}
