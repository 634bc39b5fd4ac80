/** Reads trees and blobs. */
import { git } from "./git.ts";

/** The entries of a tree; undefined when `tree` names no tree. Recursive listings include the directories. */
export async function readTree(dir: string, tree: string, recursive: boolean): Promise<TreeItem[] | undefined> {
  const options = ["-z", "-l", ...(recursive ? ["-r", "-t"] : [])];
  const { exit, stdout } = await git(dir, ["ls-tree", ...options, "--end-of-options", tree]);
  if (exit !== 0) return undefined;
  return stdout
    .toString("utf8")
    .split("\0")
    .filter((line) => line !== "")
    .map(parseLine);
}

/** The entry at a path of a commit; undefined when there is none. The root is not an entry. */
export async function readEntry(dir: string, commit: string, path: string): Promise<TreeItem | undefined> {
  const args = ["--literal-pathspecs", "ls-tree", "-z", "-l", commit, "--", path];
  const { exit, stdout } = await git(dir, args);
  const line = stdout.toString("utf8").split("\0")[0] ?? "";
  return exit === 0 && line !== "" ? parseLine(line) : undefined;
}

export async function readBlob(dir: string, sha: string): Promise<Buffer | undefined> {
  if (!/^[0-9a-f]{40}$/.test(sha)) return undefined;
  const { exit, stdout } = await git(dir, ["cat-file", "blob", sha]);
  return exit === 0 ? stdout : undefined;
}

function parseLine(line: string): TreeItem {
  const [, mode = "", type = "", sha = "", size = "", path = ""] =
    /^(\d+) (\w+) (\w+) +(\d+|-)\t(.*)$/s.exec(line) ?? [];
  return { mode, type, sha, size: size === "-" ? null : Number(size), path };
}
export type TreeItem = { mode: string; type: string; sha: string; size: number | null; path: string };
