import type { WorkflowJob, WorkflowRun } from "../state/workflow-run.ts";
import { presentAccount } from "./accounts.ts";
import { presentSimpleCommit } from "./commits.ts";
import { presentMinimalRepository, repositoryPage, repositoryUrl } from "./repositories.ts";

/** GitHub's workflow-run. */
export function presentRun(run: WorkflowRun) {
  const { repository, actor, createdAt } = run;
  const url = `${repositoryUrl(repository)}/actions/runs/${run.id}`;
  const shown = presentMinimalRepository(repository);
  return {
    id: run.id,
    node_id: run.nodeId,
    name: run.name,
    head_branch: run.headBranch,
    head_sha: run.headSha,
    path: run.path,
    display_title: run.title,
    run_number: 1,
    run_attempt: run.attempt,
    event: run.event,
    status: run.status,
    conclusion: run.conclusion,
    workflow_id: 1,
    check_suite_id: run.id,
    check_suite_node_id: run.nodeId,
    ...{ url, html_url: `${repositoryPage(repository)}/actions/runs/${run.id}`, pull_requests: [] },
    ...{ created_at: createdAt, updated_at: run.updatedAt, run_started_at: createdAt },
    ...{ actor: presentAccount(actor), triggering_actor: presentAccount(actor), previous_attempt_url: null },
    ...{ jobs_url: `${url}/jobs`, logs_url: `${url}/logs`, check_suite_url: url, artifacts_url: `${url}/artifacts` },
    ...{ cancel_url: `${url}/cancel`, rerun_url: `${url}/rerun`, workflow_url: `${url}/workflow` },
    head_commit: presentSimpleCommit(run.commit),
    repository: shown,
    head_repository: shown,
  };
}

/** GitHub's job. */
export function presentJob(run: WorkflowRun, job: WorkflowJob) {
  const url = `${repositoryUrl(run.repository)}/actions/jobs/${job.id}`;
  return {
    id: job.id,
    run_id: run.id,
    run_url: `${repositoryUrl(run.repository)}/actions/runs/${run.id}`,
    run_attempt: run.attempt,
    node_id: job.nodeId,
    head_sha: run.headSha,
    head_branch: run.headBranch,
    workflow_name: run.name,
    ...{ url, html_url: url, check_run_url: url, name: job.name, status: job.status, conclusion: job.conclusion },
    ...{ created_at: job.startedAt, started_at: job.startedAt, completed_at: job.completedAt },
    ...{
      labels: ["ubuntu-24.04"],
      runner_id: 1,
      runner_name: "sandbox",
      runner_group_id: 1,
      runner_group_name: "sandbox",
    },
  };
}
