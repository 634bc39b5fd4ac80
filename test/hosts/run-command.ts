import type { Command } from "commander";
import type { Io } from "../../app/terminal/io.ts";

export type Result = { out: string; err: string; exit: number | null };

/** Runs one command as the command line would, with streams that are kept and no process that ends. */
export async function runCommand(
  command: (io: Io) => Command,
  args: string[],
  around: Pick<Io, "cwd"> & Partial<Pick<Io, "env" | "color">>,
): Promise<Result> {
  const result: Result = { out: "", err: "", exit: null };
  const io: Io = {
    out: (text) => {
      result.out += text;
    },
    err: (text) => {
      result.err += text;
    },
    exit: (code) => {
      result.exit = code;
    },
    env: around.env ?? {},
    cwd: around.cwd,
    color: around.color ?? false,
  };
  await command(io).parseAsync(args, { from: "user" });
  return result;
}
