/** Reads commits and what they changed. */

import type { State } from "../state/memory.ts";
import type { Account } from "../state/model.ts";
import { same, timestamp } from "../state/state.ts";
import { git, gitText } from "./git.ts";
import type { Signature } from "./objects.ts";

export type Commit = {
  sha: string;
  tree: string;
  parents: string[];
  author: Signature;
  committer: Signature;
  message: string;
};

export type FileChange = {
  /** The new blob; the old one when the file was removed. */
  sha: string;
  filename: string;
  previous: string | null;
  status: "added" | "removed" | "modified" | "renamed" | "changed";
  additions: number;
  deletions: number;
  /** Hunks of a unified diff; null when binary or too large to show. */
  patch: string | null;
};

/** GitHub shows no diff for larger files. */
const PATCH_LIMIT = 500_000;

const FORMAT = "%H%n%T%n%P%n%an%n%ae%n%at%n%cn%n%ce%n%ct%n%B";

const ZERO = /^0+$/;

/** The commits that `git log` gives for these arguments, in its order. */
export async function readCommits(dir: string, args: readonly string[]): Promise<Commit[]> {
  const text = await gitText(dir, ["log", "-z", `--format=${FORMAT}`, ...args, "--"]);
  return text
    .split("\0")
    .filter((record) => record !== "")
    .map(parseCommit);
}

/** `sha` must be the full id of an existing commit. */
export async function readCommit(dir: string, sha: string): Promise<Commit> {
  const [commit] = await readCommits(dir, ["-1", sha]);
  if (commit === undefined) throw new Error(`${dir} has no commit ${sha}`);
  return commit;
}

export async function mergeBase(dir: string, one: string, other: string): Promise<string | undefined> {
  const { exit, stdout } = await git(dir, ["merge-base", one, other]);
  return exit === 0 ? stdout.toString("utf8").trim() : undefined;
}

export async function countCommits(dir: string, from: string, to: string): Promise<number> {
  return Number(await gitText(dir, ["rev-list", "--count", `${from}..${to}`]));
}

/** The changes between two commits or trees, with renames detected. Null means the empty tree. */
export async function readChanges(dir: string, from: string | null, to: string): Promise<FileChange[]> {
  const ends = [from ?? (await gitText(dir, ["hash-object", "-t", "tree", "--stdin"])), to];
  const options = ["-M", "-l3000", "--full-index", "--no-ext-diff", "--no-textconv"];
  const [table, patchText] = await Promise.all([
    gitText(dir, ["diff", "-z", "--raw", "--numstat", ...options, ...ends, "--"]),
    gitText(dir, ["diff", "--patch", ...options, ...ends, "--"]),
  ]);
  const sections = patchText.split(/^(?=diff --git )/m).filter((section) => section !== "");
  return parseChanges(table).map((change) => {
    const section = sections.shift() ?? "";
    // git shows a file that became a link as a removal and an addition.
    if (change.status === "changed") sections.shift();
    const hunks = section.indexOf("\n@@ ");
    const patch = hunks === -1 || section.length > PATCH_LIMIT ? null : section.slice(hunks + 1).trimEnd();
    return { ...change, patch };
  });
}

/** The account with the email address of a commit; anyone can write any address into a commit. */
export function accountOfEmail(state: State, email: string): Account | null {
  const [, login] = /^(?:\d+\+)?(.+)@users\.noreply\.github\.com$/i.exec(email) ?? [];
  const found = state.accounts.find(
    (account) =>
      (account.email !== null && same(account.email, email)) || (login !== undefined && same(account.login, login)),
  );
  return found ?? null;
}

/** The author line of an account for a commit made on the site. */
export function signatureOf(account: Account, date: string): Signature {
  const email = account.email ?? `${account.id}+${account.login}@users.noreply.github.com`;
  return { name: account.name ?? account.login, email, date };
}

function parseCommit(record: string): Commit {
  const [sha = "", tree = "", parents = "", an = "", ae = "", at = "", cn = "", ce = "", ct = "", ...body] =
    record.split("\n");
  return {
    sha,
    tree,
    parents: parents.split(" ").filter((parent) => parent !== ""),
    author: { name: an, email: ae, date: timestamp(Number(at) * 1000) },
    committer: { name: cn, email: ce, date: timestamp(Number(ct) * 1000) },
    message: body.join("\n").replace(/\n+$/, ""),
  };
}

/** `--raw` lines come first, then `--numstat` lines for the same files in the same order. */
function parseChanges(table: string): Omit<FileChange, "patch">[] {
  const fields = table.split("\0");
  const changes: Omit<FileChange, "patch">[] = [];
  let at = 0;
  for (; fields[at]?.startsWith(":"); at += 2) {
    const [, , oldSha = "", newSha = "", letter = ""] = (fields[at] ?? "").split(" ");
    const moved = letter.startsWith("R") || letter.startsWith("C");
    const previous = moved ? (fields[at + 1] ?? "") : null;
    if (moved) at += 1;
    changes.push({
      sha: ZERO.test(newSha) ? oldSha : newSha,
      filename: fields[at + 1] ?? "",
      previous,
      status: statusOf(letter),
      additions: 0,
      deletions: 0,
    });
  }
  for (const change of changes) {
    const [added = "", removed = ""] = (fields[at] ?? "").split("\t");
    change.additions = Number(added) || 0;
    change.deletions = Number(removed) || 0;
    at += change.previous === null ? 1 : 3;
  }
  return changes;
}

function statusOf(letter: string): FileChange["status"] {
  switch (letter[0]) {
    case "A":
      return "added";
    case "D":
      return "removed";
    case "R":
      return "renamed";
    case "T":
      return "changed";
    default:
      return "modified";
  }
}
