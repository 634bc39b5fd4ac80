#!/usr/bin/env node
import module from "node:module";
import { join } from "node:path";
import { isatty } from "node:tty";
import type { Io } from "./terminal/io.ts";

const { XDG_CACHE_HOME, LOCALAPPDATA, HOME } = process.env;
const caches = XDG_CACHE_HOME || LOCALAPPDATA || (HOME && join(HOME, ".cache"));
const cache = caches ? join(caches, "sallyport") : undefined;

// Compiled code is kept between runs, so that a hook or an editor which asks often is answered soon. Node 20 cannot do it.
// In the user's own folder: Node's usual place is one that every user of the machine can write to.
if (cache !== undefined) module.enableCompileCache?.(cache);

/** Writes, and ends quietly when whoever reads has had enough, as `head` has; without a result yet, as undecided. */
function write(stream: NodeJS.WriteStream, text: string): void {
  if (stream.listenerCount("error") === 0)
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      process.exit(process.exitCode ?? 2);
    });
  stream.write(text);
}

/** The command line's entry: the only file below `app` that touches the process. */
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

// Only now, so that its code is kept as well. No `await`: the bundle of this file is CommonJS, which starts sooner.
let isDone = false;
void import("./cli/program.ts")
  .then(({ runProgram }) => runProgram(process.argv, io))
  .then(() => {
    isDone = true;
  });

// Nothing is left to do: the process ends at once, without Node taking it apart piece by piece. Where an answer never came,
// nothing was decided, and Node would call that a success.
process.once("beforeExit", () => process.exit(process.exitCode ?? (isDone ? 0 : 2)));
