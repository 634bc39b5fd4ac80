import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const who = "Ada <ada@example.com> 1767225600 +0000";

/** The policy of all of them: it asks for everything that reads content, and its size gate lets everything through. */
const policy = `version: 1
extends: default
people: { separation: solo, approvers: ["@lena"] }
gates:
  tests: [{ when: "src/**", need: "test/**" }]
  secrets: {}
  diff-size: { files: 100000, lines: 100000000 }
`;

/** Writes to `git fast-import`, as fast as it takes it. */
type Write = (part: string | Buffer) => Promise<void>;

async function importInto(dir: string, write: (write: Write) => Promise<void>): Promise<void> {
  const child = spawn("git", ["-C", dir, "-c", "core.compression=1", "fast-import", "--quiet", "--force"], {
    stdio: ["pipe", "inherit", "inherit"],
  });
  const ended = once(child, "close");
  await write(async (part) => {
    if (!child.stdin.write(part)) await once(child.stdin, "drain");
  });
  child.stdin.end();
  const [status] = await ended;
  if (status !== 0) throw new Error(`git fast-import ended with status ${status}`);
}

async function writeFile(write: Write, path: string, content: string | Buffer): Promise<void> {
  await write(`M 100644 inline ${path}\ndata ${Buffer.byteLength(content)}\n`);
  await write(content);
  await write("\n");
}

const commit = (branch: string, from: string) =>
  `commit refs/heads/${branch}\ncommitter ${who}\ndata 4\nmade\n${from && `${from}\n`}`;

/** A repository with `main`, and `ordinary`, a change of a few files. */
export async function makeBase(): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), "sallyport-hostile-"));
  execFileSync("git", ["init", "-q", "-b", "main", dir]);
  await importInto(dir, async (write) => {
    await write(commit("main", ""));
    await writeFile(write, ".github/sallyport.yml", policy);
    await writeFile(write, "README.md", "made\n");
    await write(commit("ordinary", "from refs/heads/main"));
    for (let at = 0; at < 5; at++) await writeFile(write, `test/${at}.test.ts`, `it("is ${at}", () => {});\n`);
  });
  return dir;
}

/** Test files of 4.9 MB that compress to almost nothing. */
export const largeFiles = (dir: string, branch: string, count: number) =>
  importInto(dir, async (write) => {
    const content = Buffer.alloc(4_900_000, "// x\n");
    await write(commit(branch, "from refs/heads/main"));
    for (let at = 0; at < count; at++) {
      content.write(`// ${String(at).padStart(9)}\n`);
      await writeFile(write, `test/${at}.test.ts`, Buffer.from(content));
    }
  });

export const tinyBinaries = (dir: string, count: number) =>
  importInto(dir, async (write) => {
    await write(commit("tiny", "from refs/heads/main"));
    for (let at = 0; at < count; at++)
      await writeFile(write, `a/${at % 52}/${at}`, Buffer.from([0, at >> 8, at & 255]));
  });

export const manyCommits = (dir: string, branch: string, count: number) =>
  importInto(dir, async (write) => {
    for (let at = 0; at < count; at++) {
      await write(commit(branch, at === 0 ? "from refs/heads/main" : ""));
      await writeFile(write, `test/${at % 7}.test.ts`, `it("is ${at}", () => {});\n`);
    }
  });

/** One line of 60 MB, and a changed file of nothing but short lines. */
export const longLine = (dir: string) =>
  importInto(dir, async (write) => {
    await write(commit("lines", "from refs/heads/main"));
    await writeFile(write, "long.txt", Buffer.alloc(60_000_000, "x"));
    await writeFile(write, "test/short.test.ts", Buffer.alloc(4_900_000, "a\n"));
  });

/** Ten folders with ten folders each, ten deep: ten thousand million files from ten objects. */
export function fanOut(dir: string): void {
  const git = (args: string[], input = "") =>
    execFileSync("git", ["-C", dir, ...args], { input })
      .toString()
      .trim();
  let inside = `100644 blob ${git(["hash-object", "-w", "--stdin"], "x\n")}`;
  for (let depth = 0; depth < 10; depth++) {
    const entries = Array.from({ length: 10 }, (_, at) => `${inside}\td${at}\n`).join("");
    inside = `040000 tree ${git(["mktree"], entries)}`;
  }
  const main = git(["ls-tree", "main"]);
  const tree = git(["mktree"], `${main}\n${inside}\tfan\n`);
  const identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
  const head = git([...identity, "commit-tree", tree, "-p", "main", "-m", "made"]);
  git(["update-ref", "refs/heads/fan", head]);
}
