/** Owns the process that starts git, and sends it commands. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Order, Report } from "./runner.ts";

/** The result of a command: its exit status and output. */
export type GitResult = { exit: number; stdout: Buffer; stderr: string };

const here = fileURLToPath(import.meta.url);
const runnerFile = fileURLToPath(new URL(here.endsWith(".ts") ? "runner.ts" : "git-runner.js", import.meta.url));

const waiting = new Map<number, { resolve(report: Report): void; reject(error: Error): void }>();
let runner: ChildProcess | null = null;
let orders = 0;

/** Runs one git command in the other process. Fails only when that process exits before it answers. */
export function order(command: Omit<Order, "id">): Promise<Report> {
  runner ??= start();
  const id = ++orders;
  const child = runner;
  if (waiting.size === 0) keepAlive(child, true);
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    child.send({ id, ...command });
  });
}

function start(): ChildProcess {
  const child = fork(runnerFile, [], {
    execArgv: ["--no-warnings"],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  child.on("message", (report: Report) => {
    waiting.get(report.id)?.resolve(report);
    waiting.delete(report.id);
    if (waiting.size === 0) keepAlive(child, false);
  });
  child.on("exit", () => {
    runner = null;
    for (const { reject } of waiting.values()) reject(new Error("the process that starts git has ended"));
    waiting.clear();
  });
  keepAlive(child, false);
  return child;
}

/** The runner keeps this process alive only while a command is pending, and exits with it. */
function keepAlive(child: ChildProcess, isNeeded: boolean): void {
  for (const handle of [child, child.channel]) isNeeded ? handle?.ref() : handle?.unref();
}
