/**
 * How fast webhooks are taken in and looked at, as ratios to a bare Probot on the same machine in the same run. GitHub is
 * not asked: the service is what is measured. PostgreSQL is measured where this machine has one.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { postgresPrograms, startPostgres } from "../test/hosts/postgres.ts";
import { atLeast, printTable, type Row } from "./table.ts";

const secret = "0123456789abcdeffedcba9876543210";
const agent = new Agent({ keepAlive: true, maxSockets: 16 });
/** As long as GitHub's own are. */
const padding = "x".repeat(8_000);

/** A delivery that names nothing to look at, and one that names an issue: one of fifty that people talk about. */
const events = {
  star: () => ({ action: "created" }),
  issue_comment: (index: number) => ({
    action: "created",
    issue: { number: 1 + (index % 50) },
    comment: { id: index },
  }),
  issues: (index: number) => ({ action: "edited", issue: { number: index } }),
};
type EventName = keyof typeof events;

type Host = { port: number; process: ChildProcess };

async function startHost(store: string): Promise<Host> {
  const file = fileURLToPath(new URL("service-host.ts", import.meta.url));
  const host = spawn(process.execPath, ["--no-warnings", file, store, secret], { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await once(host.stdout, "data");
  return { port: Number(line), process: host };
}

function deliver(port: number, event: string, body: string): Promise<number> {
  const headers = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "x-github-event": event,
    "x-github-delivery": randomUUID(),
    "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
  };
  const to = { agent, port, host: "127.0.0.1", method: "POST", path: "/api/github/webhooks", headers };
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const sent = request(to, (answer) => answer.resume().once("end", () => resolve(answer.statusCode ?? 0)));
  sent.once("error", reject).end(body);
  return promise;
}

/** Deliveries a second, sixteen senders at a time. */
async function rate(host: Host, event: EventName, count: number, first = 0): Promise<number> {
  let index = first;
  const began = performance.now();
  const send = async () => {
    while (index < first + count) {
      const body = { ...events[event](index++), repository: { id: 5, padding }, sender: { id: 1 } };
      const status = await deliver(host.port, event, JSON.stringify(body));
      if (status >= 300) throw new Error(`a delivery was answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: 16 }, send));
  return (count * 1_000) / (performance.now() - began);
}

/** Looks a second from the last delivery on, all at issues of their own. */
async function lookRate(host: Host, count: number): Promise<number> {
  const looks = async () => {
    const headers = { authorization: `Bearer ${secret}` };
    return Number(await (await fetch(`http://127.0.0.1:${host.port}/metrics`, { headers })).text());
  };
  const before = await looks();
  const began = performance.now();
  await rate(host, "issues", count, 1_000);
  while ((await looks()) < before + count) await sleep(20);
  return (count * 1_000) / (performance.now() - began);
}

const postgres = postgresPrograms === null ? null : await startPostgres();
const url = postgres === null ? null : await postgres.create("bench");
const hosts = { probot: await startHost("probot"), PGlite: await startHost("pglite") };
const all: Record<string, Host> = url === null ? hosts : { ...hosts, PostgreSQL: await startHost(url) };

const rounds = 5;
const middle = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const rows: Row[] = [];
for (const event of ["star", "issue_comment"] as const) {
  const rates = new Map(Object.keys(all).map((name) => [name, [] as number[]]));
  for (const host of Object.values(all)) await rate(host, event, 200);
  // In turn, so that the machine's other load falls on all of them.
  for (let round = 0; round < rounds; round++)
    for (const [name, host] of Object.entries(all))
      rates.get(name)?.push(await rate(host, event, 300, 200 + round * 300));
  const bare = middle(rates.get("probot") ?? []);
  console.log(`${event}: ${[...rates].map(([name, some]) => `${name} ${Math.round(middle(some))}/s`).join(", ")}`);
  for (const [name, some] of rates)
    if (name !== "probot")
      rows.push(atLeast(`accepting ${event} on ${name}, against a bare Probot`, middle(some) / bare, 0.6));
}
for (const [name, host] of Object.entries(all))
  if (name !== "probot") rows.push(atLeast(`accepting and looking on ${name}`, await lookRate(host, 1_000), 100, "/s"));

if (postgres === null) console.log("PostgreSQL is not installed on this machine and was not measured.");
const holds = printTable("The service", rows);
for (const { process: one } of Object.values(all)) one.stdin?.end();
agent.destroy();
await postgres?.close();
process.exitCode = holds ? 0 : 1;
