import { type Known, known, unknown } from "../../core/known.ts";
import { indistinct, type Sides, twinsIn } from "../changes.ts";
import type { TreeEntry } from "../objects.ts";
import type { Listing, ObjectsCache } from "./cache.ts";
import { type GitHub, requestKnown } from "./request.ts";

/**
 * The files of two commits; those in folders that are the same in both may be left out. `sizes` holds the blobs' sizes
 * by id.
 */
export type TreeSides = Sides & { sizes: Map<string, number> };

/**
 * Lists trees as GitHub's REST API does. `list` takes the id of a tree or of a commit, and `whole` for everything below
 * it; `listed` gives the whole listing only if it was read already and is not truncated.
 */
export type Trees = {
  list(tree: string, whole: boolean): Promise<Known<Listing>>;
  listed(tree: string): Listing | undefined;
};

/** Requests every listing once; complete listings are cached. */
export function apiTrees(github: GitHub, cache: ObjectsCache): Trees {
  const asked = new Map<string, Promise<Known<Listing>>>();
  // A listing that is too large for the cache is kept as long as this reader.
  const wholes = new Map<string, Listing>();
  const keyOf = (tree: string, whole: boolean) => `${github.owner}/${github.repo} ${tree} ${whole}`;
  const read = async (tree: string, whole: boolean): Promise<Known<Listing>> => {
    const found = cache.listings.get(keyOf(tree, whole));
    const listing = found === undefined ? await readListing(github, tree, whole) : known(found);
    if (!listing.known || listing.value.truncated) return listing;
    cache.listings.set(keyOf(tree, whole), listing.value);
    if (whole) wholes.set(tree, listing.value);
    return listing;
  };
  return {
    list(tree, whole) {
      const key = keyOf(tree, whole);
      const answer = asked.get(key) ?? read(tree, whole);
      asked.set(key, answer);
      return answer;
    },
    listed: (tree) => wholes.get(tree) ?? cache.listings.get(keyOf(tree, true)),
  };
}

async function readListing({ request, owner, repo }: GitHub, tree: string, whole: boolean): Promise<Known<Listing>> {
  const options = { owner, repo, tree_sha: tree, ...(whole ? { recursive: "1" } : {}) };
  const answer = await requestKnown(
    `the tree of ${tree}`,
    request("GET /repos/{owner}/{repo}/git/trees/{tree_sha}", options),
  );
  if (!answer.known) return answer;
  const listing: Listing = { entries: [], sizes: new Map(), truncated: answer.value.truncated };
  for (const { path, mode, type, sha, size } of answer.value.tree) {
    listing.entries.push({ path, mode, type, sha });
    if (type === "blob" && size !== undefined) listing.sizes.set(sha, size);
  }
  return known(listing);
}

/** Lists the files of two commits so that every difference between them is in the answer. */
export async function readSides(trees: Trees, before: string, after: string): Promise<Known<TreeSides>> {
  const [oldListing, newListing] = await Promise.all([trees.list(before, true), trees.list(after, true)]);
  if (!oldListing.known) return oldListing;
  if (!newListing.known) return newListing;
  if (oldListing.value.truncated || newListing.value.truncated) return walkSides(trees, before, after);
  return known({
    before: oldListing.value.entries.filter(isFile),
    after: newListing.value.entries.filter(isFile),
    twins: twinsIn(new Set(pathsOf(oldListing.value)), pathsOf(newListing.value)),
    sizes: new Map([...oldListing.value.sizes, ...newListing.value.sizes]),
  });
}

/**
 * For trees too large for one answer (GitHub stops at 100,000 entries or 7 MB): reads folder by folder, only where they
 * differ.
 */
async function walkSides(trees: Trees, before: string, after: string): Promise<Known<TreeSides>> {
  const twins = new Map<string, string>();
  const sides: TreeSides = { before: [], after: [], twins, sizes: new Map() };
  const todo: { prefix: string; before: string | null; after: string | null }[] = [{ prefix: "", before, after }];
  for (let folder = todo.pop(); folder !== undefined; folder = todo.pop()) {
    const [oldListing, newListing] = await Promise.all([
      readFolder(trees, folder.before),
      readFolder(trees, folder.after),
    ]);
    if (!oldListing.known) return oldListing;
    if (!newListing.known) return newListing;
    for (const [sha, size] of [...oldListing.value.sizes, ...newListing.value.sizes]) sides.sizes.set(sha, size);
    for (const [name, twin] of twinsIn(new Set(pathsOf(oldListing.value)), pathsOf(newListing.value)))
      twins.set(`${folder.prefix}${name}`, `${folder.prefix}${twin}`);
    const oldEntries = new Map(oldListing.value.entries.map((entry) => [entry.path, entry]));
    const newEntries = new Map(newListing.value.entries.map((entry) => [entry.path, entry]));
    for (const name of new Set([...oldEntries.keys(), ...newEntries.keys()])) {
      const one = oldEntries.get(name);
      const other = newEntries.get(name);
      if (one?.sha === other?.sha && one?.mode === other?.mode) continue;
      const path = `${folder.prefix}${name}`;
      if (one !== undefined && isFile(one)) sides.before.push({ ...one, path });
      if (other !== undefined && isFile(other)) sides.after.push({ ...other, path });
      const deeper = { prefix: `${path}/`, before: folderId(one), after: folderId(other) };
      if (deeper.before !== null || deeper.after !== null) todo.push(deeper);
    }
  }
  return known(sides);
}

async function readFolder(trees: Trees, tree: string | null): Promise<Known<Listing>> {
  if (tree === null) return known({ entries: [], sizes: new Map(), truncated: false });
  const listing = await trees.list(tree, false);
  if (listing.known && listing.value.truncated)
    return unknown(`GitHub lists the folder ${tree} only in part: it holds too many files`);
  if (listing.known && new Set(listing.value.entries.map((entry) => entry.path)).size < listing.value.entries.length)
    return unknown(indistinct);
  return listing;
}

/** The entry at a path of a commit: from the whole listing if that was read, else folder by folder. */
export async function findEntry(trees: Trees, commit: string, path: string): Promise<Known<TreeEntry | null>> {
  const whole = trees.listed(commit);
  if (whole !== undefined) {
    const [entry, duplicate] = whole.entries.filter((one) => one.path === path);
    return duplicate === undefined ? known(entry ?? null) : unknown(indistinct);
  }
  let tree = commit;
  const names = path.split("/");
  for (const [depth, name] of names.entries()) {
    const listing = await readFolder(trees, tree);
    if (!listing.known) return listing;
    const entry = listing.value.entries.find((one) => one.path === name);
    if (entry === undefined) return known(null);
    if (depth === names.length - 1) return known({ ...entry, path });
    if (isFile(entry)) return known(null);
    tree = entry.sha;
  }
  return known(null);
}

function pathsOf({ entries }: Listing): string[] {
  return entries.map(({ path }) => path);
}

function isFile(entry: TreeEntry): boolean {
  return entry.type !== "tree";
}

function folderId(entry: TreeEntry | undefined): string | null {
  return entry === undefined || isFile(entry) ? null : entry.sha;
}
