import type { CommitFact } from "../core/facts.ts";
import type { TreeEntry } from "./git.ts";

/** One folder, or a whole tree, as GitHub lists it; `sizes` are of blobs, by id. `cut` means that GitHub left entries out. */
export type Listing = { entries: TreeEntry[]; sizes: Map<string, number>; cut: boolean };

/**
 * What GitHub told about two commits: where they part, and the commits from there to the head where these are certain
 * to be all.
 */
export type Comparison = { mergeBase: string; commits: CommitFact[] | null };

/** Keeps the values that were used last, up to a number of bytes. */
export type Kept<T> = { get(key: string): T | undefined; set(key: string, value: T, bytes: number): void };

/**
 * Answers of GitHub that can never change, because every one is named by the ids of git objects. Keys begin with the
 * repository's name, so that nothing of one is shown in another. What can change, and what could not be read, is never
 * kept here.
 */
export type ObjectsCache = { listings: Kept<Listing>; blobs: Kept<Buffer>; comparisons: Kept<Comparison> };

/** A cache of about `bytes` in all. Whoever looks more than once at a repository makes one and passes it on. */
export function createObjectsCache(bytes: number): ObjectsCache {
  return { listings: keep(bytes / 2), blobs: keep((bytes * 3) / 8), comparisons: keep(bytes / 8) };
}

/** What a listing takes in memory, roughly. */
export function listingBytes({ entries }: Listing): number {
  return entries.reduce((sum, { path }) => sum + 300 + path.length, 100);
}

/** What a comparison takes in memory, roughly. */
export function comparisonBytes({ commits }: Comparison): number {
  return (commits ?? []).reduce((sum, { message }) => sum + 500 + message.length, 100);
}

/** Forgets what was used least recently. A value that would take a quarter of all room is not kept. */
export function keep<T>(mostBytes: number): Kept<T> {
  // A map remembers the order in which its keys came: the first is the one that was not used for longest.
  const kept = new Map<string, { value: T; bytes: number }>();
  let total = 0;
  const drop = (key: string) => {
    total -= kept.get(key)?.bytes ?? 0;
    kept.delete(key);
  };
  return {
    get(key) {
      const found = kept.get(key);
      if (found === undefined) return undefined;
      kept.delete(key);
      kept.set(key, found);
      return found.value;
    },
    set(key, value, bytes) {
      drop(key);
      if (bytes > mostBytes / 4) return;
      kept.set(key, { value, bytes });
      total += bytes;
      for (const oldest of kept.keys()) {
        if (total <= mostBytes) break;
        drop(oldest);
      }
    },
  };
}
