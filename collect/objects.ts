import type { Change, CommitFact } from "../core/facts.ts";
import type { Known } from "../core/known.ts";

/**
 * Reads a repository's commits and files, from a git directory or from GitHub's API. Commits are full ids. Both give
 * equal answers for equal commits; an answer that cannot be read in full is unknown.
 */
export type Objects = {
  /** The one best common ancestor of two commits. */
  mergeBase(base: string, head: string): Promise<Known<string>>;
  /** The changes between two commits, sorted by path. Their content is not read, so none is counted. */
  changes(before: string, after: string): Promise<Known<Change[]>>;
  /** As `changes`, for many pairs of commits; unknown if together they are too many. */
  steps(pairs: readonly CommitPair[]): Promise<Known<Change[][]>>;
  /** The same changes with their counts; past the budget each has the least that its files' sizes allow. */
  count(changes: readonly Change[]): Promise<Known<Change[]>>;
  /**
   * The entry at a path of a commit: a file, a symlink, a submodule or (type `tree`) a folder; null if there is none.
   */
  entry(commit: string, path: string): Promise<Known<TreeEntry | null>>;
  /** The entries directly in a folder of a commit; none if there is no such folder. */
  folder(commit: string, path: string): Promise<Known<TreeEntry[]>>;
  /** A blob, without its content if that is larger than `limit` bytes. */
  blob(sha: string, limit: number): Promise<Known<Blob>>;
  /** As `blob`, many at once; unknown if together they are more than is held at one time. */
  blobs(shas: Iterable<string>, limit: number): Promise<Known<Map<string, Blob>>>;
  /**
   * The blobs of a commit that may hold one of these pieces of text, each without a line break. GitHub's API cannot
   * search a commit: there it is the blobs of `touched`.
   */
  holding(commit: string, pieces: readonly string[], touched: readonly string[]): Promise<Known<string[]>>;
  /**
   * The newest commits that a commit leads to, itself first; with `path`, only those that touched it. At most `count`,
   * and at most a hundred.
   */
  history(commit: string, path: string | null, count: number): Promise<Known<Pick<CommitFact, "sha" | "parents">[]>>;
  /** The commits that the head contains and the merge base does not, in no particular order. */
  commits(mergeBase: string, head: string): Promise<Known<CommitFact[]>>;
};

/** The ids of two commits. */
export type CommitPair = { before: string; after: string };

/**
 * One entry of a commit's tree: `path` is relative to the root; `type` is `blob`, `tree` for a folder, or `commit` for
 * a submodule.
 */
export type TreeEntry = { path: string; mode: string; type: string; sha: string };

/** A blob's size, and its content unless that is larger than the caller's limit. */
export type Blob = { size: number; content: Buffer | null };
