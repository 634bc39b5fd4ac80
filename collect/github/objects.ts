import type { RequestInterface } from "@octokit/types";
import { SallyportError } from "../../core/errors.ts";
import type { Change, CommitFact } from "../../core/facts.ts";
import { type Known, known } from "../../core/known.ts";
import { type Budget, heldBytes, tooMuch, unbounded } from "../budget.ts";
import { changesBetween, comparedBytes, contentsOf, countChange, leastChange, readSteps } from "../changes.ts";
import type { Blob, CommitPair, Objects } from "../objects.ts";
import { readBlobs, type Wanted } from "./blobs.ts";
import { createObjectsCache, type ObjectsCache } from "./cache.ts";
import { compareCommits, readCommits, readNewest } from "./comparison.ts";
import type { GitHub } from "./request.ts";
import { apiTrees, findEntry, listFolder, readSides, type Trees, walkSides } from "./trees.ts";

/** The size of the cache of a reader that was given none, in bytes, so that it too requests each answer only once. */
const ownCache = 100_000_000;

/**
 * Reads through GitHub's API. Where two commits have several best common ancestors, GitHub names one of them, as on its
 * page of the pull request; a git directory answers unknown there. Answers in `cache` are not requested again.
 */
export function apiObjects(
  unbudgeted: GitHub,
  cache: ObjectsCache = createObjectsCache(ownCache),
  budget: Budget = unbounded,
): Objects {
  const github = { ...unbudgeted, request: budgeted(unbudgeted.request, budget) };
  const trees = apiTrees(github, cache);
  const blobs: ReadBlobs = (shas, limit) =>
    cachedBlobs(github, cache, budget, new Map([...shas].map((sha) => [sha, trees.sizeOf(sha)])), limit);
  return {
    mergeBase: (base, head) => findMergeBase(github, cache, base, head),
    changes: (before, after) => readChanges(trees, before, after),
    steps: (pairs) => readAllSteps(trees, pairs),
    count: (changes) => countChanges(trees, blobs, budget, changes),
    entry: (commit, path) => findEntry(trees, commit, path),
    folder: (commit, path) => listFolder(trees, commit, path),
    blob: async (sha, limit) => {
      const read = await blobs([sha], limit);
      return read.known ? known(read.value.get(sha) ?? missing(sha)) : read;
    },
    blobs,
    history: (commit, path, count) => readNewest(github, commit, path, count),
    holding: async (_commit, _pieces, touched) => known([...new Set(touched)]),
    commits: (mergeBase, head) => findCommits(github, cache, mergeBase, head),
  };
}

/** As many trees are listed whole: to walk one takes a request for each of its levels. */
const fewTrees = 3;

type ReadBlobs = (shas: Iterable<string>, limit: number) => Promise<Known<Map<string, Blob>>>;

/** Octokit's `request`, which refuses once the budget has no request left. */
function budgeted(request: RequestInterface, budget: Budget): RequestInterface {
  return new Proxy(request, {
    apply(target, itself, call) {
      const refused = budget.take({ requests: 1 });
      if (refused === null) return Reflect.apply(target, itself, call);
      return Promise.reject(new SallyportError("over-budget", refused.why));
    },
  });
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
  budget: Budget,
  wanted: Wanted,
  limit: number,
): Promise<Known<Map<string, Blob>>> {
  const bytes = [...wanted.values()].reduce<number>((sum, size = 0) => sum + (size > limit ? 0 : size), 0);
  if (bytes > heldBytes.files) return tooMuch(`${wanted.size} files that are read together have ${bytes} bytes`);
  const refused = budget.take({ bytes, objects: wanted.size });
  if (refused !== null) return refused;
  const keyOf = (sha: string) => `${github.owner}/${github.repo} ${sha}`;
  const blobs = new Map<string, Blob>();
  const others = new Map<string, number | undefined>();
  for (const [sha, size] of wanted) {
    const content = cache.blobs.get(keyOf(sha));
    if (content === undefined) others.set(sha, size);
    else blobs.set(sha, { size: content.length, content: content.length > limit ? null : content });
  }
  const read = await readBlobs(github, others, limit, budget);
  for (const [sha, blob] of read.blobs) {
    blobs.set(sha, blob);
    if (blob.content !== null) cache.blobs.set(keyOf(sha), blob.content);
  }
  return read.failure ?? known(blobs);
}

async function readChanges(trees: Trees, before: string, after: string): Promise<Known<Change[]>> {
  const sides = await readSides(trees, before, after);
  return sides.known ? changesBetween(sides.value) : sides;
}

/** Few trees are listed whole, with a request each; many commits are walked together. */
async function readAllSteps(trees: Trees, pairs: readonly CommitPair[]): Promise<Known<Change[][]>> {
  const commits = new Set(pairs.flatMap(({ before, after }) => [before, after]));
  const unlisted = [...commits].filter((commit) => trees.listed(commit) === undefined);
  if (unlisted.length <= fewTrees) return readSteps(pairs, ({ before, after }) => readChanges(trees, before, after));
  const sides = await walkSides(trees, pairs);
  if (!sides.known) return sides;
  const steps: Change[][] = [];
  for (const side of sides.value) {
    const step = changesBetween(side);
    if (!step.known) return step;
    steps.push(step.value);
  }
  return known(steps);
}

async function countChanges(
  trees: Trees,
  blobs: ReadBlobs,
  budget: Budget,
  changes: readonly Change[],
): Promise<Known<Change[]>> {
  const counted: Change[] = [];
  for (const some of groupsOf(changes, trees.sizeOf)) {
    const read = await blobs(contentsOf(some), comparedBytes);
    if (!read.known && budget.isSpent())
      return known(changes.map((change) => leastChange(change, (sha) => trees.sizeOf(sha) ?? 0, read)));
    if (!read.known) return read;
    for (const change of some) counted.push(countChange(change, (sha) => read.value.get(sha) ?? missing(sha)));
  }
  return known(counted);
}

/** Changes that are read and held together. */
function groupsOf(changes: readonly Change[], sizeOf: Trees["sizeOf"]): Change[][] {
  const groups: Change[][] = [];
  let some: Change[] = [];
  let left = heldBytes.files;
  for (const change of changes) {
    const sizes = [...contentsOf([change])].map((sha) => sizeOf(sha) ?? 0);
    const size = sizes.reduce((sum, one) => sum + (one > comparedBytes ? 0 : one), 0);
    if (size > left) {
      groups.push(some);
      some = [];
      left = heldBytes.files;
    }
    some.push(change);
    left -= size;
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
