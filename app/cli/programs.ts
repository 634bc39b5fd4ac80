import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The programs of this package that run as processes of their own. */
const programs = { sallyport: "app/cli.ts", sandbox: "sandbox/main.ts", action: "action/index.ts" } as const;
export type ProgramName = keyof typeof programs;

/** Where a program is: its bundle when this is an installed package, its source in a checkout. */
export function programPath(name: ProgramName): string {
  const bundled = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
  if (existsSync(bundled)) return bundled;
  return fileURLToPath(new URL(`../../${programs[name]}`, import.meta.url));
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
