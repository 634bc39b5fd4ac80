/**
 * `npm run bench -- service [rows=accepting,looking,processes,fairness,day]`: how fast webhooks are taken in and looked at.
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

type Told = {
  looked: number;
  watched: Record<number, number>;
  events: number;
  lastEvent: number;
  bytes: number;
  cpu: { user: number; system: number };
};

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
    const bare = middle(rates.get("probot") ?? []);
    const times = [...all].map(([name, host]) => {
      const ms = (timeOf(host) - (before.get(name) ?? 0)) / (rounds * count);
      return `${name} ${ms.toFixed(2)} ms`;
    });
    console.log(`own time of a delivery: ${times.join(", ")}`);
    console.log(`${event}: ${[...rates].map(([name, some]) => `${name} ${Math.round(middle(some))}/s`).join(", ")}`);
    for (const [name, some] of rates)
      if (name !== "probot")
        rows.push(atLeast(`accepting ${event} on ${name}, against a bare Probot`, middle(some) / bare, 0.6));
  }
  for (const host of all.values()) await end(host);
  return rows;
}

/** Looks a second from the last delivery on, all at issues of their own, and a second of the process's own time. */
async function looking(): Promise<Row[]> {
  const rows: Row[] = [];
  const count = 1_000;
  for (const [name, store] of Object.entries(await stores("looking"))) {
    const host = await startHost(store, 0);
    const before = (await tellOf(host)).cpu;
    const began = performance.now();
    await rate(host, "issues", { count, first: 1_000 });
    while ((await tellOf(host)).looked < count) await sleep(20);
    const seconds = (performance.now() - began) / 1_000;
    const { cpu } = await tellOf(host);
    const own = (cpu.user + cpu.system - before.user - before.system) / 1e6;
    rows.push(atLeast(`accepting and looking on ${name}, of the process's own time`, count / own, 100, "/s"));
    console.log(`looking on ${name}: ${Math.round(count / seconds)} a second of the clock`);
    await end(host);
  }
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
    host.process.stdin?.write("20 0");
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

/** A sweep finds 5,000 open pull requests of 200 repositories, and 2,000 of them change at one moment. */
async function day(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, store] of Object.entries(await stores("day"))) {
    const host = await startHost(store, 100);
    host.process.stdin?.write("0 5000");
    while ((await tellOf(host)).looked < 200) await sleep(50);
    const before = (await tellOf(host)).bytes;
    const sent = Date.now();
    for (let repository = 1; repository <= 200; repository++)
      await rate(host, "pull_request", { count: 10, repository });
    while ((await tellOf(host)).events < 2_000) await sleep(100);
    const { lastEvent, bytes } = await tellOf(host);
    // 2,000 looks of 100 ms, twelve at a time, are 17 s.
    rows.push(atMost(`the last of 2,000 changes beside 5,000 swept on ${name}`, (lastEvent - sent) / 1_000, 40, "s"));
    while ((await tellOf(host)).looked < 7_000) await sleep(200);
    rows.push(
      atMost(`memory after it, against before, on ${name}`, Math.max(bytes, (await tellOf(host)).bytes) / before, 1.4),
    );
    await end(host);
  }
  return rows;
}

const all = { accepting, looking, processes, fairness, day };
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
