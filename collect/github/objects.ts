import type { Change, CommitFact } from "../../core/facts.ts";
import { type Known, known } from "../../core/known.ts";
import { type ChangedPath, changesBetween, comparedBytes, contentsOf, countChange } from "../changes.ts";
import type { Blob, Objects } from "../objects.ts";
import { readBlobs, type Wanted } from "./blobs.ts";
import { createObjectsCache, type ObjectsCache } from "./cache.ts";
import { compareCommits, readCommits, readNewest } from "./comparison.ts";
import type { GitHub } from "./request.ts";
import { apiTrees, findEntry, readSides, type Trees } from "./trees.ts";

/** The size of the cache of a reader that was given none, in bytes, so that it too requests each answer only once. */
const ownCache = 100_000_000;

/** How much is read and held at once while changes are counted: the number of blobs, and their size in bytes. */
const group = { blobs: 100, bytes: 32_000_000 };

/**
 * Reads through GitHub's API. Where two commits have several best common ancestors, GitHub names one of them, as on its
 * page of the pull request; a git directory answers unknown there. Answers in `cache` are not requested again.
 */
export function apiObjects(github: GitHub, cache: ObjectsCache = createObjectsCache(ownCache)): Objects {
  const trees = apiTrees(github, cache);
  const blobs = (wanted: Wanted, limit: number) => cachedBlobs(github, cache, wanted, limit);
  const many = (shas: Iterable<string>, limit: number) =>
    blobs(new Map([...shas].map((sha) => [sha, undefined])), limit);
  return {
    mergeBase: (base, head) => findMergeBase(github, cache, base, head),
    changes: (before, after) => readChanges(trees, blobs, before, after),
    entry: (commit, path) => findEntry(trees, commit, path),
    blob: async (sha, limit) => {
      const read = await many([sha], limit);
      return read.known ? known(read.value.get(sha) ?? missing(sha)) : read;
    },
    blobs: many,
    history: (commit, path, count) => readNewest(github, commit, path, count),
    holding: async (_commit, _pieces, touched) => known([...new Set(touched)]),
    commits: (mergeBase, head) => findCommits(github, cache, mergeBase, head),
  };
}

async function findMergeBase(github: GitHub, cache: ObjectsCache, base: string, head: string): Promise<Known<string>> {
  const key = rangeKey(github, base, head);
  const found = cache.comparisons.get(key);
  if (found !== undefined) return known(found.mergeBase);
  const comparison = await compareCommits(github, base, head);
  if (!comparison.known) return comparison;
  const { mergeBase, commits } = comparison.value;
  // `findCommits` looks up the same commits by the merge base, which is its own merge base with the head.
  for (const name of new Set([key, rangeKey(github, mergeBase, head)]))
    cache.comparisons.set(name, { mergeBase, commits });
  return known(mergeBase);
}

async function findCommits(
  github: GitHub,
  cache: ObjectsCache,
  mergeBase: string,
  head: string,
): Promise<Known<CommitFact[]>> {
  const key = rangeKey(github, mergeBase, head);
  const found = cache.comparisons.get(key)?.commits ?? null;
  if (found !== null) return known(found);
  const commits = await readCommits(github, mergeBase, head);
  if (commits.known) {
    const comparison = { mergeBase, commits: commits.value };
    cache.comparisons.set(key, comparison);
  }
  return commits;
}

/** The blobs from the cache, and the others read with as few requests as possible. */
async function cachedBlobs(
  github: GitHub,
  cache: ObjectsCache,
  wanted: Wanted,
  limit: number,
): Promise<Known<Map<string, Blob>>> {
  const keyOf = (sha: string) => `${github.owner}/${github.repo} ${sha}`;
  const blobs = new Map<string, Blob>();
  const others = new Map<string, number | undefined>();
  for (const [sha, size] of wanted) {
    const content = cache.blobs.get(keyOf(sha));
    if (content === undefined) others.set(sha, size);
    else blobs.set(sha, { size: content.length, content: content.length > limit ? null : content });
  }
  const read = await readBlobs(github, others, limit);
  if (!read.known) return read;
  for (const [sha, blob] of read.value) {
    blobs.set(sha, blob);
    if (blob.content !== null) cache.blobs.set(keyOf(sha), blob.content);
  }
  return known(blobs);
}

async function readChanges(
  trees: Trees,
  blobs: (wanted: Wanted, limit: number) => Promise<Known<Map<string, Blob>>>,
  before: string,
  after: string,
): Promise<Known<Change[]>> {
  const sides = await readSides(trees, before, after);
  if (!sides.known) return sides;
  const { sizes } = sides.value;
  const paths = changesBetween(sides.value);
  if (!paths.known) return paths;
  const changes: Change[] = [];
  for (const some of groupsOf(paths.value, sizes)) {
    const wanted = new Map([...contentsOf(some)].map((sha) => [sha, sizes.get(sha)]));
    const read = await blobs(wanted, comparedBytes);
    if (!read.known) return read;
    for (const path of some) changes.push(countChange(path, (sha) => read.value.get(sha) ?? missing(sha)));
  }
  return known(changes);
}

function groupsOf(paths: readonly ChangedPath[], sizes: ReadonlyMap<string, number>): ChangedPath[][] {
  const groups: ChangedPath[][] = [];
  let some: ChangedPath[] = [];
  let [count, bytes] = [0, 0];
  for (const path of paths) {
    const shas = [...contentsOf([path])];
    const size = shas.reduce((sum, sha) => sum + Math.min(sizes.get(sha) ?? 0, comparedBytes), 0);
    if (some.length > 0 && (count + shas.length > group.blobs || bytes + size > group.bytes)) {
      groups.push(some);
      some = [];
      [count, bytes] = [0, 0];
    }
    some.push(path);
    count += shas.length;
    bytes += size;
  }
  return some.length === 0 ? groups : [...groups, some];
}

function rangeKey({ owner, repo }: GitHub, base: string, head: string): string {
  return `${owner}/${repo} ${base}...${head}`;
}

/** Only reached if readBlobs left an id out, which it must not. */
function missing(sha: string): never {
  throw new Error(`no content was read for ${sha}`);
}
