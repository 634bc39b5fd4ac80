import { LRUCache } from "lru-cache";
import type { CommitFact } from "../../core/facts.ts";
import type { TreeEntry } from "../objects.ts";

/** One folder, or a whole tree, as GitHub lists it; `sizes` are of blobs, by id. `cut` means that GitHub left entries out. */
export type Listing = { entries: TreeEntry[]; sizes: Map<string, number>; truncated: boolean };

/**
 * What GitHub told about two commits: where they part, and the commits from there to the head where these are certain
 * to be all.
 */
export type Comparison = { mergeBase: string; commits: CommitFact[] | null };

/**
 * Answers of GitHub that can never change, because every one is named by the ids of git objects. Keys begin with the
 * repository's name, so that nothing of one is shown in another. What can change, and what could not be read, is never
 * kept here.
 */
export type ObjectsCache = {
  listings: LRUCache<string, Listing>;
  blobs: LRUCache<string, Buffer>;
  comparisons: LRUCache<string, Comparison>;
};

/** A cache of about `bytes` in all. Whoever looks more than once at a repository makes one and passes it on. */
export function createObjectsCache(bytes: number): ObjectsCache {
  return {
    listings: createCache(bytes / 2, listingBytes),
    blobs: createCache((bytes * 3) / 8, (content: Buffer) => content.length + 200),
    comparisons: createCache(bytes / 8, comparisonBytes),
  };
}

/** What a listing takes in memory, roughly. */
function listingBytes({ entries }: Listing): number {
  return entries.reduce((sum, { path }) => sum + 300 + path.length, 100);
}

/** What a comparison takes in memory, roughly. */
function comparisonBytes({ commits }: Comparison): number {
  return (commits ?? []).reduce((sum, { message }) => sum + 500 + message.length, 100);
}

/** Forgets what was used least recently. A value that would take more than a quarter of all room is not kept. */
function createCache<T extends object>(bytes: number, bytesOf: (value: T) => number): LRUCache<string, T> {
  const maxSize = Math.ceil(bytes);
  return new LRUCache({ maxSize, maxEntrySize: Math.ceil(maxSize / 4), sizeCalculation: bytesOf });
}
