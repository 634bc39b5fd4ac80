/**
 * `npm run bench -- service [rows=accepting,processes,fairness]`: how fast webhooks are taken in and looked at.
 * GitHub is not asked: the service is what is measured. Taking in is compared with a bare Probot on the same machine in
 * the same run. PostgreSQL is measured where this machine has one.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { postgresPrograms, startPostgres } from "../test/hosts/postgres.ts";
import { atLeast, atMost, printTable, type Row } from "./table.ts";

const secret = "0123456789abcdeffedcba9876543210";
const senders = 128;
const agent = new Agent({ keepAlive: true, maxSockets: senders });
/** As long as GitHub's own are. */
const padding = "x".repeat(8_000);

/** A delivery that names nothing to look at, and those that name an issue or a pull request. */
const events = {
  star: () => ({ action: "created" }),
  /** One of fifty that people talk about. */
  issue_comment: (index: number) => ({
    action: "created",
    issue: { number: 1 + (index % 50) },
    comment: { id: index },
  }),
  issues: (index: number) => ({ action: "edited", issue: { number: index } }),
  pull_request: (index: number) => ({ action: "synchronize", pull_request: { number: index } }),
};
type EventName = keyof typeof events;

type Host = { port: number; process: ChildProcess };

/** Looks wait so long, in milliseconds, as they would for GitHub. */
async function startHost(store: string, lookMs: number): Promise<Host> {
  const file = fileURLToPath(new URL("service-host.ts", import.meta.url));
  const args = ["--no-warnings", file, store, secret, String(lookMs)];
  const host = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await once(host.stdout, "data");
  return { port: Number(line), process: host };
}

async function end({ process: one }: Host): Promise<void> {
  const ended = once(one, "exit");
  one.stdin?.end();
  await ended;
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

/** Deliveries a second, with as many senders at a time as keep any of the hosts busy. */
async function rate(
  host: Host,
  event: EventName,
  { count, first = 0, repository = 5 }: { count: number; first?: number; repository?: number },
): Promise<number> {
  let index = first;
  const began = performance.now();
  const send = async () => {
    while (index < first + count) {
      const body = { ...events[event](index++), repository: { id: repository, padding }, sender: { id: 1 } };
      const status = await deliver(host.port, event, JSON.stringify(body));
      if (status >= 300) throw new Error(`a delivery was answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: senders }, send));
  return (count * 1_000) / (performance.now() - began);
}

type Told = { looked: number; watched: Record<number, number> };

async function tellOf(host: Host): Promise<Told> {
  const headers = { authorization: `Bearer ${secret}` };
  return (await fetch(`http://127.0.0.1:${host.port}/metrics`, { headers })).json() as Promise<Told>;
}

/** The processor time that a host has used, in milliseconds, as Linux counts it in hundredths of a second. */
function timeOf({ process: { pid } }: Host): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

const middle = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const postgres = postgresPrograms === null ? null : await startPostgres();
const stores = async (name: string): Promise<Record<string, string>> => ({
  PGlite: "pglite",
  ...(postgres === null ? {} : { PostgreSQL: await postgres.create(name) }),
});

/** Taking in against a bare Probot, while looks are at work as they are on any day. */
async function accepting(): Promise<Row[]> {
  const rows: Row[] = [];
  const rounds = 7;
  // Long enough that compiling and a pause of the machine are a small part of it.
  const count = 3_000;
  const all = new Map([["probot", await startHost("probot", 0)]]);
  for (const [name, store] of Object.entries(await stores("accepting"))) all.set(name, await startHost(store, 100));
  for (const event of ["star", "issue_comment"] as const) {
    const rates = new Map([...all.keys()].map((name) => [name, [] as number[]]));
    for (const host of all.values()) await rate(host, event, { count });
    const before = new Map([...all].map(([name, host]) => [name, timeOf(host)]));
    // In turn, so that the machine's other load falls on all of them.
    for (let round = 0; round < rounds; round++)
      for (const [name, host] of all)
        rates.get(name)?.push(await rate(host, event, { count, first: (1 + round) * count }));
    const bare = rates.get("probot") ?? [];
    const times = [...all].map(([name, host]) => {
      const ms = (timeOf(host) - (before.get(name) ?? 0)) / (rounds * count);
      return `${name} ${ms.toFixed(2)} ms`;
    });
    console.log(`own time of a delivery: ${times.join(", ")}`);
    console.log(`${event}: ${[...rates].map(([name, some]) => `${name} ${Math.round(middle(some))}/s`).join(", ")}`);
    for (const [name, some] of rates)
      if (name !== "probot") {
        // Round by round, because the machine's speed drifts.
        const ratios = some.map((one, round) => one / (bare[round] ?? Number.NaN));
        rows.push(atLeast(`accepting ${event} on ${name}, against a bare Probot`, middle(ratios), 0.6));
      }
  }
  for (const host of all.values()) await end(host);
  return rows;
}

/** More processes on one PostgreSQL look at more: a look waits for GitHub most of its time, and so it does here. */
async function processes(): Promise<Row[]> {
  if (postgres === null) return [];
  const count = 600;
  const rates: number[] = [];
  for (const many of [1, 2, 4]) {
    const url = await postgres.create(`processes${many}`);
    const hosts: Host[] = [];
    for (let index = 0; index < many; index++) hosts.push(await startHost(url, 200));
    const [first] = hosts;
    if (first === undefined) return [];
    const looked = async () => (await Promise.all(hosts.map(tellOf))).reduce((sum, told) => sum + told.looked, 0);
    const began = performance.now();
    for (let repository = 1; repository <= 20; repository++)
      await rate(first, "pull_request", { count: count / 20, repository });
    while ((await looked()) < count) await sleep(50);
    rates.push((count * 1_000) / (performance.now() - began));
    for (const host of hosts) await end(host);
  }
  console.log(`1, 2 and 4 processes: ${rates.map((one) => `${Math.round(one)}/s`).join(", ")}; load ${loadavg()[0]}`);
  const [one = Number.NaN, two = Number.NaN] = rates;
  return [atLeast("looks with two processes, against one", two / one, 1.7)];
}

/** How long a pull request of B waits while A has 2,000 looks, 1,000 subjects are gone, and twenty agents are at work. */
async function fairness(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, store] of Object.entries(await stores("fairness"))) {
    const host = await startHost(store, 100);
    host.process.stdin?.write("20");
    await rate(host, "pull_request", { count: 2_000, repository: 1 });
    await rate(host, "issues", { count: 1_000, repository: 2 });
    const waits: number[] = [];
    for (const number of [1, 2, 3]) {
      const sent = Date.now();
      await rate(host, "pull_request", { count: 1, first: number, repository: 3 });
      let at = (await tellOf(host)).watched[number];
      while (at === undefined) {
        await sleep(50);
        at = (await tellOf(host)).watched[number];
      }
      waits.push((at - sent) / 1_000);
    }
    rows.push(atMost(`a look in B beside 3,000 others and 20 agents on ${name}`, Math.max(...waits), 3, "s"));
    await end(host);
  }
  return rows;
}

const all = { accepting, processes, fairness };
const asked = process.argv
  .find((one) => one.startsWith("rows="))
  ?.slice(5)
  .split(",");
const rows: Row[] = [];
for (const [name, measure] of Object.entries(all))
  if (asked === undefined || asked.includes(name)) rows.push(...(await measure()));
if (postgres === null) console.log("PostgreSQL is not installed on this machine and was not measured.");
const holds = printTable("The service", rows);
agent.destroy();
await postgres?.close();
process.exitCode = holds ? 0 : 1;
