import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { readApiLedger } from "../../collect/ledger/ledger.ts";
import { entryHash } from "../../core/ledger/entry.ts";
import { verifyChain } from "../../core/ledger/verify.ts";
import { newKey } from "../builders/ledger.ts";
import type { Acme } from "./store-and-github.ts";

const writer = fileURLToPath(new URL("crash-writer.ts", import.meta.url));

type Said =
  | { event: "started"; seq: number; entries: number; problems: unknown[] }
  | { event: "stored"; seq: number; hash: string };

/** What so many rounds of appending, exporting and kill -9 came to; `faults` is empty if nothing was lost. */
export type Crashes = { rounds: number; entries: number; faults: string[] };

/** Kills a process that writes the ledger, again and again, each time at another moment, and looks what is left. */
export async function crash(acme: Acme, rounds: number): Promise<Crashes> {
  const dir = mkdtempSync(join(tmpdir(), "crash-"));
  const key = newKey();
  const paths = {
    ledger: join(dir, "ledger.pem"),
    app: join(dir, "app.pem"),
    database: join(dir, "database"),
  };
  writeFileSync(paths.ledger, key.pem);
  writeFileSync(paths.app, acme.privateKey);
  const args = [paths.database, acme.sandbox.url, String(acme.repository), paths.ledger, paths.app];
  const faults: string[] = [];
  const hashes = new Map<number, string>();
  let promised = 0;
  let last = 0;
  const hear = (said: Said) => {
    if (said.event === "started") {
      last = said.seq;
      if (said.problems.length > 0) faults.push(`the chain does not verify: ${JSON.stringify(said.problems[0])}`);
      if (said.seq !== said.entries) faults.push(`the head is ${said.seq} and there are ${said.entries} entries`);
      if (said.seq < promised) faults.push(`entry ${promised} was stored, and the ledger ends at ${said.seq}`);
    }
    if (said.event === "stored") {
      promised = said.seq;
      hashes.set(said.seq, said.hash);
    }
  };
  try {
    for (let round = 0; round < rounds; round += 1) await runUntilKilled(args, hear);
    await runToTheEnd([...args, "finish"], hear);
    const lines = await published(acme);
    if (lines.length !== last) faults.push(`${last} entries are stored and ${lines.length} published`);
    const report = verifyChain(lines, [{ key: key.publicKey }]);
    faults.push(...report.problems.map(({ message }) => message));
    for (const [index, line] of lines.entries()) {
      const hash = hashes.get(index + 1);
      if (hash !== undefined && hash !== entryHash(line))
        faults.push(`entry ${index + 1} was published in another form`);
    }
    return { rounds, entries: lines.length, faults };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function published({ world: context }: Acme): Promise<string[]> {
  const lines = await readApiLedger(context.github);
  if (!lines.known) throw new Error(lines.why);
  return lines.value ?? [];
}

/** Starts the writer and kills it at some moment after it has begun to write. */
async function runUntilKilled(args: string[], hear: (said: Said) => void): Promise<void> {
  const child = start(args);
  const ended = endOf(child, (said) => {
    hear(said);
    if (said.event === "started") setTimeout(() => child.kill("SIGKILL"), Math.random() * maxMilliseconds);
  });
  const { signal, complaint } = await ended;
  if (signal !== "SIGKILL") throw new Error(`the writer ended by itself: ${complaint.slice(0, 2_000)}`);
}

/** Long enough for a few entries and an export or two. */
const maxMilliseconds = 1_200;

async function runToTheEnd(args: string[], hear: (said: Said) => void): Promise<void> {
  const { status, complaint } = await endOf(start(args), hear);
  if (status !== 0) throw new Error(`the writer ended with status ${status}: ${complaint.slice(0, 2_000)}`);
}

function start(args: string[]) {
  return spawn(process.execPath, ["--no-warnings", writer, ...args], { stdio: ["ignore", "pipe", "pipe"] });
}

function endOf(child: ReturnType<typeof start>, hear: (said: Said) => void) {
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  createInterface({ input: child.stdout }).on("line", (line) => hear(JSON.parse(line)));
  return new Promise<{ status: number | null; signal: string | null; complaint: string }>((resolve) => {
    child.on("close", (status, signal) => resolve({ status, signal, complaint }));
  });
}
