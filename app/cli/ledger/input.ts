import { oneLine } from "../../../core/escape.ts";
import type { Io } from "../../terminal/io.ts";

/**
 * Prints in one line on standard error why a command stops, and sets its exit status: 1 no, 2 could not decide. The
 * command is one of `ledger`, or named in full.
 */
export function stop(io: Io, command: string, message: string, status: 1 | 2): void {
  const name = command.includes(" ") ? command : `ledger ${command}`;
  io.err(`sallyport ${name}: ${oneLine(message)}\n`);
  io.exit(status);
}

/** A positive whole number from the command line, or null. */
export function wholeNumber(text: string): number | null {
  return /^[1-9][0-9]{0,14}$/.test(text) ? Number(text) : null;
}

/** A ledger head as the check run's text shows it, `<seq>:<64 hex digits>`, or null. */
export function readHead(text: string): { seq: number; hash: string } | null {
  const [, seq = "", hash = ""] = /^([0-9]+):([0-9a-f]{64})$/.exec(text) ?? [];
  const number = wholeNumber(seq);
  return number === null ? null : { seq: number, hash };
}
