import { type Known, known, unknown } from "../../core/known.ts";
import { segmentEntries, segmentPath } from "../../core/ledger/branch.ts";
import { git, readBlobs, readTree } from "../git/git.ts";

/** GitHub accepts no larger file. */
const segmentBytes = 100 * 1024 * 1024;

/**
 * The files below `bodies/` that a commit of the branch deleted, as far back as the clone's history goes, each with the
 * number of ledger entries in the last commit that deleted it. At the tip alone, a deleted body looks like one that was
 * never published. Everyone who may push to the branch may have made its history.
 */
export async function readTakenBodies(dir: string, tip: string): Promise<Known<Map<string, number>>> {
  // Against every parent of a merge: a merge can drop a file that one of its parents has.
  const asked = [
    "--diff-merges=separate",
    "--full-history",
    "--no-renames",
    "--no-relative",
    "--diff-filter=D",
    "--format=%H",
    "--name-only",
    "-z",
  ];
  const log = await git(dir, ["log", ...asked, "--end-of-options", tip, "--", ":(top)bodies"]);
  if (!log.ok) return unknown(log.why);
  const commits = new Map<string, string>();
  let commit = "";
  for (const part of log.stdout.toString("utf8").split("\0")) {
    // git prints a line feed before the first name; a line feed inside a name is part of the name.
    const word = part.replace(/^\n/, "");
    if (word.startsWith("bodies/")) commits.set(word, commits.get(word) ?? commit);
    else if (word !== "") commit = word;
  }
  const counts = new Map<string, number>();
  for (const one of new Set(commits.values())) {
    const count = await countEntries(dir, one);
    if (!count.known) return count;
    counts.set(one, count.value);
  }
  return known(new Map([...commits].map(([path, one]) => [path, counts.get(one) ?? 0])));
}

/** How many entries a commit of the branch holds. */
async function countEntries(dir: string, commit: string): Promise<Known<number>> {
  const tree = await readTree(dir, commit);
  if (!tree.known) return tree;
  const segments = tree.value.filter(({ path }) => path.startsWith("ledger/"));
  const path = segmentPath(segments.length * segmentEntries);
  const last = segments.find((one) => one.path === path && one.mode === "100644");
  // A commit with other files is not ours, and proves no entry.
  if (last === undefined) return known(0);
  const blobs = await readBlobs(dir, [last.sha], segmentBytes);
  if (!blobs.known) return blobs;
  const content = blobs.value.get(last.sha)?.content ?? null;
  if (content === null) return known(0);
  const lines = content.toString("latin1").split("\n").length - 1;
  return known((segments.length - 1) * segmentEntries + lines);
}
