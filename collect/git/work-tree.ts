import { lstat, readFile } from "node:fs/promises";
import { type Known, known, unknown } from "../../core/known.ts";
import { git } from "./git.ts";

/** A work tree: its top folder, and the paths of all files in it that git tracks or would track, in git's order. */
export type WorkTree = { top: string; files: string[] };

/**
 * Lists the files of a work tree, committed or not. Unknown where there is no work tree, such as in a bare repository.
 */
export async function readWorkTree(dir: string): Promise<Known<WorkTree>> {
  const asked = await git(dir, ["rev-parse", "--show-toplevel"]);
  if (!asked.ok) return unknown(asked.why);
  const top = asked.stdout.toString("utf8").replace(/\n$/, "");
  const listing = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const answer = await git(top, listing);
  if (!answer.ok) return unknown(answer.why);
  // A file in conflict is listed once for each side.
  return known({ top, files: [...new Set(answer.stdout.toString("utf8").split("\0").filter(Boolean))] });
}

/**
 * The content of a plain file of a work tree, else null. A link is not followed: it may point anywhere, and anybody may
 * have made it.
 */
export async function readPlainFile(path: string): Promise<Buffer | null> {
  const found = await lstat(path).catch(() => null);
  return found?.isFile() === true ? readFile(path).catch(() => null) : null;
}
