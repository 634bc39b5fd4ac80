import { createHash } from "node:crypto";
import { type CommandRun, excerptLength } from "../../schemas/step.ts";
import { resources } from "./bubblewrap.ts";
import { runConfined } from "./confined.ts";
import type { RunFolder } from "./run-folder.ts";

/** What a command is run with: its folder, the one way out if it has one, its most seconds, and what ends it. */
export type CommandPlace = {
  folder: RunFolder;
  /** The socket of a relay; null: there is no way out. */
  socket: string | null;
  seconds: number;
  signal: AbortSignal;
  env?: Readonly<Record<string, string>>;
};

/** More than agents' programs may write: the dependencies are in the folder. */
const most = { ...resources, written: 4 * 1024 ** 3 };

/** Runs one command in the sandbox to its end. What it prints is the work of whoever wrote the tree. */
export async function runCommandIn(argv: readonly string[], place: CommandPlace): Promise<CommandRun> {
  const { folder, socket, seconds, signal, env = {} } = place;
  const digest = createHash("sha256");
  let end = "";
  const started = performance.now();
  const { exit, stopped } = await runConfined(
    { ...folder, socket, tools: null, env, argv, most },
    {
      ...{ stdin: "", limits: { runtime: seconds, silence: seconds }, signal, isWaiting: () => false },
      onLine: () => false,
      onOutput(chunk) {
        digest.update(chunk);
        end = (end + chunk).slice(-excerptLength);
      },
    },
  );
  signal.throwIfAborted();
  return {
    argv: [...argv],
    exit,
    ...(stopped === null ? {} : { stopped: stopped.code }),
    seconds: Math.round(performance.now() - started) / 1_000,
    output: digest.digest("hex"),
    excerpt: end.toWellFormed(),
  };
}
