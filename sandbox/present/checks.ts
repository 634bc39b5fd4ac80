import { readCommit } from "../git/commits.ts";
import type { State } from "../state/memory.ts";
import type { CheckRun, CheckSuite, Repository } from "../state/model.ts";
import { pullsOf } from "../state/state.ts";
import { presentApp } from "./accounts.ts";
import { presentSimpleCommit } from "./commits.ts";
import { presentPullMinimal } from "./pulls.ts";
import { repositoryPage, repositoryUrl } from "./repositories.ts";

/** The worst first: a suite concludes with the worst conclusion among its runs. */
const WORST_FIRST = ["failure", "timed_out", "cancelled", "action_required", "stale", "success", "neutral", "skipped"];

/** GitHub's check-run. */
export function presentCheckRun(state: State, repository: Repository, run: CheckRun) {
  const { suite, output } = run;
  const url = `${repositoryUrl(state, repository)}/check-runs/${run.id}`;
  const page = `${repositoryPage(state, repository)}/runs/${run.id}`;
  return {
    id: run.id,
    node_id: run.nodeId,
    name: run.name,
    head_sha: suite.headSha,
    external_id: run.externalId,
    url,
    html_url: page,
    details_url: run.detailsUrl ?? page,
    status: run.status,
    conclusion: run.conclusion,
    started_at: run.startedAt,
    completed_at: run.completedAt,
    output: {
      title: output.title,
      summary: output.summary,
      text: output.text,
      annotations_count: output.annotations.length,
      annotations_url: `${url}/annotations`,
    },
    check_suite: { id: suite.id },
    app: presentApp(state, suite.app),
    pull_requests: pullsAt(state, repository, suite.headSha),
  };
}

/** GitHub's check-run as webhooks carry it: with more of its suite. */
export function presentSentCheckRun(state: State, repository: Repository, run: CheckRun) {
  return {
    ...presentCheckRun(state, repository, run),
    check_suite: suiteFields(state, repository, run.suite),
  };
}

/** GitHub's check-suite; outside webhooks it also names its repository. */
export async function presentCheckSuite(state: State, repository: Repository, suite: CheckSuite) {
  const runs = newestRuns(repository, suite);
  const url = `${repositoryUrl(state, repository)}/check-suites/${suite.id}`;
  return {
    ...suiteFields(state, repository, suite),
    latest_check_runs_count: runs.length,
    check_runs_url: `${url}/check-runs`,
    head_commit: presentSimpleCommit(await readCommit(repository.dir, suite.headSha)),
    rerequestable: true,
    runs_rerequestable: true,
  };
}

function suiteFields(state: State, repository: Repository, suite: CheckSuite) {
  const runs = newestRuns(repository, suite);
  const done = runs.length > 0 && runs.every((run) => run.status === "completed");
  const started = runs.some((run) => run.status !== "queued");
  return {
    id: suite.id,
    node_id: suite.nodeId,
    head_branch: suite.headBranch,
    head_sha: suite.headSha,
    status: done ? "completed" : started ? "in_progress" : "queued",
    conclusion: done ? worst(runs) : null,
    url: `${repositoryUrl(state, repository)}/check-suites/${suite.id}`,
    before: null,
    after: suite.headSha,
    pull_requests: pullsAt(state, repository, suite.headSha),
    app: presentApp(state, suite.app),
    created_at: suite.createdAt,
    updated_at: suite.updatedAt,
  };
}

function worst(runs: CheckRun[]): string | null {
  return WORST_FIRST.find((conclusion) => runs.some((run) => run.conclusion === conclusion)) ?? null;
}

/** Of runs with one name only the newest counts. */
function newestRuns(repository: Repository, suite: CheckSuite): CheckRun[] {
  const runs = repository.runs.filter((run) => run.suite === suite);
  return runs.filter((run, index) => runs.findLastIndex(({ name }) => name === run.name) === index);
}

function pullsAt(state: State, repository: Repository, sha: string) {
  const pulls = pullsOf(repository).filter((pull) => pull.issue.state === "open" && pull.head.sha === sha);
  return pulls.map((pull) => presentPullMinimal(state, pull));
}
