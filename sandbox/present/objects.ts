import type { Ref } from "../git/git.ts";
import type { TreeItem } from "../git/trees.ts";
import type { Repository } from "../state/model.ts";
import { objectNodeId } from "./commits.ts";
import { repositoryUrl } from "./repositories.ts";

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
