import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { SallyportError } from "../../core/errors.ts";

/** This file's place, or that of the bundle it is part of. */
export const here = fileURLToPath(import.meta.url);

/** The folder of this package: the first one upwards with a package.json, from a source file and from a bundle alike. */
export function packageHome(): string {
  for (let folder = dirname(here); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
  }
  throw new SallyportError("internal", `there is no package.json above ${here}`);
}

/** What to say where the packages for playing are not installed: they come with a checkout only. Null in a checkout. */
export function checkoutProblem(): string | null {
  if (existsSync(join(packageHome(), "sandbox", "main.ts"))) return null;
  return "this needs a checkout: git clone https://github.com/sallyport/sallyport && cd sallyport && npm ci && npm run demo";
}
