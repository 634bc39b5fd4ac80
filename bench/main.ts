/**
 * `npm run bench`: all benchmarks but the long ones, or those named with `-- <name>`. What has the form `name=value` is
 * passed on to them. Each is a separate program, so that none warms up another.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const names = ["gates", "hostile", "ledger", "crash", "service", "length", "dispatch", "agents", "pages"];
/** They take many minutes and run only when they are named. */
const long = ["chaos", "day"];
const isOption = (one: string) => /^[a-z]+=/.test(one);
const asked = process.argv.slice(2).filter((one) => !isOption(one));
const options = process.argv.slice(2).filter(isOption);
const wrong = asked.find((name) => ![...names, ...long].includes(name));
if (wrong !== undefined) {
  console.error(`bench: there is no benchmark named ${wrong}; known are ${[...names, ...long].join(", ")}`);
  process.exit(2);
}
/** What is asked of the service is measured by the ledger's length and over a day too; each part can be asked for alone. */
const parts = asked.flatMap((name) => (name === "service" ? ["service", "length", "day"] : [name]));
for (const name of asked.length > 0 ? new Set(parts) : names) {
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  const { status } = spawnSync(process.execPath, ["--no-warnings", file, ...options], { stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
