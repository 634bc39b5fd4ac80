import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { SallyportError } from "../../core/errors.ts";

/** The path of this file, or of the bundle that contains it. */
export const here = fileURLToPath(import.meta.url);

/** This package's folder: the nearest parent with a package.json, for a source file and a bundle alike. */
export function packageHome(): string {
  for (let folder = dirname(here); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
  }
  throw new SallyportError("internal", `there is no package.json above ${here}`);
}

/** Where issue forms lie, here and in a governed repository. */
const formFolder = ".github/ISSUE_TEMPLATE";

/** The issue forms of epics, stories and diff prompts, each with its path in a governed repository. */
export async function issueForms(): Promise<{ path: string; text: string }[]> {
  const paths = (await readdir(join(packageHome(), formFolder))).map((name) => `${formFolder}/${name}`);
  return Promise.all(paths.map(async (path) => ({ path, text: await readFile(join(packageHome(), path), "utf8") })));
}

/** The message when the development packages are not installed: they come with a checkout only. Null in a checkout. */
export function checkoutProblem(): string | null {
  if (existsSync(join(packageHome(), "sandbox", "main.ts"))) return null;
  return "this needs a checkout: git clone https://github.com/sallyport/sallyport && cd sallyport && npm ci && npm run demo";
}
