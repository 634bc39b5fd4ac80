import { openBudget } from "../../collect/budget.ts";
import { readBlobs } from "../../collect/github/blobs.ts";
import type { ObjectsCache } from "../../collect/github/cache.ts";
import { type GitHub, readBlob, valueOrThrow } from "../../collect/github/request.ts";
import { apiTrees } from "../../collect/github/trees.ts";
import { SallyportError } from "../../core/errors.ts";
import { matcher } from "../../core/paths/patterns.ts";
import { unreadPatterns } from "../../core/paths/sensitive.ts";

/** A file of the tree an agent works on. Anybody who may push to the base branch chose its name. */
export type TreeFile = { path: string; mode: string };

/** Reads the base of a workspace: a commit, which never changes. */
export type TreeReader = { list(): Promise<TreeFile[]>; read(path: string): Promise<Uint8Array | null> };

/** A tree that can also be read as a whole, for a program that works on a copy; what is too large to be shown is left out. */
export type WholeTree = TreeReader & { readAll(): Promise<(TreeFile & { content: Uint8Array })[]> };

/**
 * A larger file is not shown to an agent; and the most bytes of a tree that one agent may read: they are held until its
 * work ends, and it chooses the files.
 */
export const treeLimits = { fileBytes: 2_000_000, treeBytes: 64_000_000 } as const;
const { fileBytes, treeBytes } = treeLimits;

/** The most requests for a whole tree: what GitHub gives by the hundred is text, the rest comes one by one. */
const treeRequests = 1_000;

/** The tree of a commit on GitHub, listed once and read file by file. */
export async function githubTree(github: GitHub, commit: string, cache: ObjectsCache): Promise<WholeTree> {
  const tree = valueOrThrow(await apiTrees(github, cache).list(commit, true));
  if (tree.truncated)
    throw new SallyportError("github", `the tree of ${commit} is too large to be listed in one piece`);
  const entries = new Map(
    tree.entries.flatMap((entry) => (entry.type === "tree" ? [] : [[entry.path, entry] as const])),
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
      const { content } = valueOrThrow(await readBlob(github, entry.sha, fileBytes));
      if (content === null) return null;
      read.set(path, content);
      held += content.length;
      return content;
    },
    async readAll() {
      const blobs = [...entries.values()].filter(({ type }) => type === "blob");
      const shown = blobs.map(({ sha }) => tree.sizes.get(sha) ?? 0).filter((size) => size <= fileBytes);
      const size = shown.reduce((sum, one) => sum + one, 0);
      if (size > treeBytes)
        throw new SallyportError(
          "bad-input",
          `the tree of ${commit} has ${size} bytes; a copy has at most ${treeBytes}`,
        );
      const wanted = new Map(blobs.map(({ sha }) => [sha, tree.sizes.get(sha)]));
      const read = await readBlobs(github, wanted, fileBytes, openBudget({ requests: treeRequests }));
      if (read.failure !== null) throw new SallyportError("github", read.failure.why, { retry: true });
      return blobs.flatMap(({ path, mode, sha }) => {
        const content = read.blobs.get(sha)?.content ?? null;
        return content === null ? [] : [{ path, mode, content }];
      });
    },
  };
}

const unread = matcher(unreadPatterns, "deny");

/** Whether a file may hold secrets or is written to steer agents. */
export function isUnread(path: string): boolean {
  return unread.matches(path) !== null;
}

/** A tree without the files that may hold secrets or are written to steer agents. */
export function withoutUnread(tree: TreeReader): TreeReader {
  return {
    list: async () => (await tree.list()).filter(({ path }) => !isUnread(path)),
    read: async (path) => (isUnread(path) ? null : tree.read(path)),
  };
}
