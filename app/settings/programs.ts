import { type ChildProcess, spawn } from "node:child_process";
import { join, sep } from "node:path";
import { here, packageHome } from "./package-home.ts";

/** The programs of this package that run as separate processes: the source and the bundle of each. */
const programs = {
  sallyport: { source: "app/cli.ts", bundle: "dist/sallyport.cjs" },
  sandbox: { source: "sandbox/main.ts", bundle: "dist/sandbox.js" },
  action: { source: "action/index.ts", bundle: "dist/action.js" },
  inside: { source: "app/runner/inside.ts", bundle: "dist/inside.js" },
} as const;
export type ProgramName = keyof typeof programs;

/** A program's path: its bundle when this code is bundled, its source when this code runs from source. */
export function programPath(name: ProgramName): string {
  const isBundled = here.startsWith(join(packageHome(), "dist") + sep);
  return join(packageHome(), programs[name][isBundled ? "bundle" : "source"]);
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
