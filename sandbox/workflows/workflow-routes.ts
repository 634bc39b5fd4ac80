/** Workflows that are asked for by name, and their runs with jobs and logs. */
import { z } from "zod";
import { branchTip } from "../git/git.ts";
import { readBlob, readEntry } from "../git/trees.ts";
import { repositoryUrl } from "../present/repositories.ts";
import { presentJob, presentRun } from "../present/workflow-runs.ts";
import { accepted, ifFound, notFound, ok, refused } from "../request/answer.ts";
import { listing } from "../request/paging.ts";
import { authoredRoute, type RepositoryCall, type Route, repoRoute, withBody } from "../request/route.ts";
import type { WorkflowRun } from "../state/workflow-run.ts";
import { cancelRun, startRun } from "./runs.ts";
import { readWorkflow } from "./workflow-file.ts";

const ACTIONS = "/repos/:owner/:repo/actions";
const READ = { needs: "actions=read", role: "read" } as const;
const WRITE = { needs: "actions=write", role: "write" } as const;

const order = z.object({
  ref: z.string(),
  inputs: z.record(z.string(), z.string()).default({}),
  return_run_details: z.boolean().default(false),
});

/** The run of a path, if workflows here ran it. */
export function findRun({ state, repository, params }: RepositoryCall): WorkflowRun | undefined {
  return state.workflowRuns.find((run) => run.repository === repository && run.id === Number(params.run));
}

export const workflowRoutes: Route[] = [
  authoredRoute(
    `POST ${ACTIONS}/workflows/:workflow/dispatches`,
    WRITE,
    withBody(order, async (call, { ref, inputs, return_run_details: details }) => {
      const { state, repository, actor, params } = call;
      const headSha = await branchTip(repository.dir, ref);
      if (headSha === undefined) return refused(422, `No ref found for: ${ref}`);
      const path = `.github/workflows/${params.workflow}`;
      const entry = await readEntry(repository.dir, headSha, path);
      if (entry === undefined) return notFound();
      const workflow = readWorkflow((await readBlob(repository.dir, entry.sha))?.toString("utf8") ?? "");
      if (workflow === null) return refused(422, "Workflow does not have 'workflow_dispatch' trigger");
      const known = workflow.on.workflow_dispatch?.inputs ?? {};
      const foreign = Object.keys(inputs).filter((name) => !(name in known));
      if (foreign.length > 0) return refused(422, `Unexpected inputs provided: ${JSON.stringify(foreign)}`);
      const missing = Object.keys(known).find((name) => known[name]?.required === true && inputs[name] === undefined);
      if (missing !== undefined) return refused(422, `Required input '${missing}' not provided`);
      const run = await startRun(state, repository, actor, { path, workflow, branch: ref, headSha, inputs });
      if (!details) return { status: 204 };
      const url = `${repositoryUrl(repository)}/actions/runs/${run.id}`;
      return ok({ workflow_run_id: run.id, run_url: url, html_url: url });
    }),
  ),
  repoRoute(`GET ${ACTIONS}/workflows/:workflow/runs`, READ, (call) => {
    const { state, params, query } = call;
    const runs = state.workflowRuns.filter(
      ({ repository, path, event }) =>
        repository === call.repository &&
        path === `.github/workflows/${params.workflow}` &&
        event === (query.get("event") ?? event),
    );
    return listing(call, runs.reverse(), presentRun, "workflow_runs");
  }),
  repoRoute(`GET ${ACTIONS}/runs/:run/jobs`, READ, (call) =>
    ifFound(findRun(call), (run) => listing(call, run.jobs, (job) => presentJob(run, job), "jobs")),
  ),
  ...(["cancel", "force-cancel"] as const).map((how) =>
    authoredRoute(`POST ${ACTIONS}/runs/:run/${how}`, WRITE, (call) =>
      ifFound(findRun(call), (run) =>
        cancelRun(call.state, run) ? accepted() : refused(409, "Cannot cancel a workflow run that is completed."),
      ),
    ),
  ),
];
