/** Moves branches and tags, and sends the webhooks for it. */
import { type Commit, readCommits } from "../git/commits.ts";
import { git, isAncestor } from "../git/git.ts";
import { presentAccount } from "../present/accounts.ts";
import { presentRepository, repositoryPage } from "../present/repositories.ts";
import type { State } from "../state/memory.ts";
import type { Pull, Repository } from "../state/model.ts";
import { now } from "../state/state.ts";
import { inOrder } from "../state/work.ts";
import { shareObjects } from "./forking.ts";
import type { By } from "./issue-changes.ts";
import { followBranch } from "./pull-changes.ts";
import { emit } from "./webhooks.ts";

/** `ref` is the full name; null means that the ref does not exist. */
export type RefChange = { ref: string; before: string | null; after: string | null };

const zeroId = "0".repeat(40);

/** A push's payload lists at most this many commits. */
const MAX_COMMITS = 2048;

/** Runs tasks that read and move refs of one repository one after another. */
export function withRefs<T>(state: State, repository: Repository, task: () => Promise<T>): Promise<T> {
  return inOrder(state, `refs ${repository.id}`, task);
}

/**
 * Moves one ref if it is still at `before`, and sends the webhooks; false when it is not. `merging` are the pull
 * requests that this move merges: the caller reports those merges.
 */
export function moveRef(by: By, change: RefChange, merging: readonly Pull[] = []): Promise<boolean> {
  const { ref, before, after } = change;
  return withRefs(by.state, by.repository, async () => {
    const args = after === null ? ["-d", ref, before ?? zeroId] : [ref, after, before ?? zeroId];
    const { exit } = await git(by.repository.dir, ["update-ref", ...args]);
    if (exit === 0) await emitPush(by, [change], merging);
    return exit === 0;
  });
}

/** Reports refs that have moved: sends push, create and delete, and updates pull requests. */
export async function emitPush(by: By, changes: RefChange[], merging: readonly Pull[] = []): Promise<void> {
  by.repository.pushedAt = now(by.state);
  for (const change of changes) {
    const { ref, before, after } = change;
    const branch = ref.startsWith("refs/heads/") ? ref.slice("refs/heads/".length) : undefined;
    if (after !== null) await shareObjects(by.repository, after);
    if (before === null) emitRef(by, "create", ref);
    emit(by, "push", null, await pushParts(by, change));
    if (after === null) emitRef(by, "delete", ref);
    if (branch !== undefined) await followBranch(by, branch, before, after, merging);
  }
}

function emitRef(by: By, event: "create" | "delete", ref: string): void {
  const [, kind, ...name] = ref.split("/");
  const parts = {
    ref: name.join("/"),
    ref_type: kind === "tags" ? "tag" : "branch",
    pusher_type: "user",
    ...(event === "create"
      ? { master_branch: by.repository.defaultBranch, description: by.repository.description }
      : {}),
  };
  emit(by, event, null, parts);
}

async function pushParts(by: By, { ref, before, after }: RefChange) {
  const { repository, actor } = by;
  const page = repositoryPage(repository);
  const commits = await newCommits(repository, before, after);
  const shown = await Promise.all(commits.map((commit) => presentPushed(by, commit)));
  const head = after === null ? undefined : (await readCommits(repository.dir, ["-1", after]))[0];
  const ends = `${(before ?? zeroId).slice(0, 12)}...${(after ?? zeroId).slice(0, 12)}`;
  const shownRepository = presentRepository(repository);
  return {
    ref,
    before: before ?? zeroId,
    after: after ?? zeroId,
    created: before === null,
    deleted: after === null,
    forced: before !== null && after !== null && !(await isAncestor(repository.dir, before, after)),
    base_ref: null,
    compare: `${page}/compare/${ends}`,
    commits: shown,
    head_commit: head === undefined ? null : await presentPushed(by, head),
    pusher: { name: actor.login, email: actor.email },
    // Here, and only here, GitHub writes these times as seconds.
    repository: {
      ...shownRepository,
      created_at: Date.parse(repository.createdAt) / 1000,
      pushed_at: Date.parse(repository.pushedAt) / 1000,
      stargazers: 0,
      master_branch: repository.defaultBranch,
      owner: { ...presentAccount(repository.owner), name: repository.owner.login, email: null },
    },
  };
}

/** Oldest first; for a new branch, the commits that the default branch lacks. */
async function newCommits(repository: Repository, before: string | null, after: string | null): Promise<Commit[]> {
  if (after === null) return [];
  const known = before ?? `refs/heads/${repository.defaultBranch}`;
  const there = await git(repository.dir, ["rev-parse", "--quiet", "--verify", `${known}^{commit}`]);
  const range = there.exit === 0 ? [after, `^${known}`] : [after];
  return readCommits(repository.dir, ["--reverse", `--max-count=${MAX_COMMITS}`, ...range]);
}

async function presentPushed({ repository }: By, commit: Commit) {
  const args = ["diff-tree", "-r", "-z", "--root", "--no-commit-id", "--name-status", "--no-renames", commit.sha];
  const { stdout } = await git(repository.dir, args);
  const fields = stdout.toString("utf8").split("\0");
  const paths = (letter: string) =>
    fields.flatMap((field, at) => (at % 2 === 1 && fields[at - 1] === letter ? [field] : []));
  return {
    id: commit.sha,
    tree_id: commit.tree,
    distinct: true,
    message: commit.message,
    timestamp: commit.committer.date,
    url: `${repositoryPage(repository)}/commit/${commit.sha}`,
    author: { name: commit.author.name, email: commit.author.email },
    committer: { name: commit.committer.name, email: commit.committer.email },
    added: paths("A"),
    removed: paths("D"),
    modified: [...paths("M"), ...paths("T")],
  };
}
