import { type ChildProcess, execFile } from "node:child_process";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { SallyportError } from "../../core/errors.ts";
import { type ProgramName, programPath, startProgram } from "../settings/programs.ts";

/** A process of the demo that runs until it is closed. */
export type Host = { url: string; process: ChildProcess; close(): Promise<void> };

/** Starts a program and waits for the line with its address. */
export async function startHost(
  name: ProgramName,
  args: string[],
  env: Record<string, string | undefined>,
  log: (line: string) => void,
): Promise<Host> {
  const child = startProgram(name, args, { env });
  const said: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      for (const line of chunk.toString("utf8").split("\n")) {
        if (line.trim() === "") continue;
        said.push(line);
        log(`${name}: ${line}`);
        const found = /listening on (http:\/\/\S+)/.exec(line)?.[1];
        if (found !== undefined) resolve(found);
      }
    };
    child.stderr?.on("data", hear);
    child.stdout?.on("data", hear);
    child.once("exit", (code) =>
      reject(new SallyportError("internal", `${name} ended (${code}) before it listened: ${said.slice(-3).join(" ")}`)),
    );
  });
  return {
    url,
    process: child,
    close: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null) return resolve();
        child.once("exit", () => resolve());
        child.kill("SIGTERM");
        // A host that does not exit must not keep the demo from ending.
        setTimeout(() => child.kill("SIGKILL"), 8_000).unref();
      }),
  };
}

/** Runs a program to its end; a failing exit status is a result, not an error. */
export function runProgram(
  name: ProgramName,
  args: string[],
  env: Record<string, string | undefined>,
  cwd: string,
): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--no-warnings", programPath(name), ...args],
      { env: { ...env }, cwd, maxBuffer: 64 * 1024 * 1024 },
      (error, out, err) =>
        resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : 2, out, err }),
    );
  });
}

/** A free port, for a host whose address another host must know first. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address !== null ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}

/** Runs the Action on a pull request as a runner would: in a process of its own, with the runner's environment. */
export async function runAction(
  pull: { number: number; sha: string; apiUrl: string; token: string },
  dir: string,
  env: Record<string, string | undefined>,
): Promise<{ code: number; verdict: string; conclusion: string; out: string }> {
  const folder = await mkdtemp(join(dir, "action-"));
  const files = {
    event: join(folder, "event.json"),
    output: join(folder, "output"),
    summary: join(folder, "summary.md"),
  };
  await writeFile(
    files.event,
    JSON.stringify({
      action: "synchronize",
      number: pull.number,
      pull_request: { number: pull.number, head: { sha: pull.sha } },
      repository: { full_name: "acme/governed" },
    }),
  );
  await writeFile(files.output, "");
  await writeFile(files.summary, "");
  const run = await runProgram(
    "action",
    [],
    {
      PATH: env.PATH,
      CI: "true",
      GITHUB_ACTIONS: "true",
      GITHUB_API_URL: pull.apiUrl,
      GITHUB_EVENT_NAME: "pull_request",
      GITHUB_EVENT_PATH: files.event,
      GITHUB_REPOSITORY: "acme/governed",
      GITHUB_OUTPUT: files.output,
      GITHUB_STEP_SUMMARY: files.summary,
      GITHUB_RUN_ATTEMPT: "1",
      "INPUT_GITHUB-TOKEN": pull.token,
      "INPUT_FAIL-ON": "failure",
    },
    folder,
  );
  const outputs = readOutputs(await readFile(files.output, "utf8"));
  return {
    code: run.code,
    verdict: outputs.get("verdict") ?? "",
    conclusion: outputs.get("conclusion") ?? "",
    out: `${run.out}${run.err}`,
  };
}

/** Parses the runner's output file: `name<<delimiter`, value, delimiter. Source: GitHub docs, "Workflow commands". */
function readOutputs(text: string): Map<string, string> {
  const outputs = new Map<string, string>();
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const match = /^([^=<]+)<<(.+)$/.exec(lines[at] ?? "");
    if (match === null) continue;
    const end = lines.indexOf(match[2] ?? "", at + 1);
    if (end < 0) break;
    outputs.set(match[1] ?? "", lines.slice(at + 1, end).join("\n"));
    at = end;
  }
  return outputs;
}
