/**
 * `npm run bench`: all benchmarks, or one with `-- <name>`. Each is a separate program, so that none warms up another.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const names = ["gates", "hostile", "ledger", "crash", "service", "dispatch", "agents", "pages"];
const asked = process.argv.slice(2);
const wrong = asked.find((name) => !names.includes(name));
if (wrong !== undefined) {
  console.error(`bench: there is no benchmark named ${wrong}; known are ${names.join(", ")}`);
  process.exit(2);
}
for (const name of asked.length > 0 ? asked : names) {
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  const { status } = spawnSync(process.execPath, ["--no-warnings", file], { stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
