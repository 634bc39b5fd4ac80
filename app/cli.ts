#!/usr/bin/env node
import module from "node:module";
import { join } from "node:path";
import { isatty } from "node:tty";
import { inspect } from "node:util";
import { fileProblem } from "./terminal/file-problem.ts";
import type { Io } from "./terminal/io.ts";

const { XDG_CACHE_HOME, LOCALAPPDATA, HOME } = process.env;
const caches = XDG_CACHE_HOME || LOCALAPPDATA || (HOME && join(HOME, ".cache"));
const cache = caches ? join(caches, "sallyport") : undefined;

// Caches compiled code between runs, because hooks and editors ask often; Node 20 lacks the function. The folder is the
// user's own: every user of the machine can write to Node's default one.
if (cache !== undefined) module.enableCompileCache?.(cache);

/**
 * Exits quietly on EPIPE (`… | head`), with status 2 if no result was set yet. An answer that could not be written, as on
 * a full disk, is none.
 */
function write(stream: NodeJS.WriteStream, text: string): void {
  if (stream.listenerCount("error") === 0)
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(process.exitCode ?? 2);
      if (stream === process.stdout) io.err(`sallyport: the answer cannot be written: ${fileProblem(error)}\n`);
      process.exit(2);
    });
  stream.write(text);
}

/** The command line's entry: only this file reads the process's environment and sets its exit status. */
const io: Io = {
  out: (text) => write(process.stdout, text),
  err: (text) => write(process.stderr, text),
  exit: (code) => {
    process.exitCode = code;
  },
  env: process.env,
  cwd: process.cwd(),
  cache,
  color: isatty(1) && process.env.NO_COLOR === undefined,
  redraws: isatty(2),
};

// Node's own status for what nobody catches is 1, which means "no" here.
process.once("uncaughtException", (error) => {
  io.err(`sallyport: ${inspect(error)}\n`);
  process.exit(2);
});

// Loaded after the cache is enabled. No `await`: this file's bundle is CommonJS, which starts sooner.
let isDone = false;
void import("./cli/program.ts")
  .then(({ runProgram }) => runProgram(process.argv, io))
  .then(() => {
    isDone = true;
  });

// Exits at once when nothing is pending, skipping Node's teardown. If an answer never came, nothing was decided; Node
// would exit with status 0.
process.once("beforeExit", () => process.exit(process.exitCode ?? (isDone ? 0 : 2)));
