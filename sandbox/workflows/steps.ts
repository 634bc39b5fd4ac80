/** The steps of one job. GitHub's own actions are played; others are programs that whoever starts the sandbox names. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { unzipSync, zipSync } from "fflate";
import { gitEnvironment, gitText } from "../git/git.ts";
import type { State } from "../state/memory.ts";
import type { WorkflowJob, WorkflowRun } from "../state/workflow-run.ts";
import { upload } from "./uploads.ts";
import { fill, type Job, type Step } from "./workflow-file.ts";

type Place = { state: State; run: WorkflowRun; job: WorkflowJob; folder: string; temp: string };

/** Runs a job's steps until one fails; what it printed is its log. */
export async function runSteps(
  state: State,
  run: WorkflowRun,
  job: WorkflowJob,
  { steps }: Job,
  known: Record<string, string>,
): Promise<"success" | "failure"> {
  const temp = await mkdtemp(join(tmpdir(), "sandbox-job-"));
  const place = { state, run, job, temp, folder: join(temp, "work") };
  // Who works in a job is the same user as the job; here it may be another one.
  await chmod(temp, 0o755);
  await mkdir(place.folder);
  const values = { ...known, "runner.temp": temp };
  try {
    for (const step of steps) {
      if (run.stop.signal.aborted || !(await runStep(step, values, place))) return "failure";
    }
    return "success";
  } catch (error) {
    job.log += `${String(error)}\n`;
    return "failure";
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

async function runStep(step: Step, values: Record<string, string>, place: Place): Promise<boolean> {
  const { run, job, folder, temp, state } = place;
  const given = Object.fromEntries(Object.entries(step.with).map(([name, text]) => [name, fill(text, values)]));
  if (step.run !== undefined) return start(["/bin/bash", "-e", "-c", fill(step.run, values)], {}, place);
  const [action = ""] = (step.uses ?? "").split("@");
  const path = join(folder, given.path ?? ".");
  switch (action) {
    case "actions/checkout":
      if (job.permissions.contents === undefined) throw new Error("this job may not read contents");
      await gitText(temp, ["clone", "--quiet", "--no-checkout", run.repository.dir, path]);
      await gitText(path, ["checkout", "--quiet", "--detach", given.ref ?? run.headSha]);
      return true;
    case "actions/upload-artifact": {
      const files = await filesIn(path);
      if (Object.keys(files).length > 0) upload(state, run, given.name ?? "artifact", Buffer.from(zipSync(files)));
      return Object.keys(files).length > 0;
    }
    case "actions/download-artifact": {
      const found = run.repository.artifacts.find((one) => one.run === run.id && one.name === given.name);
      if (found === undefined) return false;
      for (const [name, bytes] of Object.entries(unzipSync(Buffer.from(found.zip, "base64")))) {
        await mkdir(dirname(join(path, name)), { recursive: true });
        await writeFile(join(path, name), bytes);
      }
      return true;
    }
    default: {
      const argv = state.actions?.[action];
      if (argv === undefined) throw new Error(`the sandbox has no program for ${step.uses}`);
      const inputs = Object.entries(given).map(([name, text]) => [`INPUT_${name.toUpperCase()}`, text]);
      return start(argv, Object.fromEntries(inputs), place);
    }
  }
}

/** Runs a program with what GitHub tells a job, and nothing of this machine's. */
async function start(argv: readonly string[], more: Record<string, string>, place: Place): Promise<boolean> {
  const { state, run, job, folder, temp } = place;
  const [program = "", ...args] = argv;
  const identity = {
    ACTIONS_ID_TOKEN_REQUEST_URL: `${state.url}/_services/token/job/${job.id}?api-version=2.0`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: job.secret,
  };
  const env = {
    ...{ PATH: gitEnvironment.PATH, HOME: temp, CI: "true", GITHUB_ACTIONS: "true" },
    ...{ GITHUB_WORKSPACE: folder, RUNNER_TEMP: temp, GITHUB_RUN_ID: String(run.id) },
    ...(job.permissions["id-token"] === "write" ? identity : {}),
    ...more,
  };
  const child = spawn(program, args, { cwd: folder, env, signal: run.stop.signal, killSignal: "SIGKILL" });
  const hear = (chunk: Buffer) => {
    job.log += chunk.toString("utf8");
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  child.stdin.end();
  const [code] = await once(child, "close");
  return code === 0;
}

async function filesIn(folder: string): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files[path.slice(folder.length + 1)] = await readFile(path);
  }
  return files;
}
