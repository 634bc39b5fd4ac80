import { blobId } from "../collect/blob-id.ts";
import type { GitHub } from "../collect/github.ts";
import { SallyportError } from "../core/errors.ts";
import { evidenceBranch, segmentEntries, segmentPath } from "../core/evidence-branch.ts";
import { orNull } from "./perform/answers.ts";

/** One entry of a chain as it is stored. */
export type Line = { seq: number; line: string };

/** What the branch holds: its tip, its tree and the blobs of its segments; null when there is no branch. */
export type Branch = {
  commit: string;
  tree: string;
  segments: Map<string, { sha: string; size: number }>;
} | null;

/** Reads where the evidence branch stands, without its contents: git's hashes tell enough to compare it. */
export async function readEvidence({ request, owner, repo }: GitHub): Promise<Branch> {
  const ref = await orNull(
    request("GET /repos/{owner}/{repo}/git/ref/{ref}", { owner, repo, ref: `heads/${evidenceBranch}` }),
  );
  if (ref === null) return null;
  const { sha: commit } = ref.data.object;
  const tip = await request("GET /repos/{owner}/{repo}/git/commits/{commit_sha}", {
    owner,
    repo,
    commit_sha: commit,
  });
  const list = async (tree_sha: string) => {
    const { data } = await request("GET /repos/{owner}/{repo}/git/trees/{tree_sha}", {
      owner,
      repo,
      tree_sha,
    });
    if (data.truncated)
      throw new SallyportError("github", `GitHub lists a folder of ${evidenceBranch} only in part`);
    return data.tree;
  };
  const tree = tip.data.tree.sha;
  const folder = (await list(tree)).find((entry) => entry.path === "ledger" && entry.type === "tree");
  const entries = folder === undefined ? [] : await list(folder.sha);
  return {
    commit,
    tree,
    segments: new Map(entries.map(({ path, sha, size }) => [`ledger/${path}`, { sha, size: size ?? 0 }])),
  };
}

/**
 * How many of our lines stand on the branch: each of its segments must be, to the byte, what we would have written. Null
 * when it holds anything else, or more than we have.
 */
export function exportedCount(branch: Branch, lines: readonly Line[]): number | null {
  if (branch === null) return 0;
  let count = 0;
  for (const place of [...branch.segments.keys()].keys()) {
    const path = segmentPath(place * segmentEntries + 1);
    const found = branch.segments.get(path);
    const taken = found === undefined ? null : linesIn(found, lines.slice(count, count + segmentEntries));
    // Only the last segment may be short.
    if (taken === null || count !== place * segmentEntries) return null;
    count += taken;
  }
  return count;
}

/** How many of these lines make up a file of this size and hash; null when none of their beginnings does. */
function linesIn(file: { sha: string; size: number }, lines: readonly Line[]): number | null {
  let size = 0;
  for (const [place, { line }] of lines.entries()) {
    size += Buffer.byteLength(line) + 1;
    if (size < file.size) continue;
    const text = lines.slice(0, place + 1).map((one) => `${one.line}\n`);
    const isSame =
      blobId(Buffer.from(text.join("")), file.sha.length === 64 ? "sha256" : "sha1") === file.sha;
    return isSame ? place + 1 : null;
  }
  return null;
}
