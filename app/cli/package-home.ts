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
