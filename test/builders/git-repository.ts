import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";

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

/**
 * Writes a commit whose tree holds exactly these files, object by object, so that any name is possible and no process is
 * started: to start one costs in proportion to the memory of this one.
 */
export function commitFiles(dir: string, files: ReadonlyMap<string, Node>, parents: string[] = []): string {
  const who = "Ada <ada@example.com> 1767225600 +0000";
  const lines = [
    `tree ${writeTree(dir, files)}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${who}`,
    `committer ${who}`,
    "",
    `${files.size} files`,
    "",
  ];
  return writeObject(dir, "commit", Buffer.from(lines.join("\n")));
}

function writeTree(dir: string, files: ReadonlyMap<string, Node>): string {
  const folders = new Map<string, Map<string, Node>>();
  const entries: { mode: string; name: string; id: string }[] = [];
  for (const [path, node] of files) {
    const [name = "", ...rest] = path.split("/");
    if (rest.length === 0) {
      const { mode, content } = node;
      const id = mode === "160000" ? content.toString("latin1") : writeObject(dir, "blob", content);
      entries.push({ mode, name, id });
      continue;
    }
    const folder = folders.get(name) ?? new Map<string, Node>();
    folders.set(name, folder.set(rest.join("/"), node));
  }
  for (const [name, inside] of folders) entries.push({ mode: "40000", name, id: writeTree(dir, inside) });
  // git orders a folder as if its name ended in a slash.
  const key = ({ mode, name }: { mode: string; name: string }) => Buffer.from(mode === "40000" ? `${name}/` : name);
  entries.sort((one, other) => Buffer.compare(key(one), key(other)));
  const parts = entries.flatMap(({ mode, name, id }) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(id, "hex")]);
  return writeObject(dir, "tree", Buffer.concat(parts));
}

/** Writes a loose object, in a bare repository or below a work tree. Source: git's gitrepository-layout(5), "Git Objects" of Pro Git. */
function writeObject(dir: string, type: "blob" | "tree" | "commit", content: Buffer): string {
  const whole = Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content]);
  const id = createHash("sha1").update(whole).digest("hex");
  const home = existsSync(join(dir, ".git")) ? join(dir, ".git") : dir;
  const folder = join(home, "objects", id.slice(0, 2));
  const file = join(folder, id.slice(2));
  if (existsSync(file)) return id;
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, deflateSync(whole));
  return id;
}

/** A plain text file. */
export function file(text: string | Buffer): Node {
  return { mode: "100644", content: Buffer.from(text) };
}
