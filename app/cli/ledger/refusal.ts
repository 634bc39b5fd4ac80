import { oneLine } from "../../../core/escape.ts";
import type { Io } from "../io.ts";

/** Says on standard error why a command stops, in one line, and sets its exit status: 1 no, 2 could not decide. */
export function stop(io: Io, command: string, message: string, status: 1 | 2): void {
  io.err(`sallyport ledger ${command}: ${oneLine(message)}\n`);
  io.exit(status);
}
