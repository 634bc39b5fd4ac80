import type { ObjectsCache } from "../../collect/github/cache.ts";
import { type GitHub, readBlob } from "../../collect/github/request.ts";
import { apiTrees } from "../../collect/github/trees.ts";
import { SallyportError } from "../../core/errors.ts";
import { matcher } from "../../core/paths/patterns.ts";
import { unreadPatterns } from "../../core/paths/sensitive.ts";

/** A file of the tree an agent works on. Anybody who may push to the base branch chose its name. */
export type TreeFile = { path: string; mode: string };

/** Reads the base of a workspace: a commit, which never changes. */
export type TreeReader = { list(): Promise<TreeFile[]>; read(path: string): Promise<Uint8Array | null> };

/** A larger file is not shown to an agent. */
const fileBytes = 2_000_000;

/** The most bytes of a tree that one agent may read: they are held until its work ends, and it chooses the files. */
const treeBytes = 64_000_000;

/** The tree of a commit on GitHub, listed once and read file by file. */
export async function githubTree(github: GitHub, commit: string, cache: ObjectsCache): Promise<TreeReader> {
  const tree = await apiTrees(github, cache).list(commit, true);
  if (!tree.known) throw new SallyportError("github", tree.why, { retry: true });
  if (tree.value.truncated)
    throw new SallyportError("github", `the tree of ${commit} is too large to be listed in one piece`);
  const entries = new Map(
    tree.value.entries.flatMap((entry) => (entry.type === "tree" ? [] : [[entry.path, entry] as const])),
  );
  const read = new Map<string, Uint8Array>();
  let held = 0;
  return {
    list: () => Promise.resolve([...entries.values()].map(({ path, mode }) => ({ path, mode }))),
    async read(path) {
      const entry = entries.get(path);
      // A submodule is a commit of another repository: it has no content here.
      if (entry === undefined || entry.type !== "blob") return null;
      const cached = read.get(path);
      if (cached !== undefined) return cached;
      if (held >= treeBytes) return null;
      const blob = await readBlob(github, entry.sha, fileBytes);
      if (!blob.known) throw new SallyportError("github", blob.why, { retry: true });
      if (blob.value.content === null) return null;
      read.set(path, blob.value.content);
      held += blob.value.content.length;
      return blob.value.content;
    },
  };
}

/** A tree without the files that may hold secrets or are written to steer agents. */
export function withoutUnread(tree: TreeReader): TreeReader {
  const unread = matcher(unreadPatterns, "deny");
  return {
    list: async () => (await tree.list()).filter(({ path }) => unread.matches(path) === null),
    read: async (path) => (unread.matches(path) === null ? tree.read(path) : null),
  };
}
