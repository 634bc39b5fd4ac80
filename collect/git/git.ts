import { spawn } from "node:child_process";
import { type Known, known, unknown } from "../../core/known.ts";
import type { Blob, TreeEntry } from "../objects.ts";

/** The result of a git command; `why` is one line for people and may quote the first line of git's error output. */
export type GitAnswer = { ok: true; stdout: Buffer } | { ok: false; exit: number | null; isCut?: boolean; why: string };

/** The most that one git command may print, in bytes; past it the command is killed and the result is a failure. */
export const outputBytes = 256 * 1024 * 1024;

/**
 * The environment of every git process. None of the caller's variables are passed on: GIT_DIR, replacement objects,
 * grafts or a user's configuration would change what a commit contains. Fetching missing objects is off because the
 * repository's configuration may name a program for it.
 */
export const gitEnvironment = {
  PATH: "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin:/run/current-system/sw/bin",
  HOME: "/nonexistent",
  LC_ALL: "C",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_ATTR_NOSYSTEM: "1",
  GIT_NO_REPLACE_OBJECTS: "1",
  GIT_GRAFT_FILE: "/dev/null",
  GIT_NO_LAZY_FETCH: "1",
  GIT_ALLOW_PROTOCOL: "none",
  GIT_TERMINAL_PROMPT: "0",
  GIT_OPTIONAL_LOCKS: "0",
};

const settings = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.commitGraph=false",
  // The empty graft file above is not the repository's own: a hint about it would hide what went wrong.
  "advice.graftFileDeprecated=false",
  "i18n.logOutputEncoding=UTF-8",
  // To show signatures, `git log` would start the verification program that the repository's configuration names.
  "log.showSignature=false",
  "safe.directory=*",
];

/** The arguments for running one git command in `dir`. */
export function gitCommand(dir: string, args: readonly string[]): string[] {
  return ["--no-pager", ...settings.flatMap((setting) => ["-c", setting]), "-C", dir, ...args];
}

/**
 * Runs one git command in `dir` (a work tree or a bare repository) in a neutral environment, never through a shell. Put
 * `--end-of-options` or `--` before any argument that is not our own.
 */
export function git(
  dir: string,
  args: readonly string[],
  input: string | Uint8Array = "",
  limit = outputBytes,
): Promise<GitAnswer> {
  return new Promise((resolve) => {
    const child = spawn("git", gitCommand(dir, args), { env: gitEnvironment });
    const output: Buffer[] = [];
    let size = 0;
    let complaint = "";
    child.stdout.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) child.kill("SIGKILL");
      else output.push(chunk);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      if (complaint.length < 2_000) complaint += chunk.toString("utf8");
    });
    // git may exit before it has read all of its input; the exit status is reported below.
    child.stdin.on("error", () => undefined);
    child.on("error", (error) =>
      resolve({ ok: false, exit: null, why: `git could not be started in ${dir}: ${error.message}` }),
    );
    child.on("close", (exit) => {
      if (exit === 0 && size <= limit) return resolve({ ok: true, stdout: Buffer.concat(output) });
      const reason =
        size > limit ? `it printed more than ${limit} bytes` : problemIn(complaint) || `exit status ${exit}`;
      resolve({ ok: false, exit, why: `git ${args[0] ?? ""} failed in ${dir}: ${reason}` });
    });
    child.stdin.end(input);
  });
}

/**
 * Every file, symlink and submodule in the tree of `commit` (a full id), in git's order. The author of the commit chose
 * the file names.
 */
export async function readTree(dir: string, commit: string): Promise<Known<TreeEntry[]>> {
  const answer = await git(dir, ["ls-tree", "-r", "-z", "--full-tree", "--end-of-options", commit]);
  if (!answer.ok) return unknown(answer.why);
  const entries: TreeEntry[] = [];
  for (const record of answer.stdout.toString("utf8").split("\0")) {
    if (record === "") continue;
    const parts = /^([0-7]{6}) ([a-z]+) ([0-9a-f]{40,64})\t(.+)$/s.exec(record);
    const [, mode, type, sha, path] = parts ?? [];
    if (mode === undefined || type === undefined || sha === undefined || path === undefined)
      return unknown(`git ls-tree gave an entry of ${commit} that cannot be read: ${JSON.stringify(record)}`);
    entries.push({ path, mode, type, sha });
  }
  return known(entries);
}

/**
 * The size in bytes of every blob named by its full id; a missing object, or one that is not a blob, makes the whole
 * answer unknown.
 */
export async function readSizes(dir: string, shas: Iterable<string>): Promise<Known<Map<string, number>>> {
  const wanted = [...new Set(shas)];
  const answer = await git(dir, ["cat-file", "--batch-check", "--buffer"], lines(wanted));
  if (!answer.ok) return unknown(answer.why);
  const sizes = new Map<string, number>();
  for (const line of answer.stdout.toString("latin1").split("\n")) {
    if (line === "") continue;
    const [sha, type, size] = line.split(" ");
    if (sha === undefined || type !== "blob" || size === undefined)
      return unknown(
        `${dir} does not hold a file's content (git says "${line}"): fetch the full history and all objects`,
      );
    sizes.set(sha, Number(size));
  }
  if (sizes.size !== wanted.length)
    return unknown(`git cat-file left out ${wanted.length - sizes.size} objects in ${dir}`);
  return known(sizes);
}

/**
 * Reads blobs by their full ids. A blob larger than `limit` bytes has its size and no content; a missing blob makes the
 * whole answer unknown. The author of the commit wrote the content.
 */
export async function readBlobs(dir: string, shas: Iterable<string>, limit: number): Promise<Known<Map<string, Blob>>> {
  const sizes = await readSizes(dir, shas);
  if (!sizes.known) return sizes;
  const small = [...sizes.value].filter(([, size]) => size <= limit);
  const answer = await git(dir, ["cat-file", "--batch", "--buffer"], lines(small.map(([sha]) => sha)));
  if (!answer.ok) return unknown(answer.why);
  const blobs = new Map<string, Blob>();
  for (const [sha, size] of sizes.value) blobs.set(sha, { size, content: null });
  let at = 0;
  for (const [sha, size] of small) {
    const end = answer.stdout.indexOf(0x0a, at);
    const header = answer.stdout.toString("latin1", at, Math.max(at, end));
    if (header !== `${sha} blob ${size}`)
      return unknown(`git cat-file answered ${JSON.stringify(header)} for ${sha} in ${dir}`);
    blobs.set(sha, { size, content: answer.stdout.subarray(end + 1, end + 1 + size) });
    at = end + 1 + size + 1;
  }
  return known(blobs);
}

function lines(shas: readonly string[]): string {
  return shas.map((sha) => `${sha}\n`).join("");
}

/**
 * The first line of git's error output that says what went wrong; empty if it said nothing. A partial clone lacks what
 * its filter left out, and names the command that fetches it.
 */
export function problemIn(complaint: string): string {
  if (/promisor|lazy fetching/.test(complaint))
    return "it is a partial clone, made with --filter, and objects are missing: run `git fetch --refetch --no-filter origin '+refs/heads/*:refs/remotes/origin/*'` there";
  const line = complaint.split("\n").find((one) => !/^(?:hint|warning):/.test(one)) ?? "";
  return line.slice(0, 300);
}
