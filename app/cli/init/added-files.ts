import { execFile } from "node:child_process";
import { lstat, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { packageHome } from "../../settings/package-home.ts";
import type { Io } from "../../terminal/io.ts";

/** Where the Action's releases are tagged. */
const source = "https://github.com/sallyport/sallyport";
const loose = "sallyport/action@v1";
const workflowPath = ".github/workflows/sallyport.yml";

/** Where issue forms lie, here and in a governed repository. */
const formFolder = ".github/ISSUE_TEMPLATE";

/** The commit of a release's tag, which does not move as the tag may; null when it cannot be asked for. */
async function releaseCommit(env: Io["env"]): Promise<string | null> {
  const argv = ["ls-remote", source, "refs/tags/v1", "refs/tags/v1^{}"];
  const options = { env: { ...env, GIT_TERMINAL_PROMPT: "0" }, timeout: 15_000 };
  const answer = await promisify(execFile)("git", argv, options).catch(() => null);
  // The second line, if there is one, is the commit that an annotated tag stands for.
  return /^[0-9a-f]{40}/.exec(answer?.stdout.trim().split("\n").at(-1) ?? "")?.[0] ?? null;
}

/** Writes a file that is not there; the work tree may come from anybody, so nothing is written through a link. */
async function add(top: string, path: string, text: string): Promise<boolean> {
  for (let folder = dirname(path); folder !== "."; folder = dirname(folder)) {
    if ((await lstat(join(top, folder)).catch(() => null))?.isSymbolicLink() === true) return false;
  }
  await mkdir(dirname(join(top, path)), { recursive: true });
  return writeFile(join(top, path), text, { flag: "wx" }).then(
    () => true,
    () => false,
  );
}

/** Writes the workflow that judges by the Action alone; the paths that were written. */
export async function addWorkflow(top: string, io: Io): Promise<string[]> {
  const template = await readFile(join(packageHome(), "action/workflow.yml"), "utf8");
  const commit = await releaseCommit(io.env);
  const text = commit === null ? template : template.replace(loose, `${loose.replace("v1", commit)} # v1`);
  if (!(await add(top, workflowPath, text))) {
    io.err(`sallyport init: ${workflowPath} is there, or its folder is a link, and it is kept\n`);
    return [];
  }
  io.out(`Wrote ${workflowPath}, which may read contents, pull requests and checks, and nothing else.\n`);
  if (commit === null)
    io.out(`  Pin the Action: write the commit of \`git ls-remote ${source} v1\` in place of \`v1\`.\n`);
  return [workflowPath];
}

/** Writes the issue forms of epics, stories and diff prompts that are not there; the paths that were written. */
export async function addForms(top: string, io: Io): Promise<string[]> {
  const written: string[] = [];
  for (const name of await readdir(join(packageHome(), formFolder))) {
    const path = `${formFolder}/${name}`;
    const text = await readFile(join(packageHome(), path), "utf8");
    const isWritten = await add(top, path, text);
    if (isWritten) written.push(path);
    io.out(isWritten ? `Wrote ${path}.\n` : `Kept ${path}, which is there.\n`);
  }
  return written;
}
