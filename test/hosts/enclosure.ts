/** Programs in bubblewrap for tests: hostile scripts in a folder of their own, watched as agents are. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { confinementProblem } from "../../app/runner/availability.ts";
import { type Resources, resources } from "../../app/runner/bubblewrap.ts";
import { type Ended, runConfined } from "../../app/runner/confined.ts";
import { makeRunFolder, type RunFolder } from "../../app/runner/run-folder.ts";

/** Why this machine confines nothing; the tests that need it are skipped then. */
export const unconfined = await confinementProblem();
if (unconfined !== null) console.warn(`tests of agents' programs are skipped: ${unconfined}`);

/** Limits that a test reaches soon. */
const small = { ...resources, memory: 150 * 1024 ** 2, written: 50 * 1024 ** 2, printed: 10 * 1024 ** 2 };

type Script = {
  socket?: string | null;
  limits?: { runtime: number; silence: number };
  most?: Partial<Resources>;
  signal?: AbortSignal;
  env?: Record<string, string>;
  before?(folder: RunFolder): Promise<void>;
  after?(folder: RunFolder): Promise<void>;
};

/** Runs a script of bash to its end and gives what it printed, and the milliseconds that it took: all, and since its first line (0 if none). */
export async function runScript(
  script: string,
  { socket = null, most = {}, env = {}, ...more }: Script = {},
): Promise<Ended & { lines: string[]; ms: number; saidMs: number }> {
  const folder = await makeRunFolder();
  try {
    await writeFile(join(folder.work, "script"), script);
    await more.before?.(folder);
    const lines: string[] = [];
    const started = performance.now();
    let said: number | null = null;
    const ended = await runConfined(
      { ...folder, socket, tools: null, env, argv: ["bash", "script"], most: { ...small, ...most } },
      {
        stdin: "",
        limits: more.limits ?? { runtime: 60, silence: 60 },
        signal: more.signal ?? new AbortController().signal,
        onLine: (line) => {
          said ??= performance.now();
          lines.push(line);
          return false;
        },
        isWaiting: () => false,
      },
    );
    await more.after?.(folder);
    const now = performance.now();
    return { ...ended, lines, ms: now - started, saidMs: now - (said ?? now) };
  } finally {
    await folder.remove();
  }
}
