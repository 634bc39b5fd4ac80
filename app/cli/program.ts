import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, type CommanderError } from "commander";
import { messageOf } from "../../core/errors.ts";
import { oneLine } from "../../core/escape.ts";
import { packageHome } from "../settings/package-home.ts";
import type { Io } from "../terminal/io.ts";

/** All commands by name. Only the requested one is loaded: the server's packages are heavy. */
const commands: Record<string, () => Promise<(io: Io) => Command>> = {
  check: async () => (await import("./check/check.ts")).checkCommand,
  policy: async () => (await import("./policy/policy.ts")).policyCommand,
  backtest: async () => (await import("./backtest/backtest.ts")).backtestCommand,
  init: async () => (await import("./init/init.ts")).initCommand,
  ledger: async () => (await import("./ledger/ledger.ts")).ledgerCommand,
  replay: async () => (await import("./ledger/replay.ts")).replayCommand,
  story: async () => (await import("./ledger/story.ts")).storyCommand,
  setup: async () => (await import("./setup/setup.ts")).setupCommand,
  status: async () => (await import("./status.ts")).statusCommand,
  queue: async () => (await import("./queue.ts")).queueCommand,
  serve: async () => (await import("./serve.ts")).serveCommand,
  doctor: async () => (await import("./doctor.ts")).doctorCommand,
  rebuild: async () => (await import("./rebuild.ts")).rebuildCommand,
  sandbox: async () => (await import("./sandbox.ts")).sandboxCommand,
  completion: async () => (await import("./completion.ts")).completionCommand,
  demo: async () => (await import("../demo/demo.ts")).demoCommand,
};

/** Runs the command line. `argv` is the process's, with node and the program's file before the first word. */
export async function runProgram(argv: readonly string[], io: Io): Promise<void> {
  try {
    const program = await makeProgram(argv[2], io);
    await program.parseAsync(argv);
  } catch (error) {
    if (isCommanderError(error)) {
      // Commander has printed the message. Its own status for bad input is 1, which means "no" here.
      io.exit(error.exitCode === 0 ? 0 : 2);
      return;
    }
    io.err(`sallyport: ${oneLine(messageOf(error))}\n`);
    io.exit(2);
  }
}

async function makeProgram(asked: string | undefined, io: Io): Promise<Command> {
  const program = new Command("sallyport")
    .description(
      "Lets AI agents change a repository only through approved prompts, evidence, gates and a person's sign-off.",
    )
    .version(packageVersion())
    .addHelpText(
      "after",
      "\nExit status: 0 yes, 1 no (a gate failed, a chain is broken), 2 could not decide or bad input.",
    )
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .exitOverride();
  // The script of completions names every command.
  const isOne = asked !== undefined && asked !== "completion" && Object.hasOwn(commands, asked);
  const one = isOne ? commands[asked] : undefined;
  for (const load of one === undefined ? Object.values(commands) : [one]) {
    const command = await load();
    program.addCommand(withSameExit(program, command(io)));
  }
  return program;
}

/** A sub-command does not inherit its parent's exit and output settings. */
function withSameExit(program: Command, command: Command): Command {
  command.copyInheritedSettings(program);
  for (const child of command.commands) withSameExit(program, child);
  return command;
}

/** Recognised by its code, because part of the bundle may contain another copy of commander. */
function isCommanderError(error: unknown): error is CommanderError {
  return error instanceof Error && "code" in error && String(error.code).startsWith("commander.");
}

function packageVersion(): string {
  const { version }: { version: string } = JSON.parse(readFileSync(join(packageHome(), "package.json"), "utf8"));
  return version;
}
