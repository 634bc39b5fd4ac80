import type { Change } from "../core/facts.ts";
import { type Known, known, unknown } from "../core/known.ts";
import { changesBetween, comparedBytes, contentsOf, countChange, indistinct } from "./changes.ts";
import type { Blob, TreeEntry } from "./git.ts";
import { askKnown, type GitHub, mapKnown, readBlob } from "./github.ts";
import type { Objects } from "./objects.ts";

/** One folder, or a whole tree, as GitHub lists it; `sizes` are of blobs, by id. `cut` means that GitHub left entries out. */
type Listing = { entries: TreeEntry[]; sizes: Map<string, number>; cut: boolean };

/** The files of two commits, without those in folders that both have unaltered. */
type Sides = { before: TreeEntry[]; after: TreeEntry[]; sizes: Map<string, number> };

/**
 * Reads through GitHub's REST API. Where two commits have several best common ancestors GitHub names one of them, as
 * its own page of the pull request does; a git directory answers unknown there. Every answer is read once and kept.
 */
export function apiObjects(github: GitHub): Objects {
  const kept = new Map<string, Promise<Known<Listing>>>();
  const list = (tree: string, whole: boolean): Promise<Known<Listing>> => {
    const key = `${tree} ${whole}`;
    const answer = kept.get(key) ?? readListing(github, tree, whole);
    kept.set(key, answer);
    return answer;
  };
  return {
    mergeBase: (base, head) => findMergeBase(github, base, head),
    changes: (before, after) => readChanges(github, list, before, after),
    entry: (commit, path) => findEntry(list, commit, path),
    blob: (sha, limit) => readBlob(github, sha, limit),
  };
}

type List = (tree: string, whole: boolean) => Promise<Known<Listing>>;

async function findMergeBase(
  { request, owner, repo }: GitHub,
  base: string,
  head: string,
): Promise<Known<string>> {
  const what = `the common ancestor of ${base} and ${head}`;
  const call = request("GET /repos/{owner}/{repo}/compare/{basehead}", {
    owner,
    repo,
    basehead: `${base}...${head}`,
    per_page: 1,
  });
  const answer = await askKnown(what, call);
  return answer.known ? known(answer.value.merge_base_commit.sha) : answer;
}

/** `tree` is the id of a tree, or of a commit whose tree is meant. */
async function readListing(
  { request, owner, repo }: GitHub,
  tree: string,
  whole: boolean,
): Promise<Known<Listing>> {
  const options = { owner, repo, tree_sha: tree, ...(whole ? { recursive: "1" } : {}) };
  const answer = await askKnown(
    `the tree of ${tree}`,
    request("GET /repos/{owner}/{repo}/git/trees/{tree_sha}", options),
  );
  if (!answer.known) return answer;
  const listing: Listing = { entries: [], sizes: new Map(), cut: answer.value.truncated };
  for (const { path, mode, type, sha, size } of answer.value.tree) {
    listing.entries.push({ path, mode, type, sha });
    if (type === "blob" && size !== undefined) listing.sizes.set(sha, size);
  }
  return known(listing);
}

async function readChanges(
  github: GitHub,
  list: List,
  before: string,
  after: string,
): Promise<Known<Change[]>> {
  const sides = await readSides(list, before, after);
  if (!sides.known) return sides;
  const paths = changesBetween(sides.value.before, sides.value.after);
  if (!paths.known) return paths;
  return mapKnown(paths.value, async (path) => {
    const blobs = new Map<string, Blob>();
    for (const sha of contentsOf([path])) {
      const size = sides.value.sizes.get(sha) ?? 0;
      const blob: Known<Blob> =
        size > comparedBytes ? known({ size, content: null }) : await readBlob(github, sha, comparedBytes);
      if (!blob.known) return blob;
      blobs.set(sha, blob.value);
    }
    return known(
      countChange(path, (sha) => {
        const blob = blobs.get(sha);
        if (blob === undefined) throw new Error(`no content was read for ${sha}`);
        return blob;
      }),
    );
  });
}

async function readSides(list: List, before: string, after: string): Promise<Known<Sides>> {
  const [old, young] = await Promise.all([list(before, true), list(after, true)]);
  if (!old.known) return old;
  if (!young.known) return young;
  if (old.value.cut || young.value.cut) return walkSides(list, before, after);
  return known({
    before: old.value.entries.filter(isFile),
    after: young.value.entries.filter(isFile),
    sizes: new Map([...old.value.sizes, ...young.value.sizes]),
  });
}

/** For trees too large for one answer (GitHub stops at 100,000 entries or 7 MB): folder by folder, only where they differ. */
async function walkSides(list: List, before: string, after: string): Promise<Known<Sides>> {
  const sides: Sides = { before: [], after: [], sizes: new Map() };
  const todo: { prefix: string; before: string | null; after: string | null }[] = [
    { prefix: "", before, after },
  ];
  for (let folder = todo.pop(); folder !== undefined; folder = todo.pop()) {
    const [old, young] = await Promise.all([readFolder(list, folder.before), readFolder(list, folder.after)]);
    if (!old.known) return old;
    if (!young.known) return young;
    for (const [sha, size] of [...old.value.sizes, ...young.value.sizes]) sides.sizes.set(sha, size);
    const olds = new Map(old.value.entries.map((entry) => [entry.path, entry]));
    const youngs = new Map(young.value.entries.map((entry) => [entry.path, entry]));
    for (const name of new Set([...olds.keys(), ...youngs.keys()])) {
      const one = olds.get(name);
      const other = youngs.get(name);
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

async function readFolder(list: List, tree: string | null): Promise<Known<Listing>> {
  if (tree === null) return known({ entries: [], sizes: new Map(), cut: false });
  const listing = await list(tree, false);
  if (listing.known && listing.value.cut)
    return unknown(`GitHub lists the folder ${tree} only in part: it holds too many files`);
  if (
    listing.known &&
    new Set(listing.value.entries.map((entry) => entry.path)).size < listing.value.entries.length
  )
    return unknown(indistinct);
  return listing;
}

async function findEntry(list: List, commit: string, path: string): Promise<Known<TreeEntry | null>> {
  let tree = commit;
  const names = path.split("/");
  for (const [depth, name] of names.entries()) {
    const listing = await readFolder(list, tree);
    if (!listing.known) return listing;
    const entry = listing.value.entries.find((one) => one.path === name);
    if (entry === undefined) return known(null);
    if (depth === names.length - 1) return known({ ...entry, path });
    if (isFile(entry)) return known(null);
    tree = entry.sha;
  }
  return known(null);
}

function isFile(entry: TreeEntry): boolean {
  return entry.type !== "tree";
}

function folderId(entry: TreeEntry | undefined): string | null {
  return entry === undefined || isFile(entry) ? null : entry.sha;
}
