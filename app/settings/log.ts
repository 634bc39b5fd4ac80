import { AsyncLocalStorage } from "node:async_hooks";
import { pino } from "pino";
import { prettyFactory } from "pino-pretty";
import type { Config } from "./config.ts";

type Say = (details: object, line: string) => void;

/**
 * The service's log: what happened with its details, and a line for people. `error`: something is given up; `warn`: a
 * failure that is tried again; `info`: deliveries, decisions, effects and waits; `debug`: every job, and each look from
 * which nothing follows.
 */
export type Log = { debug: Say; info: Say; warn: Say; error: Say };

/** The delivery or the job that all of this happens for. */
const causes = new AsyncLocalStorage<string>();

/** Does work for a cause: whatever it logs or enqueues carries the cause's id. */
export function causedBy<T>(id: string, work: () => T): T {
  return causes.run(id, work);
}

/** The id of the cause that the present work is done for. */
export function currentCause(): string | undefined {
  return causes.getStore();
}

/** A log of JSON lines, or of lines for a terminal. Each has the `cause` that it happened for. */
export function createLog(
  { logLevel, logFormat }: Pick<Config, "logLevel" | "logFormat">,
  print: (line: string) => void,
): Log {
  const pretty = logFormat === "pretty" ? prettyFactory({ colorize: false, singleLine: true }) : (line: string) => line;
  return pino(
    {
      level: logLevel,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      mixin: () => {
        const cause = currentCause();
        return cause === undefined ? {} : { cause };
      },
    },
    { write: (line) => print(pretty(line).trimEnd()) },
  );
}
