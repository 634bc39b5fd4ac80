import { blobId } from "../../collect/blob-id.ts";
import type { GitHub } from "../../collect/github/request.ts";
import { SallyportError } from "../../core/errors.ts";
import { evidenceBranch, segmentEntries, segmentPath } from "../../core/ledger/branch.ts";
import { orNull } from "../github/requests.ts";

/** One entry of a chain as it is stored. */
export type Line = { seq: number; line: string };

/** The lines of a chain between two positions, both included; fewer if the chain ends earlier. */
export type ReadLines = (from: number, to: number) => Promise<Line[]>;

/** The tip of the evidence branch; null if there is none. */
export type Tip = { commit: string; tree: string } | null;

/** A commit of the branch that held our chain up to an entry: a commit's content never changes. */
export type Published = { commit: string; tree: string; seq: number };

/** Reads the tip of the evidence branch; for the `known` commit the tree is not asked for again. */
export async function readTip({ request, owner, repo }: GitHub, known: Published | null = null): Promise<Tip> {
  const ref = await orNull(
    request("GET /repos/{owner}/{repo}/git/ref/{ref}", { owner, repo, ref: `heads/${evidenceBranch}` }),
  );
  if (ref === null) return null;
  const { sha: commit } = ref.data.object;
  if (commit === known?.commit) return { commit, tree: known.tree };
  const tip = await request("GET /repos/{owner}/{repo}/git/commits/{commit_sha}", {
    owner,
    repo,
    commit_sha: commit,
  });
  return { commit, tree: tip.data.tree.sha };
}

/**
 * How many of our lines are on the branch: each of its segments must equal ours to the byte. Null when it holds
 * anything else, or more than our chain. Anybody who may push to the branch may have written it, so it is compared by
 * git's own hashes, without its contents and one of our segments at a time.
 */
export async function publishedCount(github: GitHub, tip: Tip, lines: ReadLines): Promise<number | null> {
  if (tip === null) return 0;
  const segments = await readSegments(github, tip.tree);
  if (segments === null) return null;
  let count = 0;
  for (let before = 0; before < segments.size * segmentEntries; before += segmentEntries) {
    const found = segments.get(segmentPath(before + 1));
    const taken = found === undefined ? null : linesIn(found, await lines(before + 1, before + segmentEntries));
    // Only the last segment may be short.
    if (taken === null || count !== before) return null;
    count += taken;
  }
  return count;
}

/** The file modes that readers accept: with any other, such as a link, a clone of the branch cannot be verified. */
const plainModes: ReadonlySet<string | undefined> = new Set(["100644", "040000"]);

/** The blobs of the branch's segments, by path; null if another file makes the branch unreadable. */
async function readSegments(
  { request, owner, repo }: GitHub,
  tree: string,
): Promise<Map<string, { sha: string; size: number }> | null> {
  const list = async (tree_sha: string) => {
    const { data } = await request("GET /repos/{owner}/{repo}/git/trees/{tree_sha}", {
      owner,
      repo,
      tree_sha,
    });
    if (data.truncated) throw new SallyportError("github", `GitHub lists a folder of ${evidenceBranch} only in part`);
    return data.tree;
  };
  const root = await list(tree);
  const folder = root.find((entry) => entry.path === "ledger" && entry.type === "tree");
  const entries = folder === undefined ? [] : await list(folder.sha);
  if (![...root, ...entries].every(({ mode }) => plainModes.has(mode))) return null;
  return new Map(entries.map(({ path, sha, size }) => [`ledger/${path}`, { sha, size: size ?? 0 }]));
}

/** How many of these lines make up a file of this size and hash; null if no number of them does. */
function linesIn(file: { sha: string; size: number }, lines: readonly Line[]): number | null {
  let size = 0;
  for (const [index, { line }] of lines.entries()) {
    size += Buffer.byteLength(line) + 1;
    if (size < file.size) continue;
    const text = lines.slice(0, index + 1).map((one) => `${one.line}\n`);
    const isSame = blobId(Buffer.from(text.join("")), file.sha.length === 64 ? "sha256" : "sha1") === file.sha;
    return isSame ? index + 1 : null;
  }
  return null;
}
