import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { SallyportError } from "../../core/errors.ts";

/** The programs of this package that run as processes of their own. */
const programs = { sallyport: "app/cli.ts", sandbox: "sandbox/main.ts", action: "action/index.ts" } as const;
export type ProgramName = keyof typeof programs;

const here = fileURLToPath(import.meta.url);

/** The folder of this package: the first one upwards with a package.json, from a source file and from a bundle alike. */
export function packageHome(): string {
  for (let folder = dirname(here); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
  }
  throw new SallyportError("internal", `there is no package.json above ${here}`);
}

/** Where a program is: its bundle when this runs from a bundle, its source when this runs from source. */
export function programPath(name: ProgramName): string {
  const bundled = here.startsWith(join(packageHome(), "dist") + sep);
  return join(packageHome(), bundled ? join("dist", `${name}.js`) : programs[name]);
}

/** Starts a program with the Node that runs this one. */
export function startProgram(
  name: ProgramName,
  args: string[],
  options: { env: Record<string, string | undefined>; cwd?: string; stdio?: "inherit" | "pipe" },
): ChildProcess {
  const { env, cwd, stdio = "pipe" } = options;
  return spawn(process.execPath, ["--no-warnings", programPath(name), ...args], { env, cwd, stdio });
}
