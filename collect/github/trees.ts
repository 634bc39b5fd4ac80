import { type Known, known, type Unread, unknown } from "../../core/known.ts";
import { FolderAnswer } from "../../schemas/graphql.ts";
import { treeId } from "../blob-id.ts";
import { maxChangedFiles, tooMuch } from "../budget.ts";
import { indistinct, type Sides, twinsIn } from "../changes.ts";
import type { CommitPair, TreeEntry } from "../objects.ts";
import type { Listing, ObjectsCache } from "./cache.ts";
import { queryObjects } from "./graphql.ts";
import { type GitHub, requestKnown } from "./request.ts";

/** The files of two commits; those in folders that are the same in both may be left out. */
type TreeSides = Sides & { twins: Map<string, string> };

/**
 * Lists trees as GitHub's REST API does. `list` takes the id of a tree or of a commit, and `whole` for everything below
 * it; `listed` gives the whole listing only if it was read already and is not truncated; `sizeOf` gives the size of a
 * blob that is in a listing that was read, in bytes.
 */
export type Trees = {
  list(tree: string, whole: boolean): Promise<Known<Listing>>;
  listed(tree: string): Listing | undefined;
  /** Reads many folders with few requests; those that it cannot are left to `list`. */
  fetch(trees: readonly string[]): Promise<Unread | null>;
  sizeOf(blob: string): number | undefined;
};

/** The most folders that one query names: GitHub aborts a query that takes longer than ten seconds. */
const foldersAtOnce = 100;

/** Requests every listing once; complete listings are cached. */
export function apiTrees(github: GitHub, cache: ObjectsCache): Trees {
  const asked = new Map<string, Promise<Known<Listing>>>();
  // A listing that is too large for the cache is kept as long as this reader.
  const wholes = new Map<string, Listing>();
  const sizes = new Map<string, number>();
  const keyOf = (tree: string, whole: boolean) => `${github.owner}/${github.repo} ${tree} ${whole}`;
  const keep = (tree: string, whole: boolean, listing: Listing) => {
    for (const [sha, size] of listing.sizes) sizes.set(sha, size);
    cache.listings.set(keyOf(tree, whole), listing);
    asked.set(keyOf(tree, whole), Promise.resolve(known(listing)));
    if (whole) wholes.set(tree, listing);
  };
  const read = async (tree: string, whole: boolean): Promise<Known<Listing>> => {
    const found = cache.listings.get(keyOf(tree, whole));
    const listing = found === undefined ? await readListing(github, tree, whole) : known(found);
    if (listing.known && !listing.value.truncated) keep(tree, whole, listing.value);
    return listing;
  };
  return {
    list(tree, whole) {
      const key = keyOf(tree, whole);
      const answer = asked.get(key) ?? read(tree, whole);
      asked.set(key, answer);
      return answer;
    },
    fetch: async (ids) => {
      const isLacking = (tree: string) =>
        !asked.has(keyOf(tree, false)) && !cache.listings.has(keyOf(tree, false)) && /^[0-9a-f]{40,64}$/.test(tree);
      const lacking = [...new Set(ids)].filter(isLacking);
      for (let at = 0; at < lacking.length && lacking.length > 1; at += foldersAtOnce) {
        const listings = await queryFolders(github, lacking.slice(at, at + foldersAtOnce));
        if (!listings.known) return listings;
        for (const [tree, listing] of listings.value) keep(tree, false, listing);
      }
      return null;
    },
    listed: (tree) => wholes.get(tree) ?? cache.listings.get(keyOf(tree, true)),
    sizeOf: (blob) => sizes.get(blob),
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

/** The folders that GraphQL gave as they are: their ids are computed again. */
async function queryFolders(github: GitHub, ids: readonly string[]): Promise<Known<Map<string, Listing>>> {
  const folder = "oid entries { name mode type oid size }";
  const fields = `... on Tree { ${folder} } ... on Commit { tree { ${folder} } }`;
  const what = `${ids.length} folders of ${github.owner}/${github.repo}`;
  const objects = await queryObjects(github, what, { shas: ids, name: "SallyportFolders", fields });
  if (!objects.known) return objects;
  const listings = new Map<string, Listing>();
  for (const [id, object] of objects.value) {
    const answer = FolderAnswer.safeParse(object);
    if (!answer.success) continue;
    const listing: Listing = { entries: [], sizes: new Map(), truncated: false };
    for (const { name, mode, type, oid: sha, size } of answer.data.entries) {
      listing.entries.push({ path: name, mode: mode.toString(8).padStart(6, "0"), type, sha });
      if (type === "blob") listing.sizes.set(sha, size);
    }
    const named = listing.entries.map((entry) => ({ ...entry, name: entry.path }));
    if (treeId(named, id.length === 64 ? "sha256" : "sha1") === answer.data.oid) listings.set(id, listing);
  }
  return known(listings);
}

/** Lists the files of two commits so that every difference between them is in the answer. */
export async function readSides(trees: Trees, before: string, after: string): Promise<Known<TreeSides>> {
  const [oldListing, newListing] = await Promise.all([trees.list(before, true), trees.list(after, true)]);
  if (!oldListing.known) return oldListing;
  if (!newListing.known) return newListing;
  if (oldListing.value.truncated || newListing.value.truncated) {
    const walked = await walkSides(trees, [{ before, after }]);
    return walked.known ? known(walked.value[0] ?? { before: [], after: [], twins: new Map() }) : walked;
  }
  return known({
    before: oldListing.value.entries.filter(isFile),
    after: newListing.value.entries.filter(isFile),
    twins: twinsIn(new Set(pathsOf(oldListing.value)), pathsOf(newListing.value)),
  });
}

/** A folder's path with its slash, its ids before and after (null where it is not), and where its files go. */
type Folder = { prefix: string; before: string | null; after: string | null; sides: TreeSides };

/**
 * The files in which pairs of commits differ, read folder by folder, all pairs at once and only where they differ: for
 * trees too large for one answer (GitHub stops at 100,000 entries or 7 MB), and for many commits.
 */
export async function walkSides(trees: Trees, pairs: readonly CommitPair[]): Promise<Known<TreeSides[]>> {
  let folders: Folder[] = pairs.map((pair) => ({
    ...pair,
    prefix: "",
    sides: { before: [], after: [], twins: new Map() },
  }));
  const all = folders.map(({ sides }) => sides);
  let left = maxChangedFiles;
  while (folders.length > 0) {
    const refused = await trees.fetch(
      folders.flatMap(({ before, after }) => [before, after].filter((id) => id !== null)),
    );
    if (refused !== null) return refused;
    const level = folders;
    folders = [];
    for (const folder of level) {
      const compared = await compareFolder(trees, folder);
      if (!compared.known) return compared;
      folders.push(...compared.value.deeper);
      left -= compared.value.files;
      if (left < 0) return tooMuch(`the change touches more than ${maxChangedFiles} files and folders`);
    }
  }
  return known(all);
}

/** Adds a folder's files that differ to its sides; gives their number, and the folders in it that differ. */
async function compareFolder(trees: Trees, folder: Folder): Promise<Known<{ files: number; deeper: Folder[] }>> {
  const [oldListing, newListing] = await Promise.all([
    readFolder(trees, folder.before),
    readFolder(trees, folder.after),
  ]);
  if (!oldListing.known) return oldListing;
  if (!newListing.known) return newListing;
  const found: { files: number; deeper: Folder[] } = { files: 0, deeper: [] };
  const { prefix, sides } = folder;
  for (const [name, twin] of twinsIn(new Set(pathsOf(oldListing.value)), pathsOf(newListing.value)))
    sides.twins.set(`${prefix}${name}`, `${prefix}${twin}`);
  const oldEntries = new Map(oldListing.value.entries.map((entry) => [entry.path, entry]));
  const newEntries = new Map(newListing.value.entries.map((entry) => [entry.path, entry]));
  for (const name of new Set([...oldEntries.keys(), ...newEntries.keys()])) {
    const one = oldEntries.get(name);
    const other = newEntries.get(name);
    if (one?.sha === other?.sha && one?.mode === other?.mode) continue;
    const path = `${prefix}${name}`;
    found.files += 1;
    if (one !== undefined && isFile(one)) sides.before.push({ ...one, path });
    if (other !== undefined && isFile(other)) sides.after.push({ ...other, path });
    const inside = { prefix: `${path}/`, before: folderId(one), after: folderId(other), sides };
    if (inside.before !== null || inside.after !== null) found.deeper.push(inside);
  }
  return known(found);
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

/** The entries directly in a folder of a commit: from the whole listing if that was read, else by a request. */
export async function listFolder(trees: Trees, commit: string, path: string): Promise<Known<TreeEntry[]>> {
  const isInside = (one: TreeEntry) => one.path.startsWith(`${path}/`) && !one.path.includes("/", path.length + 1);
  const whole = trees.listed(commit);
  if (whole !== undefined) return known(whole.entries.filter(isInside));
  const entry = await findEntry(trees, commit, path);
  if (!entry.known) return entry;
  const listing = await readFolder(trees, folderId(entry.value ?? undefined));
  if (!listing.known) return listing;
  return known(listing.value.entries.map((one) => ({ ...one, path: `${path}/${one.path}` })));
}

function isFile(entry: TreeEntry): boolean {
  return entry.type !== "tree";
}

function folderId(entry: TreeEntry | undefined): string | null {
  return entry === undefined || isFile(entry) ? null : entry.sha;
}
