import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { bareEnvironment, bubblewrapArguments, type Enclosed } from "./bubblewrap.ts";
import { useOf } from "./process-tree.ts";
import { owner, sizeOf } from "./run-folder.ts";

/** Why our host ended a program. */
export type Stop = {
  code: "time-exceeded" | "silence" | "memory-exceeded" | "output-exceeded" | "processes-exceeded";
  message: string;
};

/** How a program ended: by itself, or `stopped` by us. `complaint` is the end of what it wrote on standard error. */
export type Ended = { exit: number | null; complaint: string; stopped: Stop | null };

/** What a program is given, and how it is watched. */
export type Watch = {
  stdin: string;
  /** Seconds. */
  limits: { runtime: number; silence: number };
  /** Ends the program; why is the caller's to tell. */
  signal: AbortSignal;
  /** Gets each line that the program prints; true: the program says that this was its last. */
  onLine(line: string): boolean;
  /** Gets all that it prints, as it comes. */
  onOutput?(chunk: string): void;
  /** Whether the program waits for an answer of the relay's, which has a silence limit of its own. */
  isWaiting(): boolean;
};

/** The longest line that is read, and the most of standard error that is kept, in characters. */
const kept = { line: 4_000_000, complaint: 2_000 } as const;

/** Between two looks at a program's use, and how long it may go on after its last line, in milliseconds. */
const timing = { shortest: 250, longest: 2_000, afterEnd: 10_000 } as const;

/**
 * Runs a program in bubblewrap to its end. It is ended with all its processes when it reaches a limit, when `signal`
 * says so, and when our own process dies: its PID namespace goes with bubblewrap. Rejects only when bubblewrap itself
 * cannot be started.
 */
export async function runConfined(enclosed: Enclosed, watch: Watch): Promise<Ended> {
  const { most } = enclosed;
  const started = performance.now();
  const child = spawn("bwrap", bubblewrapArguments(enclosed), { env: bareEnvironment, cwd: "/", ...owner });
  const ended = new AbortController();
  const closed = once(child, "close").finally(() => ended.abort());
  let stopped: Stop | null = null;
  const stop = (code: Stop["code"], message: string) => {
    stopped ??= { code, message };
    child.kill("SIGKILL");
  };
  const cancel = () => child.kill("SIGKILL");
  watch.signal.addEventListener("abort", cancel);
  if (watch.signal.aborted) cancel();

  let [heard, printed, complaint, rest] = [started, 0, "", ""];
  let lastLine = Number.POSITIVE_INFINITY;
  const hear = (chunk: string) => {
    heard = performance.now();
    watch.onOutput?.(chunk);
    printed += chunk.length;
    if (printed > most.printed) stop("output-exceeded", `it printed more than ${most.printed} bytes`);
  };
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    hear(chunk);
    if (stopped !== null) return;
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > kept.line) stop("output-exceeded", `it printed a line of more than ${kept.line} characters`);
    for (const line of lines) if (watch.onLine(line)) lastLine = performance.now();
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    hear(chunk);
    complaint = (complaint + chunk).slice(-kept.complaint);
  });
  // A program need not read all that it is given.
  child.stdin.on("error", () => undefined).end(watch.stdin);

  const { runtime, silence } = watch.limits;
  const look = () => {
    const now = performance.now();
    if (watch.isWaiting()) heard = now;
    if (now - started > runtime * 1_000) return stop("time-exceeded", "the time for this work is used up");
    if (now - heard > silence * 1_000) return stop("silence", `the program said nothing for ${silence} s`);
    if (now - lastLine > timing.afterEnd) return void child.kill("SIGKILL");
    const { processes, memory } = useOf(child.pid ?? 0);
    if (memory > most.memory) stop("memory-exceeded", `it used more than ${most.memory} bytes of memory`);
    if (processes > most.processes) stop("processes-exceeded", `it had more than ${most.processes} processes at once`);
  };
  const weigh = async () => {
    if ((await sizeOf(enclosed.work, most.written)) > most.written)
      stop("output-exceeded", `its folder took more than ${most.written} bytes`);
  };
  /** Looks again and again until the program has ended, for a tenth of the time at most. */
  const repeat = async (one: () => void | Promise<void>) => {
    while (!ended.signal.aborted) {
      const begun = performance.now();
      await one();
      const pause = Math.min(timing.longest, Math.max(timing.shortest, (performance.now() - begun) * 9));
      await sleep(pause, undefined, { signal: ended.signal }).catch(() => undefined);
    }
  };
  const watching = Promise.all([repeat(look), repeat(weigh)]);
  try {
    const [exit] = await closed;
    await watching;
    if (rest !== "" && stopped === null) watch.onLine(rest);
    return { exit: typeof exit === "number" ? exit : null, complaint, stopped };
  } finally {
    watch.signal.removeEventListener("abort", cancel);
  }
}
