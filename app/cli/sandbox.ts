import { Command } from "commander";
import { checkoutProblem } from "../settings/package-home.ts";
import { startProgram } from "../settings/programs.ts";
import type { Io } from "../terminal/io.ts";

/** `sallyport sandbox`: a GitHub in one process, for playing the road by hand. It runs as a separate process. */
export function sandboxCommand(io: Io): Command {
  return new Command("sandbox")
    .description("run a GitHub in one process, on real git repositories, for playing and for tests")
    .requiredOption("--seed <file.yml>", "users, tokens, roles, repositories and apps; see sandbox/README.md")
    .option("--port <port>", "the port to listen on", "4000")
    .option("--dir <dir>", "keep the repositories in this folder (default: a temporary one)")
    .addHelpText("after", "\nExample:\n  npx sallyport sandbox --port 4000 --seed seed.yml")
    .action(async (options: { seed: string; port: string; dir?: string }) => {
      const problem = checkoutProblem();
      if (problem !== null) {
        io.err(`sallyport sandbox: ${problem}\n`);
        return io.exit(2);
      }
      const args = [
        "--seed",
        options.seed,
        "--port",
        options.port,
        ...(options.dir === undefined ? [] : ["--dir", options.dir]),
      ];
      const child = startProgram("sandbox", args, { env: io.env, cwd: io.cwd, stdio: "inherit" });
      for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => child.kill(signal));
      const code = await new Promise<number>((resolve) => child.once("exit", (status) => resolve(status ?? 0)));
      io.exit(code === 0 ? 0 : 2);
    });
}
