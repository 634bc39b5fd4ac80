import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What stands at a path: a file's content and mode, a symlink's target, or a submodule's commit. */
export type Node = { mode: "100644" | "100755" | "120000" | "160000"; content: Buffer };

const environment = {
  PATH: process.env.PATH ?? "",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "Ada",
  GIT_AUTHOR_EMAIL: "ada@example.com",
  GIT_AUTHOR_DATE: "2026-01-01T00:00:00Z",
  GIT_COMMITTER_NAME: "Ada",
  GIT_COMMITTER_EMAIL: "ada@example.com",
  GIT_COMMITTER_DATE: "2026-01-01T00:00:00Z",
};

/** Runs plain git, as a reference that shares no code with ours. */
export function plainGit(
  dir: string,
  args: string[],
  input?: string | Buffer,
  encoding: BufferEncoding = "utf8",
): string {
  const options = {
    cwd: dir,
    env: environment,
    input,
    maxBuffer: 1 << 28,
    stdio: ["pipe", "pipe", "pipe"] as ["pipe", "pipe", "pipe"],
  };
  return execFileSync("git", args, options).toString(encoding);
}

/** A temporary bare repository with `main` as its branch; `remove` deletes it. */
export function makeRepository(): { dir: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), "sallyport-"));
  plainGit(dir, ["init", "-q", "--bare", "-b", "main", "."]);
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** Writes a commit whose tree holds exactly these files, through plumbing alone, so that any name is possible. */
export function commitFiles(dir: string, files: ReadonlyMap<string, Node>, parents: string[] = []): string {
  const tree = writeTree(dir, files);
  const argv = [
    "commit-tree",
    tree,
    ...parents.flatMap((parent) => ["-p", parent]),
    "-m",
    `${files.size} files`,
  ];
  return plainGit(dir, argv).trim();
}

function writeTree(dir: string, files: ReadonlyMap<string, Node>): string {
  const folders = new Map<string, Map<string, Node>>();
  const lines: string[] = [];
  for (const [path, node] of files) {
    const [name = "", ...rest] = path.split("/");
    if (rest.length === 0) {
      lines.push(`${node.mode} ${node.mode === "160000" ? "commit" : "blob"} ${idOf(dir, node)}\t${name}\0`);
      continue;
    }
    const folder = folders.get(name) ?? new Map<string, Node>();
    folders.set(name, folder.set(rest.join("/"), node));
  }
  for (const [name, inside] of folders) lines.push(`040000 tree ${writeTree(dir, inside)}\t${name}\0`);
  return plainGit(dir, ["mktree", "-z", "--missing"], lines.join("")).trim();
}

function idOf(dir: string, node: Node): string {
  if (node.mode === "160000") return node.content.toString("latin1");
  return plainGit(dir, ["hash-object", "-w", "--stdin"], node.content).trim();
}

/** A plain text file. */
export function file(text: string | Buffer): Node {
  return { mode: "100644", content: Buffer.from(text) };
}
