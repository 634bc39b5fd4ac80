import type { Revision } from "../../core/evidence/continuity.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import { findDefaultBranch } from "./default-branch.ts";
import { git } from "./git.ts";
import { gitObjects } from "./objects.ts";

/** A branch's first-parent line, newest first; `ref` is the branch's full name on GitHub. */
export type Mainline = { ref: string; tip: string; line: Revision[] };

/**
 * Reads the whole first-parent line of a branch of a clone: the default branch unless `name` is given. A branch of
 * `origin` takes precedence over a local one of the same name. The authors of the commits wrote their texts.
 */
export async function readMainline(dir: string, name?: string): Promise<Known<Mainline>> {
  const shallow = await git(dir, ["rev-parse", "--is-shallow-repository"]);
  if (!shallow.ok) return unknown(shallow.why);
  if (shallow.stdout.toString("latin1").trim() !== "false")
    return unknown(`${dir} is a shallow clone, so its history is cut: run \`git fetch --unshallow\``);
  const branch = name === undefined ? await defaultBranch(dir) : await branchNamed(dir, name);
  if (!branch.known) return branch;
  const { sha: tip } = branch.value;
  const format = "--format=%H%x00%P%x00%an%x00%at%x00%s";
  const answer = await git(dir, ["rev-list", "--first-parent", "--no-commit-header", format, tip, "--"]);
  if (!answer.ok) return unknown(answer.why);
  const line: Revision[] = [];
  for (const text of answer.stdout.toString("utf8").split("\n")) {
    if (text === "") continue;
    const [sha = "", parents = "", author = "", seconds = "", subject, ...more] = text.split("\0");
    if (subject === undefined || more.length > 0)
      return unknown(`git rev-list gave a commit of ${dir} that cannot be read: ${JSON.stringify(text)}`);
    const at = timestampOf(seconds);
    line.push({ sha, parents: parents.split(" ").filter(Boolean), author, at, subject });
  }
  return known({ ref: `refs/heads/${branch.value.name}`, tip, line });
}

async function defaultBranch(dir: string): Promise<Known<{ name: string; sha: string }>> {
  const objects = gitObjects(dir);
  try {
    const found = await findDefaultBranch(objects, dir);
    return found.known ? found : unknown(`${found.why}; name one with --branch`);
  } finally {
    objects.close();
  }
}

async function branchNamed(dir: string, name: string): Promise<Known<{ name: string; sha: string }>> {
  for (const prefix of ["refs/remotes/origin/", "refs/heads/"]) {
    const found = await git(dir, ["show-ref", "--verify", "--hash", "--", `${prefix}${name}`]);
    if (found.ok) return known({ name, sha: found.stdout.toString("latin1").trim() });
  }
  return unknown(`${dir} has no branch ${JSON.stringify(name)}; give its name as GitHub shows it`);
}

/** Unix seconds as RFC 3339 in UTC; empty when the commit's date is out of range. */
function timestampOf(seconds: string): string {
  const date = new Date(Number(seconds || Number.NaN) * 1_000);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}
