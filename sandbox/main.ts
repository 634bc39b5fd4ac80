/** Runs the sandbox as a program: `node sandbox/main.ts --seed seed.yml [--port 3999] [--dir state]`. */
import { parseArgs } from "node:util";
import { readSeed } from "./seed/seed.ts";
import { startSandbox } from "./server/server.ts";

const USAGE = "usage: node sandbox/main.ts --seed <file.yml> [--port <number>] [--dir <directory>]";

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string" },
      port: { type: "string", default: "0" },
      dir: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const port = Number(values.port);
  if (values.seed === undefined || !Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(USAGE);
  const sandbox = await startSandbox({
    seed: await readSeed(values.seed),
    port,
    ...(values.dir === undefined ? {} : { dir: values.dir }),
  });
  console.error(`sandbox listening on ${sandbox.url}`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      sandbox.close().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    });
  }
}

/** What people do about the problems of a first start. */
const problems: Readonly<Record<string, string>> = {
  ENOENT: "the seed is not there: name a YAML file with --seed, as sandbox/README.md shows one",
  EISDIR: "the seed is a folder: name a YAML file with --seed",
  EACCES: "the seed or the port is not for this user",
  EADDRINUSE: "another program listens on this port: end it, or name another --port",
};

main().catch((error: unknown) => {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  console.error(problems[code] ?? (error instanceof Error ? error.message : error));
  process.exitCode = 2;
});
