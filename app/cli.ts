import { readFileSync } from "node:fs";
import { Command } from "commander";
import { checkCommand } from "./cli/check.ts";
import { demoCommand } from "./cli/demo.ts";
import type { Io } from "./cli/io.ts";
import { ledgerCommand } from "./cli/ledger.ts";
import { policyCommand } from "./cli/policy.ts";
import { sandboxCommand } from "./cli/sandbox.ts";
import { serveCommand } from "./cli/serve.ts";

/** The command line's entry: the only file below `app` that touches the process. */
const io: Io = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  exit: (code) => {
    process.exitCode = code;
  },
  env: process.env,
  cwd: process.cwd(),
  color: process.stdout.isTTY === true && process.env.NO_COLOR === undefined,
};

const { version }: { version: string } = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
);

const program = new Command("sallyport")
  .description(
    "Lets AI agents change a repository only through approved prompts, evidence, gates and a person's sign-off.",
  )
  .version(version)
  .addHelpText(
    "after",
    "\nExit status: 0 yes, 1 no (a gate failed, a chain is broken), 2 could not decide or bad input.",
  )
  .exitOverride((error) => {
    // Commander's own status for bad input is 1, which is a "no" here.
    process.exit(error.exitCode === 0 ? 0 : 2);
  });
for (const command of [
  checkCommand,
  policyCommand,
  ledgerCommand,
  serveCommand,
  sandboxCommand,
  demoCommand,
]) {
  program.addCommand(withSameExit(command(io)));
}

/** A sub-command does not inherit how its parent ends. */
function withSameExit(command: Command): Command {
  command.copyInheritedSettings(program);
  for (const child of command.commands) withSameExit(child);
  return command;
}

try {
  await program.parseAsync();
} catch (error) {
  io.err(`sallyport: ${error instanceof Error ? error.message : String(error)}\n`);
  io.exit(2);
}
