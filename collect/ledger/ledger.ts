import { type Known, known, unknown } from "../../core/known.ts";
import { archiveLimits } from "../../core/ledger/archive.ts";
import { evidenceBranch, readSegments } from "../../core/ledger/branch.ts";
import { git, outputBytes, readBlobs, readSizes, readTree } from "../git/git.ts";
import { type GitHub, mapKnown, readBlob, requestKnown, requestResult } from "../github/request.ts";
import type { TreeEntry } from "../objects.ts";

/** GitHub accepts no larger file, so we did not write a larger one on the evidence branch. */
const fileBytes = 100 * 1024 * 1024;

/**
 * Why files of these sizes are not read; null: they are. Git stores equal content under many names only once, so a
 * small repository can unpack to a large ledger.
 */
function sizesProblem(what: string, sizes: readonly number[]): string | null {
  const { bytes, files } = archiveLimits;
  if (sizes.length <= files && sizes.reduce((sum, size) => sum + size, 0) <= bytes) return null;
  return `${what} holds more than ${files} files or ${bytes} bytes; no ledger is read that large`;
}

/** The evidence branch in a git directory: its commit, its full ref, and every file by its path. */
export type GitLedger = { commit: string; ref: string; files: Map<string, Uint8Array> };

/**
 * Reads the evidence branch from a git directory, bare or not: its local branch, or the one fetched from origin. Null:
 * the directory has no such branch. Everyone who can write to the directory may have written the bytes.
 */
export async function readGitLedger(dir: string): Promise<Known<GitLedger | null>> {
  const inside = await git(dir, ["rev-parse", "--git-dir"]);
  if (!inside.ok) return unknown(`${dir} is not a git directory`);
  for (const ref of [`refs/heads/${evidenceBranch}`, `refs/remotes/origin/${evidenceBranch}`]) {
    const found = await git(dir, ["rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`]);
    if (!found.ok) continue;
    const commit = found.stdout.toString("latin1").trim();
    const tree = await readTree(dir, commit);
    if (!tree.known) return tree;
    const odd = tree.value.find((entry) => entry.mode !== "100644");
    if (odd !== undefined) return unknown(`${ref} holds ${JSON.stringify(odd.path)}, which is no plain file`);
    const files = await readFiles(dir, tree.value);
    return files.known ? known({ commit, ref, files: files.value }) : files;
  }
  return known(null);
}

/** The content of every file, read in batches: a long ledger is more than one git command may print. */
async function readFiles(dir: string, tree: readonly TreeEntry[]): Promise<Known<Map<string, Uint8Array>>> {
  const sizes = await readSizes(
    dir,
    tree.map((entry) => entry.sha),
  );
  if (!sizes.known) return sizes;
  const whole = tree.map((entry) => sizes.value.get(entry.sha) ?? 0);
  const tooLarge = sizesProblem(`${evidenceBranch} of ${dir}`, whole);
  if (tooLarge !== null) return unknown(tooLarge);
  const files = new Map<string, Uint8Array>();
  let batch: TreeEntry[] = [];
  let bytes = 0;
  const readBatch = async (): Promise<Known<null>> => {
    const blobs = await readBlobs(
      dir,
      batch.map((entry) => entry.sha),
      fileBytes,
    );
    if (!blobs.known) return blobs;
    for (const { path, sha } of batch) {
      const content = blobs.value.get(sha)?.content ?? null;
      if (content === null) return unknown(`the file ${JSON.stringify(path)} of ${dir} cannot be read`);
      files.set(path, content);
    }
    batch = [];
    bytes = 0;
    return known(null);
  };
  for (const entry of tree) {
    const size = sizes.value.get(entry.sha) ?? 0;
    if (size > fileBytes)
      return unknown(
        `${evidenceBranch} holds ${JSON.stringify(entry.path)} of ${size} bytes; at most ${fileBytes} are read`,
      );
    if (bytes + size > outputBytes / 4) {
      const read = await readBatch();
      if (!read.known) return read;
    }
    batch.push(entry);
    bytes += size;
  }
  const read = await readBatch();
  return read.known ? known(files) : read;
}

/** The blobs of the ledger files on GitHub, by path; null when there is no evidence branch. */
async function readApiSegments(github: GitHub): Promise<Known<{ path: string; sha: string }[] | null>> {
  const { request, owner, repo } = github;
  const what = `the evidence branch of ${owner}/${repo}`;
  const ref = await requestResult(
    what,
    request("GET /repos/{owner}/{repo}/git/ref/{ref}", { owner, repo, ref: `heads/${evidenceBranch}` }),
  );
  if (!ref.ok) return ref.status === 404 ? known(null) : unknown(ref.why);
  if (ref.data.ref !== `refs/heads/${evidenceBranch}` || ref.data.object.type !== "commit")
    return unknown(`GitHub gave something else for ${what}`);
  // Folder by folder: with the bodies beside the ledger, one listing may be truncated.
  const list = async (tree_sha: string) => {
    const tree = await requestKnown(
      `the files of ${what}`,
      request("GET /repos/{owner}/{repo}/git/trees/{tree_sha}", { owner, repo, tree_sha }),
    );
    if (!tree.known) return tree;
    return tree.value.truncated ? unknown(`GitHub cut the listing of ${what} short`) : known(tree.value.tree);
  };
  const root = await list(ref.data.object.sha);
  if (!root.known) return root;
  const folder = root.value.find((entry) => entry.path === "ledger");
  if (folder === undefined) return known([]);
  if (folder.type !== "tree") return unknown(`in ${what}, "ledger" is no folder`);
  const entries = await list(folder.sha);
  if (!entries.known) return entries;
  const odd = entries.value.find((entry) => entry.mode !== "100644");
  if (odd !== undefined) return unknown(`${what} holds ${JSON.stringify(odd.path)}, which is no plain file`);
  const whole = entries.value.map(({ size = 0 }) => size);
  const tooLarge = sizesProblem(what, whole);
  if (tooLarge !== null) return unknown(tooLarge);
  return known(entries.value.map(({ path, sha }) => ({ path: `ledger/${path}`, sha })));
}

/** The lines of the ledger on the repository's evidence branch on GitHub; null when there is no branch. */
export async function readApiLedger(github: GitHub): Promise<Known<string[] | null>> {
  const segments = await readApiSegments(github);
  if (!segments.known || segments.value === null) return segments.known ? known(null) : segments;
  const blobs = await mapKnown(segments.value, async ({ path, sha }) => {
    const blob = await readBlob(github, sha, fileBytes);
    if (!blob.known) return blob;
    return blob.value.content === null
      ? unknown(`${path} has ${blob.value.size} bytes; at most ${fileBytes} are read`)
      : known([path, blob.value.content] as const);
  });
  if (!blobs.known) return blobs;
  const read = readSegments(new Map<string, Uint8Array>(blobs.value));
  return read.ok ? known(read.lines) : unknown(`the evidence branch cannot be read: ${read.message}`);
}
