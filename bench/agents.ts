/**
 * What our host adds to an agent's program: the start of its sandbox, and each call of a model through the relay. The
 * service answers at once and in this process, so that what is measured is ours; the sandbox is compared with Node's start.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRelay } from "../app/agents/relay.ts";
import { confinementProblem } from "../app/runner/availability.ts";
import { resources } from "../app/runner/bubblewrap.ts";
import { runConfined } from "../app/runner/confined.ts";
import { makeRunFolder } from "../app/runner/run-folder.ts";
import { events, memoryCalls, toolEvents } from "../test/hosts/model-service.ts";
import { atMost, printTable } from "./table.ts";

const rounds = { starts: 15, calls: 200 };
const model = "claude-sonnet-5-5";
const answer = events(toolEvents("Bash", '{"command":"ls"}'));
const service = createServer((incoming, response) => incoming.resume().on("end", () => answer(response)));
await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
const { port } = service.address() as AddressInfo;

/** As long as a program's talk is after some turns. */
const said = Array.from({ length: 20 }, (_, index) => ({
  role: index % 2 === 0 ? "user" : "assistant",
  content: "x".repeat(5_000),
}));

/** Milliseconds of one call, with its whole answer. */
function ask(to: { socketPath: string } | { host: string; port: number }, round: number): Promise<number> {
  const body = JSON.stringify({
    model,
    max_tokens: 100,
    stream: true,
    messages: [...said, { role: "user", content: `${round}` }],
  });
  const started = performance.now();
  return new Promise((resolve, reject) => {
    request({ ...to, path: "/v1/messages", method: "POST" }, (response) =>
      response.resume().on("end", () => resolve(performance.now() - started)),
    )
      .on("error", reject)
      .end(body);
  });
}

async function startTime(socket: string): Promise<number> {
  const folder = await makeRunFolder();
  const started = performance.now();
  await runConfined(
    { ...folder, socket, tools: null, env: {}, argv: ["true"], most: resources },
    {
      ...{ stdin: "", limits: { runtime: 60, silence: 60 }, signal: new AbortController().signal },
      ...{ onLine: () => false, isWaiting: () => false },
    },
  );
  const time = performance.now() - started;
  await folder.remove();
  return time;
}

const median = (times: number[]) => times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? 0;

const folder = await mkdtemp(join(tmpdir(), "bench-agents-"));
const socketPath = join(folder, "relay");
const relay = await startRelay(socketPath, {
  service: { name: "anthropic", apiKey: "none", baseUrl: `http://127.0.0.1:${port}`, model },
  ...{ calls: memoryCalls(), about: "a benchmark", signal: new AbortController().signal },
  limits: { silence: 60, turns: 10_000, tokens: 100_000_000 },
  ...{ onAnswer: () => undefined, onEnd: (why) => console.error(why) },
});
const [direct, relayed]: [number[], number[]] = [[], []];
for (let round = 0; round < rounds.calls; round += 1) {
  direct.push(await ask({ host: "127.0.0.1", port }, round));
  relayed.push(await ask({ socketPath }, round));
}
const rows = [
  atMost("a call through the relay, beyond the service's own time, p50", median(relayed) - median(direct), 10, "ms"),
];
const problem = await confinementProblem();
if (problem !== null) console.error(`the start of the sandbox is not measured: ${problem}`);
else {
  const starts: number[] = [];
  for (let round = 0; round < rounds.starts; round += 1) starts.push(await startTime(socketPath));
  rows.push(atMost("start and end of a program in the sandbox with its relay, p50", median(starts), 300, "ms"));
}
await relay.close();
service.close();
await rm(folder, { recursive: true });
if (!printTable("Agents' programs", rows)) process.exitCode = 1;
