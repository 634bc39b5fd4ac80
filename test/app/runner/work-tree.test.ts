import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { layTree, readChanges } from "../../../app/runner/work-tree.ts";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

const ignoring = async () => new Set<string>();

test.each<[string, string[], boolean, string[]]>([
  ["installed packages are no work of the agent's", ["a.ts"], true, ["a.ts"]],
  ["they are where nothing was installed", ["a.ts"], false, ["a.ts", "node_modules/b/index.js"]],
  [
    "but those of a repository that keeps its own are",
    ["node_modules/c.js"],
    true,
    ["a.ts", "node_modules/b/index.js"],
  ],
])("%s", async (_, paths, isInstalled, changed) => {
  const folder = await mkdtemp(join(tmpdir(), "work-tree-"));
  folders.push(folder);
  const laid = await layTree(
    folder,
    paths.map((path) => ({ path, mode: "100644", content: Buffer.from("old") })),
  );
  await mkdir(join(folder, "node_modules/b"), { recursive: true });
  await writeFile(join(folder, "node_modules/b/index.js"), "");
  await writeFile(join(folder, "a.ts"), "new");
  const changes = await readChanges(folder, laid, ignoring, isInstalled);
  expect(changes.ok && changes.files.map(({ path }) => path).sort()).toEqual(changed);
});
