import { evidenceBranch, readSegments } from "../core/evidence-branch.ts";
import { type Known, known, unknown } from "../core/known.ts";
import { git, readBlobs, readTree } from "./git.ts";
import { ask, askKnown, type GitHub, mapKnown, readBlob } from "./github.ts";

/** A larger file on the evidence branch is not one that we wrote. */
const fileBytes = 600 * 1024 * 1024;

/** The evidence branch as a git directory has it: its commit, and every file by its path. */
export type GitLedger = { commit: string; ref: string; files: Map<string, Uint8Array> };

/**
 * Reads the evidence branch from a git directory, bare or not: its own branch, or the one it fetched. Null: the directory
 * has no such branch. Whoever can write to the directory wrote the bytes.
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
    const blobs = await readBlobs(
      dir,
      tree.value.map((entry) => entry.sha),
      fileBytes,
    );
    if (!blobs.known) return blobs;
    const files = new Map<string, Uint8Array>();
    for (const { path, sha } of tree.value) {
      const content = blobs.value.get(sha)?.content;
      if (content === null || content === undefined)
        return unknown(`${ref} holds ${JSON.stringify(path)}, which is too large`);
      files.set(path, content);
    }
    return known({ commit, ref, files });
  }
  return known(null);
}

/** The lines of the ledger in a git directory; null when it has no evidence branch. */
export async function readGitLines(dir: string): Promise<Known<string[] | null>> {
  const ledger = await readGitLedger(dir);
  if (!ledger.known || ledger.value === null) return ledger.known ? known(null) : ledger;
  const read = readSegments(ledger.value.files);
  return read.ok ? known(read.lines) : unknown(`the evidence branch cannot be read: ${read.message}`);
}

/** The evidence branch's tip on GitHub and the blobs of its ledger files; null when there is no such branch. */
export async function readApiBranch(
  github: GitHub,
): Promise<Known<{ commit: string; tree: string; segments: { path: string; sha: string }[] } | null>> {
  const { request, owner, repo } = github;
  const ref = await ask(
    `the evidence branch of ${owner}/${repo}`,
    request("GET /repos/{owner}/{repo}/git/ref/{ref}", { owner, repo, ref: `heads/${evidenceBranch}` }),
  );
  if (!ref.ok) return ref.status === 404 ? known(null) : unknown(ref.why);
  const commit = ref.data.object.sha;
  const found = await askKnown(
    `the commit ${commit}`,
    request("GET /repos/{owner}/{repo}/git/commits/{commit_sha}", { owner, repo, commit_sha: commit }),
  );
  if (!found.known) return found;
  const tree = await askKnown(
    `the files of the evidence branch`,
    request("GET /repos/{owner}/{repo}/git/trees/{tree_sha}", {
      owner,
      repo,
      tree_sha: found.value.tree.sha,
      recursive: "1",
    }),
  );
  if (!tree.known) return tree;
  if (tree.value.truncated) return unknown("GitHub cut the listing of the evidence branch short");
  const segments = tree.value.tree.filter(
    (entry) => entry.type === "blob" && entry.path.startsWith("ledger/"),
  );
  return known({
    commit,
    tree: found.value.tree.sha,
    segments: segments
      .map(({ path, sha }) => ({ path, sha }))
      .sort((one, other) => (one.path < other.path ? -1 : 1)),
  });
}

/** The lines of the ledger as the repository's evidence branch on GitHub has them; null when there is no branch. */
export async function readApiLedger(github: GitHub): Promise<Known<string[] | null>> {
  const branch = await readApiBranch(github);
  if (!branch.known || branch.value === null) return branch.known ? known(null) : branch;
  const blobs = await mapKnown(branch.value.segments, async ({ path, sha }) => {
    const blob = await readBlob(github, sha, fileBytes);
    if (!blob.known) return blob;
    return blob.value.content === null
      ? unknown(`${path} is too large`)
      : known([path, blob.value.content] as const);
  });
  if (!blobs.known) return blobs;
  const read = readSegments(new Map<string, Uint8Array>(blobs.value));
  return read.ok ? known(read.lines) : unknown(`the evidence branch cannot be read: ${read.message}`);
}
