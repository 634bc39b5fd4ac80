import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "../../../core/errors.ts";
import { type Known, known, unknown } from "../../../core/known.ts";
import type { Io } from "../../terminal/io.ts";

const branch = "sallyport-setup";
const title = "Judge changes by a policy";
const body = "Adds the policy that says what AI agents may do here, and what every change has to show.";

/** The commands that open the pull request by hand. */
export function pullRequestByHand(paths: readonly string[]): string {
  return [
    `git switch -c ${branch}`,
    `git add ${paths.join(" ")}`,
    `git commit -m "${title}"`,
    `git push -u origin ${branch}`,
    `gh pr create --head ${branch} --title "${title}" --body "${body}"`,
  ]
    .map((line) => `  ${line}\n`)
    .join("");
}

/**
 * Opens a pull request with these files on the default branch of `origin`; gives its address. It goes through an index
 * of its own: what is checked out and staged stays as it is. Unknown when git or `gh` refuses.
 */
export async function openPullRequest(top: string, paths: readonly string[], env: Io["env"]): Promise<Known<string>> {
  const folder = await mkdtemp(join(tmpdir(), "sallyport-"));
  const own = { ...env, GIT_INDEX_FILE: join(folder, "index"), GIT_TERMINAL_PROMPT: "0" };
  const run = async (program: string, ...args: string[]) => {
    const { stdout } = await promisify(execFile)(program, args, { cwd: top, env: own });
    return stdout.trim();
  };
  try {
    await run("gh", "--version");
    const base = await run("git", "rev-parse", "--verify", "refs/remotes/origin/HEAD^{commit}").catch(() =>
      run("git", "rev-parse", "--verify", "HEAD^{commit}"),
    );
    await run("git", "read-tree", base);
    await run("git", "add", "--force", "--", ...paths);
    const commit = await run("git", "commit-tree", await run("git", "write-tree"), "-p", base, "-m", title);
    await run("git", "push", "origin", `${commit}:refs/heads/${branch}`);
    return known(await run("gh", "pr", "create", "--head", branch, "--title", title, "--body", body));
  } catch (error) {
    if (messageOf(error).includes("spawn gh ENOENT")) return unknown("`gh` is not installed");
    const lines = messageOf(error).split("\n");
    return unknown(lines.find((line) => /^(?:fatal|error):|rejected|ENOENT/.test(line.trim())) ?? lines[0] ?? "");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
