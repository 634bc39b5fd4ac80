import { join } from "node:path";
import { type Known, known, unknown } from "../../core/known.ts";
import { git } from "../git/git.ts";
import { readPlainFile, type WorkTree } from "../git/work-tree.ts";
import { createObjectsCache } from "../github/cache.ts";
import { apiObjects } from "../github/objects.ts";
import type { GitHub } from "../github/request.ts";
import { apiTrees } from "../github/trees.ts";

/** The files that a first policy is drafted from. Whoever may push named and wrote them. */
export type DraftSource = {
  /** The paths of all files. */
  files: readonly string[];
  /** The content of a plain file, else null. */
  read(path: string): Promise<Buffer | null>;
  /** The e-mail addresses of the last commits' authors; anybody can write any address. */
  authors(): Promise<string[]>;
};

/** The commits whose authors are asked for. */
const maxCommits = 300;

/** The largest file that is read through GitHub's API, and the cache for one repository, in bytes. */
const sizes = { file: 512 * 1024, cache: 16 * 1024 * 1024 } as const;

/** The files of a work tree, committed or not. */
export function workTreeSource({ top, files }: WorkTree): DraftSource {
  return {
    files,
    read: (path) => readPlainFile(join(top, path)),
    async authors() {
      const log = await git(top, ["log", `--max-count=${maxCommits}`, "--no-merges", "--format=%ae", "HEAD", "--"]);
      return log.ok ? log.stdout.toString("utf8").split("\n") : [];
    },
  };
}

/** The files of a commit, through GitHub's API. Unknown where the listing is not whole. */
export async function commitSource(github: GitHub, commit: string): Promise<Known<DraftSource>> {
  const cache = createObjectsCache(sizes.cache);
  const listing = await apiTrees(github, cache).list(commit, true);
  if (!listing.known) return listing;
  if (listing.value.truncated) return unknown("GitHub lists the files only in part: there are too many");
  const plain = listing.value.entries.filter(({ mode }) => mode === "100644" || mode === "100755");
  const blobs = new Map(plain.map(({ path, sha }) => [path, sha]));
  const objects = apiObjects(github, cache);
  return known({
    files: listing.value.entries.filter(({ type }) => type !== "tree").map(({ path }) => path),
    async read(path) {
      const sha = blobs.get(path);
      const blob = sha === undefined ? null : await objects.blob(sha, sizes.file);
      const content = blob?.known === true ? blob.value.content : null;
      return content === null ? null : Buffer.from(content);
    },
    authors: async () => [],
  });
}
