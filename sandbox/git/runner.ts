/**
 * A small process that starts git for the sandbox. The cost of starting a program grows with the memory of the parent
 * process, and the host of a sandbox, such as a test, may use a lot: from here it costs a tenth.
 */
import { spawn } from "node:child_process";

/** One command: git's arguments, its folder, environment and input. */
export type Order = {
  id: number;
  argv: string[];
  dir: string;
  env: Record<string, string>;
  input: string | Uint8Array;
};

/** The result of an order, or why git could not be started. */
export type Report = { id: number } & (
  | { ok: true; exit: number; stdout: Uint8Array; stderr: Uint8Array }
  | { ok: false; why: string }
);

function run({ id, argv, dir, env, input }: Order, tell: (report: Report) => void): void {
  const child = spawn("git", argv, { cwd: dir, env });
  const out: Buffer[] = [];
  const complaints: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => complaints.push(chunk));
  // git may exit before it has read all of its input; the exit status is reported.
  child.stdin.on("error", () => undefined);
  child.on("error", (error) => tell({ id, ok: false, why: error.message }));
  child.on("close", (exit) =>
    tell({ id, ok: true, exit: exit ?? -1, stdout: Buffer.concat(out), stderr: Buffer.concat(complaints) }),
  );
  child.stdin.end(input);
}

process.on("message", (order: Order) => run(order, (report) => process.send?.(report)));
process.on("disconnect", () => process.exit());
