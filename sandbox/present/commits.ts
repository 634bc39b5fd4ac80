import { accountOfEmail, type Commit, type FileChange } from "../git/commits.ts";
import type { Ref } from "../git/git.ts";
import type { TreeItem } from "../git/trees.ts";
import type { State } from "../state/memory.ts";
import type { Repository } from "../state/model.ts";
import { presentAccount } from "./accounts.ts";
import { repositoryPage, repositoryUrl } from "./repositories.ts";

const UNSIGNED = { verified: false, reason: "unsigned", signature: null, payload: null, verified_at: null };

/** The node id of a git object, which has no number. */
export function objectNodeId(repository: Repository, sha: string): string {
  return `C_${Buffer.from(`sandbox:${repository.id}:${sha}`).toString("base64url")}`;
}

/** GitHub's commit as listings show it. */
export function presentCommit(state: State, repository: Repository, commit: Commit) {
  const url = `${repositoryUrl(repository)}/commits/${commit.sha}`;
  const page = repositoryPage(repository);
  const author = accountOfEmail(state, commit.author.email);
  const committer = accountOfEmail(state, commit.committer.email);
  return {
    sha: commit.sha,
    node_id: objectNodeId(repository, commit.sha),
    commit: {
      author: commit.author,
      committer: commit.committer,
      message: commit.message,
      tree: { sha: commit.tree, url: `${repositoryUrl(repository)}/git/trees/${commit.tree}` },
      url: gitCommitUrl(repository, commit.sha),
      comment_count: 0,
      verification: UNSIGNED,
    },
    url,
    html_url: `${page}/commit/${commit.sha}`,
    comments_url: `${url}/comments`,
    author: author === null ? null : presentAccount(author),
    committer: committer === null ? null : presentAccount(committer),
    parents: commit.parents.map((sha) => ({
      sha,
      url: `${repositoryUrl(repository)}/commits/${sha}`,
      html_url: `${page}/commit/${sha}`,
    })),
  };
}

/** GitHub's git-commit: the object itself, without accounts. */
export function presentGitCommit(repository: Repository, commit: Commit) {
  const page = repositoryPage(repository);
  return {
    sha: commit.sha,
    node_id: objectNodeId(repository, commit.sha),
    url: gitCommitUrl(repository, commit.sha),
    html_url: `${page}/commit/${commit.sha}`,
    author: commit.author,
    committer: commit.committer,
    message: commit.message,
    tree: { sha: commit.tree, url: `${repositoryUrl(repository)}/git/trees/${commit.tree}` },
    parents: commit.parents.map((sha) => ({
      sha,
      url: gitCommitUrl(repository, sha),
      html_url: `${page}/commit/${sha}`,
    })),
    verification: UNSIGNED,
  };
}

/** GitHub's simple-commit, as check suites carry it. */
export function presentSimpleCommit(commit: Commit) {
  const { sha, tree, message, author, committer } = commit;
  return {
    id: sha,
    tree_id: tree,
    message,
    timestamp: committer.date,
    author: { name: author.name, email: author.email },
    committer: { name: committer.name, email: committer.email },
  };
}

/** GitHub's diff-entry; `ref` is the commit that the URLs point to. */
export function presentFileChange(repository: Repository, ref: string, change: FileChange) {
  const page = repositoryPage(repository);
  const path = change.filename.split("/").map(encodeURIComponent).join("/");
  return {
    sha: change.sha,
    filename: change.filename,
    status: change.status,
    additions: change.additions,
    deletions: change.deletions,
    changes: change.additions + change.deletions,
    blob_url: `${page}/blob/${ref}/${path}`,
    raw_url: `${page}/raw/${ref}/${path}`,
    contents_url: `${repositoryUrl(repository)}/contents/${path}?ref=${ref}`,
    ...(change.patch === null ? {} : { patch: change.patch }),
    ...(change.previous === null ? {} : { previous_filename: change.previous }),
  };
}

function gitCommitUrl(repository: Repository, sha: string): string {
  return `${repositoryUrl(repository)}/git/commits/${sha}`;
}

/** The URL of an object of this type in the git database. */
export function objectUrl(repository: Repository, type: string, sha: string): string {
  return `${repositoryUrl(repository)}/git/${type}s/${sha}`;
}

/** GitHub's git-ref. */
export function presentRef(repository: Repository, ref: Ref) {
  return {
    ref: ref.name,
    node_id: objectNodeId(repository, ref.name),
    url: `${repositoryUrl(repository)}/git/${ref.name}`,
    object: { type: ref.type, sha: ref.sha, url: objectUrl(repository, ref.type, ref.sha) },
  };
}

/** One line of GitHub's git-tree. */
export function presentTreeItem(repository: Repository, item: TreeItem) {
  const { path, mode, type, sha, size } = item;
  return {
    path,
    mode,
    type,
    sha,
    ...(size === null ? {} : { size }),
    ...(type === "commit" ? {} : { url: objectUrl(repository, type, sha) }),
  };
}
