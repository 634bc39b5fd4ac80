import type { Change } from "../core/facts.ts";
import { type Known, known, unknown } from "../core/known.ts";
import { type ChangedPath, changesBetween, comparedBytes, contentsOf, countChange } from "./changes.ts";
import { type Blob, git, readBlobs, readSizes, readTree, type TreeEntry } from "./git.ts";
import type { Objects } from "./objects.ts";

/** How much content is held in memory at once while changes are counted, in bytes. */
const groupBytes = 64_000_000;

/** Reads from a git directory (a work tree's or a bare one); the objects in it may have been made by anyone. */
export function gitObjects(dir: string): Objects {
  return {
    mergeBase: (base, head) => findMergeBase(dir, base, head),
    changes: (before, after) => readChanges(dir, before, after),
    entry: (commit, path) => readEntry(dir, commit, path),
    blob: (sha, limit) => readBlob(dir, sha, limit),
  };
}

async function findMergeBase(dir: string, base: string, head: string): Promise<Known<string>> {
  const shallow = await git(dir, ["rev-parse", "--is-shallow-repository"]);
  if (!shallow.ok) return unknown(shallow.why);
  if (shallow.stdout.toString("latin1").trim() !== "false")
    return unknown(
      `${dir} is a shallow clone, so the common ancestor cannot be trusted: run \`git fetch --unshallow\``,
    );
  const answer = await git(dir, ["merge-base", "--all", "--end-of-options", base, head]);
  if (!answer.ok && answer.exit !== 1) return unknown(answer.why);
  const found = answer.ok ? answer.stdout.toString("latin1").split("\n").filter(Boolean) : [];
  const [only] = found;
  if (only !== undefined && found.length === 1) return known(only);
  if (only === undefined) return unknown(`${base} and ${head} have no common ancestor`);
  return unknown(
    `${base} and ${head} have ${found.length} best common ancestors: merge the base branch into the change once`,
  );
}

async function readChanges(dir: string, before: string, after: string): Promise<Known<Change[]>> {
  const [old, young] = await Promise.all([readTree(dir, before), readTree(dir, after)]);
  if (!old.known) return old;
  if (!young.known) return young;
  const paths = changesBetween(old.value, young.value);
  if (!paths.known) return paths;
  const sizes = await readSizes(dir, contentsOf(paths.value));
  if (!sizes.known) return sizes;
  const changes: Change[] = [];
  for (const group of groupsBySize(paths.value, sizes.value)) {
    const blobs = await readBlobs(dir, contentsOf(group), comparedBytes);
    if (!blobs.known) return blobs;
    for (const path of group) changes.push(countChange(path, (sha) => blobs.value.get(sha) ?? missing(sha)));
  }
  return known(changes);
}

function groupsBySize(paths: readonly ChangedPath[], sizes: ReadonlyMap<string, number>): ChangedPath[][] {
  const groups: ChangedPath[][] = [];
  let group: ChangedPath[] = [];
  let total = 0;
  for (const path of paths) {
    for (const sha of contentsOf([path])) total += Math.min(sizes.get(sha) ?? 0, comparedBytes);
    group.push(path);
    if (total < groupBytes) continue;
    groups.push(group);
    group = [];
    total = 0;
  }
  return group.length === 0 ? groups : [...groups, group];
}

async function readEntry(dir: string, commit: string, path: string): Promise<Known<TreeEntry | null>> {
  const answer = await git(dir, ["--literal-pathspecs", "ls-tree", "-z", "--full-tree", commit, "--", path]);
  if (!answer.ok) return unknown(answer.why);
  const [mode, type, sha] = answer.stdout.toString("latin1").split(/[ \t]/);
  if (mode === undefined || type === undefined || sha === undefined) return known(null);
  return known({ path, mode, type, sha });
}

async function readBlob(dir: string, sha: string, limit: number): Promise<Known<Blob>> {
  const blobs = await readBlobs(dir, [sha], limit);
  return blobs.known ? known(blobs.value.get(sha) ?? missing(sha)) : blobs;
}

/** Only reached if readBlobs broke its promise to answer for every id. */
function missing(sha: string): never {
  throw new Error(`no content was read for ${sha}`);
}
