import { ledgerCommand } from "../../../app/cli/ledger.ts";

export type Result = { out: string; err: string; exit: number | null };

/** Runs `sallyport ledger` in this process, as if it was started in a folder; `wait` stands for the pause of `--follow`. */
export async function runLedger(
  cwd: string,
  args: string[],
  color = false,
  wait = async () => false,
): Promise<Result> {
  const result: Result = { out: "", err: "", exit: null };
  const io = {
    out: (text: string) => {
      result.out += text;
    },
    err: (text: string) => {
      result.err += text;
    },
    exit: (code: number) => {
      result.exit = code;
    },
    env: {},
    cwd,
    color,
  };
  await ledgerCommand(io, wait).parseAsync(args, { from: "user" });
  return result;
}
