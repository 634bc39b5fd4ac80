import type { Io } from "./io.ts";

/** How long nothing is shown, and the interval between lines, in milliseconds. */
const times = { quiet: 1_000, between: 2_000 };

const width = 30;

/**
 * Shows the progress of long work on standard error, after one second: a bar on a terminal, a line every two seconds
 * elsewhere. `what` names the counted things; `now` returns the time in milliseconds.
 */
export function showProgress(
  io: Io,
  what: string,
  now: () => number = Date.now,
): { update(done: number, total: number): void; end(): void } {
  const start = now();
  let shown: number | null = null;
  return {
    update(done, total) {
      const at = now();
      if (at - start < times.quiet) return;
      if (io.redraws === true) {
        const filled = total === 0 ? width : Math.floor((width * done) / total);
        io.err(`\r[${"#".repeat(filled)}${" ".repeat(width - filled)}] ${done}/${total} ${what}`);
        shown = at;
        return;
      }
      if (shown !== null && at - shown < times.between) return;
      io.err(`${done} of ${total} ${what}\n`);
      shown = at;
    },
    end() {
      // Removes the bar: the answer follows on standard output.
      if (io.redraws === true && shown !== null) io.err("\r\u001b[K");
    },
  };
}
