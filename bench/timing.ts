import { spawn, spawnSync } from "node:child_process";
import { once as onceOf } from "node:events";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

/** A command to time. */
export type Timed = { argv: [string, ...string[]]; cwd?: string; env?: NodeJS.ProcessEnv };

/** The median of all rounds in milliseconds and, for a Node process, its peak memory in MB. */
export type Figure = { ms: number; megabytes: number | null };

const peakFile = fileURLToPath(new URL("peak.cjs", import.meta.url));

function once({ argv, cwd, env }: Timed): Figure {
  const [program, ...args] = argv;
  const isNode = program === process.execPath;
  const started = process.hrtime.bigint();
  const { status, error, stderr, output } = spawnSync(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    maxBuffer: 1 << 28,
  });
  const ms = Number(process.hrtime.bigint() - started) / 1e6;
  if (error !== undefined) throw error;
  if (status !== 0)
    throw new Error(`${argv.join(" ")} ended with status ${status}: ${stderr.toString().slice(0, 500)}`);
  const peak = Number(output[3]?.toString() ?? "");
  return { ms, megabytes: isNode && peak > 0 ? peak / 1024 : null };
}

/** Runs the commands in turn, so that the machine's other load falls on all of them, and returns each one's median. */
export function compare<Name extends string>(commands: Record<Name, Timed>, rounds: number): Record<Name, Figure> {
  const names = Object.keys(commands) as Name[]; // Object.keys forgets the names' type.
  const runs = new Map<Name, Figure[]>(names.map((name) => [name, []]));
  for (const name of names) once(commands[name]);
  for (let round = 0; round < rounds; round += 1) for (const name of names) runs.get(name)?.push(once(commands[name]));
  const figures = names.map((name) => [name, middle(runs.get(name) ?? [])] as const);
  return Object.fromEntries(figures) as Record<Name, Figure>;
}

/** The peak memory of one run. It is not timed: measuring memory costs a little time. */
export function peakOf(command: Timed): number {
  const { megabytes } = once({ ...command, env: { ...command.env, NODE_OPTIONS: `--require=${peakFile}` } });
  return megabytes ?? Number.NaN;
}

function middle(figures: readonly Figure[]): Figure {
  const sorted = figures.toSorted((one, other) => one.ms - other.ms);
  return sorted[Math.floor(sorted.length / 2)] ?? { ms: Number.NaN, megabytes: null };
}

/** One run of a Node program: its time in milliseconds, its peak memory in MB, and the status that it ended with. */
export type Cost = { ms: number; megabytes: number; status: number | null };

/** Runs a Node program once, while this process goes on, such as with serving it. */
export async function costOf({ argv: [program, ...args], cwd, env }: Timed): Promise<Cost> {
  const started = process.hrtime.bigint();
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env, NODE_OPTIONS: `--require=${peakFile}` },
    stdio: ["ignore", "ignore", "inherit", "pipe"],
  });
  const ended = onceOf(child, "close");
  const pipe = child.stdio[3];
  const peak = pipe instanceof Readable ? await text(pipe) : "";
  const [status] = await ended;
  const ms = Number(process.hrtime.bigint() - started) / 1e6;
  return { ms, megabytes: Number(peak) / 1024, status };
}
