/** Creates git objects (blobs, trees and commits) with git itself, so ids are git's own. */
import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { gitText } from "./git.ts";

/** One change to a tree: `content` creates a blob, `sha` names an object, null deletes the path. */
export type TreeChange = { path: string; mode: string } & ({ content: string | Uint8Array } | { sha: string | null });

/** `date` in ISO 8601. */
export type Signature = { name: string; email: string; date: string };

export async function writeBlob(dir: string, content: string | Uint8Array): Promise<string> {
  return gitText(dir, ["hash-object", "-w", "--stdin"], { input: content });
}

/** The tree of `base` (a tree's or commit's id; null for the empty tree) with `changes` applied. */
export async function writeTree(dir: string, base: string | null, changes: readonly TreeChange[]): Promise<string> {
  const index = join(dir, `index-${randomUUID()}`);
  const env = { GIT_INDEX_FILE: index };
  try {
    await gitText(dir, ["read-tree", ...(base === null ? ["--empty"] : [base])], { env });
    const lines = await Promise.all(changes.map((change) => indexLines(dir, env, change)));
    await gitText(dir, ["update-index", "-z", "--index-info"], { env, input: lines.join("") });
    return await gitText(dir, ["write-tree"], { env });
  } finally {
    await rm(index, { force: true });
  }
}

/** Creates a commit exactly as described: the message is kept to the byte, so the fields determine the id. */
export async function writeCommit(
  dir: string,
  fields: { tree: string; parents: readonly string[]; message: string; author: Signature; committer: Signature },
): Promise<string> {
  const lines = [
    `tree ${fields.tree}`,
    ...fields.parents.map((parent) => `parent ${parent}`),
    `author ${signatureLine(fields.author)}`,
    `committer ${signatureLine(fields.committer)}`,
  ];
  const input = `${lines.join("\n")}\n\n${fields.message}`;
  return gitText(dir, ["hash-object", "-t", "commit", "-w", "--stdin"], { input });
}

/** A directory replaces everything at its path; a null `sha` deletes a file or a whole directory. */
async function indexLines(dir: string, env: Record<string, string>, change: TreeChange): Promise<string> {
  if ("content" in change) return indexLine(change.mode, await writeBlob(dir, change.content), change.path);
  if (change.sha !== null && change.mode !== "040000") {
    return indexLine(change.mode, change.sha, change.path);
  }
  const listed = ["--literal-pathspecs", "ls-files", "-z", "--", change.path];
  const old = (await gitText(dir, listed, { env })).split("\0").filter((path) => path !== "");
  const removed = old.map((path) => indexLine("0", "0".repeat(40), path)).join("");
  if (change.sha === null) return removed;
  const tree = (await gitText(dir, ["ls-tree", "-r", "-z", change.sha])).split("\0");
  const added = tree.map((line) => {
    const [, mode, sha, path] = /^(\d+) \w+ (\w+)\t(.*)$/s.exec(line) ?? [];
    return mode === undefined ? "" : indexLine(mode, sha ?? "", `${change.path}/${path}`);
  });
  return removed + added.join("");
}

function indexLine(mode: string, sha: string, path: string): string {
  return `${mode} ${sha}\t${path}\0`;
}

/** Git keeps seconds since 1970 with the written offset; a name cannot contain `<`, `>` or line ends. */
function signatureLine({ name, email, date }: Signature): string {
  const clean = (text: string) => text.replace(/[<>\n\0]/g, "").trim();
  const [, hours, minutes] = /([+-]\d{2}):?(\d{2})$/.exec(date) ?? [];
  const offset = hours === undefined ? "+0000" : `${hours}${minutes}`;
  return `${clean(name)} <${clean(email)}> ${Math.floor(Date.parse(date) / 1000)} ${offset}`;
}
