import { LRUCache } from "lru-cache";
import type { CommitFact } from "../../core/facts.ts";
import type { TreeEntry } from "../objects.ts";

/**
 * One folder, or a whole tree, as GitHub lists it; `sizes` holds the blobs' sizes by id. `truncated` means that GitHub
 * left entries out.
 */
export type Listing = { entries: TreeEntry[]; sizes: Map<string, number>; truncated: boolean };

/**
 * GitHub's comparison of two commits: their merge base, and the commits from there to the head; null unless the list is
 * certain to be complete.
 */
export type Comparison = { mergeBase: string; commits: CommitFact[] | null };

/**
 * GitHub's answers that can never change, because their keys hold ids of git objects. Keys begin with the repository's
 * name, so that no content leaks into another repository. Mutable facts and failed reads are never cached.
 */
export type ObjectsCache = {
  listings: LRUCache<string, Listing>;
  blobs: LRUCache<string, Buffer>;
  comparisons: LRUCache<string, Comparison>;
};

/** A cache of about `bytes` in all. A caller that reads a repository repeatedly creates one and passes it on. */
export function createObjectsCache(bytes: number): ObjectsCache {
  return {
    listings: createCache(bytes / 2, listingBytes),
    blobs: createCache((bytes * 3) / 8, (content: Buffer) => content.length + 200),
    comparisons: createCache(bytes / 8, comparisonBytes),
  };
}

/** The approximate size of a listing in memory. */
function listingBytes({ entries }: Listing): number {
  return entries.reduce((sum, { path }) => sum + 300 + path.length, 100);
}

/** The approximate size of a comparison in memory. */
function comparisonBytes({ commits }: Comparison): number {
  return (commits ?? []).reduce((sum, { message }) => sum + 500 + message.length, 100);
}

/** Creates an LRU cache. A value of more than a quarter of its size is not kept. */
function createCache<T extends object>(bytes: number, bytesOf: (value: T) => number): LRUCache<string, T> {
  const maxSize = Math.ceil(bytes);
  return new LRUCache({ maxSize, maxEntrySize: Math.ceil(maxSize / 4), sizeCalculation: bytesOf });
}
