/** Jest's global setup: starts the judge of conformance, and tells all tests where it is. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

// biome-ignore lint/style/noDefaultExport: Jest calls what its setup exports by default
export default async function start(): Promise<void> {
  const judge = fork(fileURLToPath(new URL("./judge.ts", import.meta.url)));
  const [port] = await Promise.race([
    once(judge, "message"),
    once(judge, "exit").then(([code]) => {
      throw new Error(`the judge of conformance ended with ${code}`);
    }),
  ]);
  process.env.CONFORMANCE_URL = `http://127.0.0.1:${port}`;
  // It ends when its channel closes, with Jest's own process.
  judge.unref();
  judge.channel?.unref();
}
