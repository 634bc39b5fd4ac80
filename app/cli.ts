#!/usr/bin/env node
import module from "node:module";

// Compiled code is kept between runs, so that a hook or an editor which asks often is answered soon. Node 20 cannot do it.
module.enableCompileCache?.();

const { runProgram } = await import("./cli/program.ts");

/** The command line's entry: the only file below `app` that touches the process. */
await runProgram(process.argv, {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  exit: (code) => {
    process.exitCode = code;
  },
  env: process.env,
  cwd: process.cwd(),
  color: process.stdout.isTTY === true && process.env.NO_COLOR === undefined,
  redraws: process.stderr.isTTY === true,
});
