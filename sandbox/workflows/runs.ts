/** Runs of workflows: each job's steps in a folder of their own, one job after the other, as processes of this machine. */
import { randomBytes } from "node:crypto";
import { emit } from "../changes/webhooks.ts";
import { readCommit } from "../git/commits.ts";
import { presentRun } from "../present/workflow-runs.ts";
import type { State } from "../state/memory.ts";
import type { Account, Repository } from "../state/model.ts";
import { identify, now } from "../state/state.ts";
import { background, pause } from "../state/work.ts";
import type { WorkflowJob, WorkflowRun } from "../state/workflow-run.ts";
import { runSteps } from "./steps.ts";
import { fill, type Workflow } from "./workflow-file.ts";

/** A request for a run: the workflow as the branch has it, and what it is given. */
export type DispatchOrder = {
  path: string;
  workflow: Workflow;
  branch: string;
  headSha: string;
  inputs: Record<string, string>;
};

/** Adds a run, and starts it where the sandbox has programs for its steps. */
export async function startRun(
  state: State,
  repository: Repository,
  actor: Account,
  { path, workflow, branch, headSha, inputs }: DispatchOrder,
): Promise<WorkflowRun> {
  const values = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`inputs.${name}`, value]));
  const made = now(state);
  const run: WorkflowRun = {
    ...identify(state, "WFR"),
    ...{ repository, actor, path, inputs, headSha, headBranch: branch, attempt: 1 },
    name: workflow.name ?? path,
    title: workflow["run-name"] === undefined ? (workflow.name ?? path) : fill(workflow["run-name"], values),
    ...{ event: "workflow_dispatch", status: "queued", conclusion: null },
    ...{ jobs: [], createdAt: made, updatedAt: made, stop: new AbortController() },
    commit: await readCommit(repository.dir, headSha),
  };
  state.workflowRuns.push(run);
  if (state.actions !== null) background(state, work(state, run, workflow, values));
  return run;
}

async function work(state: State, run: WorkflowRun, workflow: Workflow, values: Record<string, string>): Promise<void> {
  run.status = "in_progress";
  let isGood = true;
  const env = Object.fromEntries(
    Object.entries(workflow.env).map(([name, text]) => [`env.${name}`, fill(text, values)]),
  );
  for (const [name, job] of Object.entries(workflow.jobs)) {
    const own: WorkflowJob = {
      ...identify(state, "CR"),
      ...{ name, status: "in_progress", conclusion: null, startedAt: now(state), completedAt: null, log: "" },
      permissions: job.permissions ?? workflow.permissions,
      secret: randomBytes(24).toString("base64url"),
    };
    run.jobs.push(own);
    const exit: string =
      isGood && !run.stop.signal.aborted ? await runSteps(state, run, own, job, { ...values, ...env }) : "skipped";
    own.conclusion = run.stop.signal.aborted && exit !== "success" ? "cancelled" : exit;
    own.status = "completed";
    own.completedAt = now(state);
    isGood &&= exit === "success";
  }
  finishRun(state, run, run.stop.signal.aborted ? "cancelled" : isGood ? "success" : "failure");
}

/** Ends a run and tells those who listen. */
function finishRun(state: State, run: WorkflowRun, conclusion: string): void {
  run.status = "completed";
  run.conclusion = conclusion;
  run.updatedAt = now(state);
  const { repository, actor } = run;
  emit({ state, repository, actor }, "workflow_run", "completed", {
    workflow_run: presentRun(run),
    workflow: presentWorkflow(run),
  });
}

/** Ends a run before it ends by itself; false when it has ended. */
export function cancelRun(state: State, run: WorkflowRun): boolean {
  if (run.status === "completed") return false;
  run.stop.abort();
  // One that nothing works on ends at once, once the request is answered.
  if (run.status === "queued")
    background(
      state,
      pause(0).then(() => finishRun(state, run, "cancelled")),
    );
  return true;
}

function presentWorkflow({ repository, path, name, createdAt }: WorkflowRun) {
  const url = `${repository.owner.site}/repos/${repository.owner.login}/${repository.name}/actions/workflows/1`;
  return {
    id: 1,
    node_id: "W_1",
    ...{
      name,
      path,
      state: "active",
      created_at: createdAt,
      updated_at: createdAt,
      url,
      html_url: url,
      badge_url: url,
    },
  };
}
