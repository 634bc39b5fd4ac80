import type { Change, CommitFact } from "../../core/facts.ts";
import { type Known, known, type Unread, unknown } from "../../core/known.ts";
import { type Budget, heldBytes, splitStep, unbounded } from "../budget.ts";
import { changesBetween, comparedBytes, contentsOf, countChange, leastChange, readSteps } from "../changes.ts";
import type { Blob, Objects } from "../objects.ts";
import { type Batch, type Hold, openBatch } from "./batch.ts";
import { git, readSizes } from "./git.ts";
import { createTreeReader, readDifferingTrees } from "./trees.ts";

/** How many changes are read concurrently: enough to keep git busy. */
const batchSize = 250;

/** Facts about a git directory itself, apart from its objects. */
export type About = {
  /** Whether it is a shallow clone. */
  isShallow: boolean;
  /**
   * The full name of the default branch: where `origin/HEAD` points, in a bare repository its own `HEAD`, else `main` or
   * `master`, a local one before one of `origin`; null if there is none.
   */
  defaultBranch: string | null;
};

/** A git directory's objects, read through one git process; `close` ends it. */
export type GitObjects = Objects & {
  about(): Promise<Known<About>>;
  /** The full commit id that a revision names (a tag is followed to its commit); unknown if it names none. */
  resolve(revision: string): Promise<Known<string>>;
  close(): void;
};

/** The most bytes of a listing of commits. */
const commitBytes = 16_000_000;

/** Reads from a git directory (a work tree's or a bare one); anyone may have made the objects in it. */
export function gitObjects(dir: string, budget: Budget = unbounded): GitObjects {
  const batch = openBatch(dir, budget);
  let read: Promise<Known<About>> | null = null;
  const about = () => {
    read ??= readAbout(dir);
    return read;
  };
  return {
    about,
    resolve: (revision) => resolveCommit(batch, dir, revision),
    mergeBase: (base, head) => findMergeBase(dir, about(), base, head),
    changes: (before, after) => readChanges(batch, before, after),
    steps: (pairs) => readSteps(pairs, ({ before, after }) => readChanges(batch, before, after)),
    count: (changes) => countChanges(batch, dir, budget, changes),
    ...createTreeReader(batch),
    blob: (sha, limit) => readBlob(batch, sha, limit),
    blobs: (shas, limit) => readBlobs(batch, shas, limit),
    holding: (commit, pieces) => searchCommit(dir, batch, commit, pieces),
    commits: (mergeBase, head) => readCommits(dir, mergeBase, head),
    history: (commit, path, count) => readNewest(dir, commit, path, count),
    close: batch.close,
  };
}

/** One command for all of it: every git process costs time. The refs are patterns, so that git omits missing ones. */
async function readAbout(dir: string): Promise<Known<About>> {
  const locals = ["refs/heads/mai[n]", "refs/heads/maste[r]"];
  const refs = [
    "refs/remotes/origin/HEA[D]",
    ...locals,
    ...locals.map((ref) => ref.replace("heads", "remotes/origin")),
  ];
  const args = ["rev-parse", "--is-shallow-repository", "--is-bare-repository", "--symbolic-full-name"];
  const answer = await git(dir, [...args, ...refs.map((ref) => `--glob=${ref}`)]);
  if (!answer.ok) return unknown(answer.why);
  const [shallow, bare, ...found] = answer.stdout.toString("utf8").split("\n").filter(Boolean);
  const own = bare === "true" ? await ownHead(dir) : null;
  return known({ isShallow: shallow !== "false", defaultBranch: own ?? found[0] ?? null });
}

/** The branch that a bare repository's `HEAD` names, as a mirror takes it from its source; null if it is not there. */
async function ownHead(dir: string): Promise<string | null> {
  const named = await git(dir, ["rev-parse", "--verify", "--quiet", "--symbolic-full-name", "HEAD"]);
  const name = named.ok ? named.stdout.toString("utf8").trim() : "";
  return name.startsWith("refs/") ? name : null;
}

/** The commit that a revision names. A name that a tag and a branch share, at different commits, is refused. */
async function resolveCommit(batch: Batch, dir: string, revision: string): Promise<Known<string>> {
  const [name = ""] = /^(?:(?!@\{)[^~^:])*/.exec(revision) ?? [];
  const meant: { ref: string; id: string }[] = [];
  for (const ref of ["tags", "heads", "remotes"].map((folder) => `refs/${folder}/${name}`)) {
    const found = await batch.read(`${ref}^{commit}`, 0);
    if (!found.known) return found;
    if (found.value !== null) meant.push({ ref, id: found.value.id });
  }
  if (new Set(meant.map(({ id }) => id)).size > 1) {
    const refs = meant.map(({ ref, id }) => `${ref} (${id.slice(0, 12)})`).join(" and ");
    return unknown(`${JSON.stringify(name)} is ambiguous in ${dir}: it names ${refs}; write the one you mean in full`);
  }
  const commit = await batch.read(`${revision}^{commit}`, 0);
  if (!commit.known) return commit;
  if (commit.value !== null) return known(commit.value.id);
  if (revision === "HEAD") return unknown(`HEAD of ${dir} has no commit yet`);
  const remote = await batch.read(`refs/remotes/origin/${revision}^{commit}`, 0);
  const step = remote.known && remote.value !== null ? `write origin/${revision}` : "fetch it or check the spelling";
  return unknown(`no commit named ${JSON.stringify(revision)} in ${dir}; ${step}`);
}

async function findMergeBase(
  dir: string,
  asked: Promise<Known<About>>,
  base: string,
  head: string,
): Promise<Known<string>> {
  const [about, answer] = await Promise.all([asked, git(dir, ["merge-base", "--all", "--end-of-options", base, head])]);
  if (!about.known) return about;
  if (about.value.isShallow)
    return unknown(
      `${dir} is a shallow clone, so the common ancestor cannot be trusted: run \`git fetch --unshallow\``,
    );
  if (!answer.ok && answer.exit !== 1) return unknown(answer.why);
  const found = answer.ok ? answer.stdout.toString("latin1").split("\n").filter(Boolean) : [];
  const [only] = found;
  if (only !== undefined && found.length === 1) return known(only);
  if (only === undefined) return unknown(`${base} and ${head} have no common ancestor`);
  return unknown(
    `${base} and ${head} have ${found.length} best common ancestors: merge the base branch into the change once`,
  );
}

async function readChanges(batch: Batch, before: string, after: string): Promise<Known<Change[]>> {
  const trees = await readDifferingTrees(batch, before, after);
  return trees.known ? changesBetween(trees.value) : trees;
}

async function countChanges(
  batch: Batch,
  dir: string,
  budget: Budget,
  changes: readonly Change[],
): Promise<Known<Change[]>> {
  const counted: Change[] = [];
  for await (const change of inOrder(changes, (one) => countPath(batch, one))) {
    if (change.known) counted.push(change.value);
    else if (budget.isSpent()) return leastChanges(dir, changes, change);
    else return change;
  }
  return known(counted);
}

async function leastChanges(dir: string, changes: readonly Change[], why: Unread): Promise<Known<Change[]>> {
  const sizes = await readSizes(dir, contentsOf(changes));
  if (!sizes.known) return sizes;
  return known(changes.map((change) => leastChange(change, (sha) => sizes.value.get(sha) ?? 0, why)));
}

/** Runs work on many items concurrently, at most `batchSize` at once; yields the results in the order of the items. */
async function* inOrder<T, R>(items: readonly T[], work: (item: T) => Promise<R>): AsyncGenerator<R> {
  const underWay: Promise<R>[] = [];
  for (const item of items) {
    underWay.push(work(item));
    const [first] = underWay;
    if (first === undefined || underWay.length < batchSize) continue;
    yield await first;
    underWay.shift();
  }
  for (const one of underWay) yield await one;
}

/** Counts a change as soon as both sides are read, so that few contents are held in memory. */
async function countPath(batch: Batch, change: Change): Promise<Known<Change>> {
  const blobs = await readBlobs(batch, contentsOf([change]), comparedBytes);
  return blobs.known ? known(countChange(change, (sha) => blobs.value.get(sha) ?? missing(sha))) : blobs;
}

async function readBlobs(batch: Batch, shas: Iterable<string>, limit: number): Promise<Known<Map<string, Blob>>> {
  const blobs = new Map<string, Blob>();
  const hold = { bytes: heldBytes.files };
  const read = await Promise.all([...new Set(shas)].map((sha) => readBlob(batch, sha, limit, hold)));
  for (const blob of read) {
    if (!blob.known) return blob;
    blobs.set(blob.value.sha, blob.value);
  }
  return known(blobs);
}

async function readBlob(batch: Batch, sha: string, limit: number, hold?: Hold): Promise<Known<Blob & { sha: string }>> {
  const object = await batch.read(sha, limit, hold);
  if (!object.known) return object;
  if (object.value === null || object.value.type !== "blob")
    return unknown(`the content of blob ${sha} is missing: fetch the full history and all objects`);
  const { size, content } = object.value;
  return known({ sha, size, content });
}

async function readCommits(dir: string, mergeBase: string, head: string): Promise<Known<CommitFact[]>> {
  const format = "--format=tformat:%H%x00%P%x00%T%x00%B%x00";
  const answer = await git(dir, ["log", "-z", "--no-show-signature", format, `${mergeBase}..${head}`], "", commitBytes);
  if (!answer.ok) return unknown(answer.why, answer.exit === null ? splitStep : undefined);
  const commits: CommitFact[] = [];
  const fields = answer.stdout.toString("utf8").split("\0");
  for (let at = 0; at + 4 < fields.length; at += 5) {
    const [sha = "", parents = "", tree = "", message = ""] = fields.slice(at, at + 4);
    if (!/^[0-9a-f]{40,64}$/.test(sha)) return unknown(`git log gave a commit of ${dir} that cannot be read`);
    commits.push({
      sha,
      parents: parents.split(" ").filter(Boolean),
      tree,
      message: message.trimEnd().toWellFormed(),
    });
  }
  return known(commits);
}

async function readNewest(dir: string, commit: string, path: string | null, count: number) {
  const args = ["--literal-pathspecs", "rev-list", "--parents", `--max-count=${count}`, commit, "--"];
  const answer = await git(dir, path === null ? args : [...args, path]);
  if (!answer.ok) return unknown(answer.why);
  const lines = answer.stdout.toString("latin1").split("\n").filter(Boolean);
  return known(
    lines.map((line) => {
      const [sha = "", ...parents] = line.split(" ");
      return { sha, parents };
    }),
  );
}

/** The pieces go through git's input: an argument would show them to everybody on the machine. */
async function searchCommit(
  dir: string,
  batch: Batch,
  commit: string,
  pieces: readonly string[],
): Promise<Known<string[]>> {
  const args = ["grep", "-l", "-z", "-a", "-F", "--full-name", "--no-recurse-submodules", "-f", "-", commit, "--"];
  const answer = await git(dir, args, pieces.map((piece) => `${piece}\n`).join(""));
  if (!answer.ok) return answer.exit === 1 ? known([]) : unknown(answer.why);
  const names = answer.stdout.toString("utf8").split("\0").filter(Boolean);
  const blobs = await Promise.all(names.map((name) => batch.read(name, 0)));
  return known([...new Set(blobs.flatMap((blob) => (blob.known && blob.value !== null ? [blob.value.id] : [])))]);
}

/** Only reached if readBlobs left an id out, which it must not. */
function missing(sha: string): never {
  throw new Error(`no content was read for ${sha}`);
}
