import { type Known, known, unknown } from "../../core/known.ts";
import { parseQueueRef, queueRefs } from "../../core/queue-ref.ts";
import { type GitHub, requestKnown, requestResult } from "../github/request.ts";

/** A merge group's branch: its full ref and its commit. */
export type QueueBranch = { ref: string; sha: string };

/** The branches of all open merge groups. Everyone who may push can make a branch of such a name. */
export async function listQueueBranches({ request, owner, repo }: GitHub): Promise<Known<QueueBranch[]>> {
  // GitHub lists all of them in one answer, without pages.
  const refs = await requestKnown(
    `the merge groups of ${owner}/${repo}`,
    request("GET /repos/{owner}/{repo}/git/matching-refs/{ref}", { owner, repo, ref: queueRefs }),
  );
  if (!refs.known) return refs;
  return known(
    refs.value
      .filter(({ ref, object }) => parseQueueRef(ref) !== null && object.type === "commit")
      .map(({ ref, object }) => ({ ref, sha: object.sha })),
  );
}

/**
 * The commit of a merge group's branch now; null when the branch is gone, because the group has landed or was removed.
 */
export async function readQueueBranch({ request, owner, repo }: GitHub, ref: string): Promise<Known<string | null>> {
  const what = `the merge group ${JSON.stringify(ref)} of ${owner}/${repo}`;
  const answer = await requestResult(
    what,
    request("GET /repos/{owner}/{repo}/git/ref/{ref}", { owner, repo, ref: ref.replace(/^refs\//, "") }),
  );
  if (!answer.ok) return answer.status === 404 ? known(null) : unknown(answer.why);
  if (answer.data.ref !== ref || answer.data.object.type !== "commit")
    return unknown(`GitHub gave something else for ${what}`);
  return known(answer.data.object.sha);
}
