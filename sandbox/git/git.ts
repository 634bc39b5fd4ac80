/** Runs git by argument list in its own environment: no settings of the user or machine, and only our hook. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type GitResult, order } from "./host.ts";
import { readCached, writeCached } from "./memory.ts";

export type GitOptions = { input?: string | Uint8Array; env?: Record<string, string> };

export const gitEnvironment: Record<string, string> = {
  PATH: "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin:/run/current-system/sw/bin",
  HOME: "/nonexistent",
  LC_ALL: "C",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_TERMINAL_PROMPT: "0",
  GIT_AUTHOR_NAME: "sandbox",
  GIT_AUTHOR_EMAIL: "sandbox@users.noreply.github.com",
  GIT_COMMITTER_NAME: "GitHub",
  GIT_COMMITTER_EMAIL: "noreply@github.com",
};

const SETTINGS = [
  ...["core.hooksPath=/dev/null", "gc.auto=0", "core.quotePath=false", "safe.directory=*"],
  ...["merge.renames=true", "diff.renames=true", "core.fsmonitor=false"],
];

/** Runs one command in `dir` and returns its exit status; throws only when git cannot be started. */
export async function git(dir: string, args: readonly string[], options: GitOptions = {}): Promise<GitResult> {
  const isAllAsked = options.input === undefined && options.env === undefined;
  const known = isAllAsked ? readCached(dir, args) : undefined;
  if (known !== undefined) return known;
  const argv = ["--no-pager", ...SETTINGS.flatMap((setting) => ["-c", setting]), ...args];
  const env = { ...gitEnvironment, ...options.env };
  const report = await order({ argv, dir, env, input: options.input ?? "" });
  if (!report.ok) throw new Error(`git could not be started in ${dir}: ${report.why}`);
  const answer = {
    exit: report.exit,
    stdout: Buffer.from(report.stdout),
    stderr: Buffer.from(report.stderr).toString("utf8").trim(),
  };
  if (isAllAsked) writeCached(dir, args, answer);
  return answer;
}

/** The output of a command, without the last newline; throws when the command fails. */
export async function gitText(dir: string, args: readonly string[], options: GitOptions = {}): Promise<string> {
  const { exit, stdout, stderr } = await git(dir, args, options);
  if (exit !== 0) throw new Error(`git ${args[0]} in ${dir}: exit ${exit}: ${stderr}`);
  return stdout.toString("utf8").replace(/\n$/, "");
}

/** Lets git's server take pushes and hand out any object, as GitHub's does. */
export async function configure(dir: string): Promise<void> {
  const settings = { "http.receivepack": "true", "uploadpack.allowAnySHA1InWant": "true" };
  for (const [key, value] of Object.entries(settings)) await gitText(dir, ["config", key, value]);
}

/** The commit that a revision names: a branch, a tag (followed), a full or short id; undefined if none. */
export async function resolveCommit(dir: string, revision = ""): Promise<string | undefined> {
  if (revision === "" || revision.startsWith("-") || /[\s^~:?*[\\]|\.\.|@\{/.test(revision)) return undefined;
  const isId = /^[0-9a-f]{40}$/.test(revision);
  for (const name of isId ? [revision] : [`refs/heads/${revision}`, `refs/tags/${revision}`, revision]) {
    const found = await objectId(dir, `${name}^{commit}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The full id of the object that a name or revision of git's syntax means; undefined if there is none. */
export async function objectId(dir: string, name: string): Promise<string | undefined> {
  const [, branch] = /^(refs\/heads\/[\w/-]+(?:\.[\w/-]+)*)\^\{commit\}$/.exec(name) ?? [];
  // Asked more than anything else, and a branch names a commit: its file is read. Packed ones have none.
  const tip = branch === undefined ? "" : await readFile(join(dir, branch), "utf8").catch(() => "");
  if (/^[0-9a-f]{40}\n$/.test(tip)) return tip.trim();
  const { exit, stdout } = await git(dir, ["rev-parse", "--quiet", "--verify", "--end-of-options", name]);
  return exit === 0 ? stdout.toString("utf8").trim() : undefined;
}

export async function objectType(dir: string, sha = ""): Promise<string | undefined> {
  if (!/^[0-9a-f]{40}$/.test(sha)) return undefined;
  const { exit, stdout } = await git(dir, ["cat-file", "-t", sha]);
  return exit === 0 ? stdout.toString("utf8").trim() : undefined;
}

export type Ref = { name: string; sha: string; type: string };

/** Refs whose full names begin with `prefix`, sorted by name. `sha` may be a tag object's. */
export async function listRefs(dir: string, prefix = "refs/"): Promise<Ref[]> {
  const format = "%(refname) %(objectname) %(objecttype)";
  const text = await gitText(dir, ["for-each-ref", `--format=${format}`]);
  return text
    .split("\n")
    .map((line) => {
      const [name = "", sha = "", type = ""] = line.split(" ");
      return { name, sha, type };
    })
    .filter(({ name }) => name !== "" && name.startsWith(prefix));
}

export async function branchTip(dir: string, branch = ""): Promise<string | undefined> {
  return objectId(dir, `refs/heads/${branch}^{commit}`);
}

export async function isAncestor(dir: string, older: string, newer: string): Promise<boolean> {
  return (await git(dir, ["merge-base", "--is-ancestor", older, newer])).exit === 0;
}

export async function isRefName(dir: string, name: string): Promise<boolean> {
  return name.startsWith("refs/") && (await git(dir, ["check-ref-format", name])).exit === 0;
}

/** The branches that point to a commit, by their names without `refs/heads/`, the default branch first. */
export async function branchesAt(
  { dir, defaultBranch }: { dir: string; defaultBranch: string },
  sha: string,
): Promise<string[]> {
  const refs = await listRefs(dir, "refs/heads/");
  const names = refs.filter((ref) => ref.sha === sha).map(({ name }) => name.replace("refs/heads/", ""));
  return names.sort((one, other) => Number(other === defaultBranch) - Number(one === defaultBranch));
}
