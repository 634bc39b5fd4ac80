import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The size of a made repository's change. `rules`: how many forbidden paths its policy names. */
export type Shape = { files: number; linesBefore: number; linesAdded: number; rules: number };

function file(path: string, content: string): string {
  return `M 100644 inline ${path}\ndata ${Buffer.byteLength(content)}\n${content}\n`;
}

function commit(branch: string, from: string | null, files: string): string {
  const who = "Ada <ada@example.com> 1767225600 +0000";
  const parent = from === null ? "" : `from refs/heads/${from}\n`;
  return `commit refs/heads/${branch}\ncommitter ${who}\ndata 4\nmade\n${parent}${files}\n`;
}

function lines(count: number, word: string): string {
  return Array.from({ length: count }, (_, at) => `${word} ${at}: a line of ordinary length in a file\n`).join("");
}

function policy(rules: number): string {
  const denied = Array.from({ length: rules }, (_, at) => `      - "secret-${at}/**/*.key"\n`).join("");
  return `version: 1
gates:
  forbidden-paths:
    deny:
${denied}  diff-size: { files: 100000, lines: 10000000 }
`;
}

/** Makes a repository with a branch `main` and a branch `feature` that changes this many files. */
export function makeRepository({ files, linesBefore, linesAdded, rules }: Shape): string {
  const dir = mkdtempSync(join(tmpdir(), "sallyport-bench-"));
  const paths = Array.from({ length: files }, (_, at) => `src/part-${at % 50}/file-${at}.ts`);
  const stands = lines(linesBefore, "old");
  const before = paths.map((path) => (linesBefore === 0 ? "" : file(path, stands))).join("");
  const after = paths.map((path, at) => file(path, stands + lines(linesAdded, `new ${at}`))).join("");
  const main = file(".github/sallyport.yml", policy(rules)) + file("README.md", "made\n") + before;
  execFileSync("git", ["init", "-q", "-b", "main", dir]);
  execFileSync("git", ["-C", dir, "fast-import", "--quiet"], {
    input: commit("main", null, main) + commit("feature", "main", after),
    maxBuffer: 1 << 28,
  });
  return dir;
}
