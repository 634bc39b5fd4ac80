import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { git } from "../../collect/git/git.ts";
import type { LaidFile } from "./work-tree.ts";

/**
 * Tells which paths the `.gitignore` files of a commit leave out. They are written to a folder of their own, so that git
 * never runs where a program could have left a configuration. When git fails, nothing is left out.
 */
export function byProductsBy(
  files: readonly LaidFile[],
  folder: string,
): (paths: readonly string[]) => Promise<ReadonlySet<string>> {
  const rules = files.filter(({ path, mode }) => /(?:^|\/)\.gitignore$/.test(path) && mode !== "120000");
  return async (paths) => {
    if (rules.length === 0 || paths.length === 0) return new Set();
    for (const { path, content } of rules) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
    await git(folder, ["init", "--quiet"]);
    const answer = await git(folder, ["check-ignore", "--no-index", "-z", "--stdin"], `${paths.join("\0")}\0`);
    return new Set(answer.ok ? answer.stdout.toString("utf8").split("\0").slice(0, -1) : []);
  };
}
