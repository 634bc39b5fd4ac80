import { ledgerCommand } from "../../app/cli/ledger/ledger.ts";
import { type Result, runCommand } from "./run-command.ts";

/** Runs `sallyport ledger` in this process, as if it was started in a folder; `wait` stands for the pause of `--follow`. */
export async function runLedger(cwd: string, args: string[], color = false, wait = async () => false): Promise<Result> {
  return runCommand((io) => ledgerCommand(io, wait), args, { cwd, color });
}
