import { readCommit } from "../git/commits.ts";
import type { CheckRun, CheckSuite } from "../state/model.ts";
import { isFromFork, pullsOf } from "../state/state.ts";
import { presentApp } from "./accounts.ts";
import { presentSimpleCommit } from "./commits.ts";
import { presentPullMinimal } from "./pulls.ts";
import { repositoryPage, repositoryUrl } from "./repositories.ts";

/** The worst first: a suite concludes with the worst conclusion among its runs. */
const WORST_FIRST = ["failure", "timed_out", "cancelled", "action_required", "stale", "success", "neutral", "skipped"];

/** GitHub's check-run. */
export function presentCheckRun(run: CheckRun) {
  const { suite, output } = run;
  const url = `${repositoryUrl(suite.repository)}/check-runs/${run.id}`;
  const page = `${repositoryPage(suite.repository)}/runs/${run.id}`;
  return {
    id: run.id,
    node_id: run.nodeId,
    name: run.name,
    head_sha: suite.headSha,
    external_id: run.external_id,
    url,
    html_url: page,
    details_url: run.details_url ?? page,
    status: run.status,
    conclusion: run.conclusion,
    started_at: run.started_at,
    completed_at: run.completed_at,
    output: {
      title: output.title,
      summary: output.summary,
      text: output.text,
      annotations_count: output.annotations.length,
      annotations_url: `${url}/annotations`,
    },
    check_suite: { id: suite.id },
    app: presentApp(suite.app),
    pull_requests: pullsAt(suite),
  };
}

/** GitHub's check-run as webhooks carry it: with more of its suite. */
export function presentSentCheckRun(run: CheckRun) {
  return { ...presentCheckRun(run), check_suite: suiteFields(run.suite) };
}

/** GitHub's check-suite; outside webhooks it also names its repository. */
export async function presentCheckSuite(suite: CheckSuite) {
  const runs = newestRuns(suite);
  const url = `${repositoryUrl(suite.repository)}/check-suites/${suite.id}`;
  return {
    ...suiteFields(suite),
    latest_check_runs_count: runs.length,
    check_runs_url: `${url}/check-runs`,
    head_commit: presentSimpleCommit(await readCommit(suite.repository.dir, suite.headSha)),
    rerequestable: true,
    runs_rerequestable: true,
  };
}

function suiteFields(suite: CheckSuite) {
  const runs = newestRuns(suite);
  const done = runs.length > 0 && runs.every((run) => run.status === "completed");
  const started = runs.some((run) => run.status !== "queued");
  return {
    id: suite.id,
    node_id: suite.nodeId,
    head_branch: suite.headBranch,
    head_sha: suite.headSha,
    status: done ? "completed" : started ? "in_progress" : "queued",
    conclusion: done ? worst(runs) : null,
    url: `${repositoryUrl(suite.repository)}/check-suites/${suite.id}`,
    before: null,
    after: suite.headSha,
    pull_requests: pullsAt(suite),
    app: presentApp(suite.app),
    created_at: suite.createdAt,
    updated_at: suite.updatedAt,
  };
}

function worst(runs: CheckRun[]): string | null {
  return WORST_FIRST.find((conclusion) => runs.some((run) => run.conclusion === conclusion)) ?? null;
}

/** Of runs with one name only the newest counts. */
function newestRuns(suite: CheckSuite): CheckRun[] {
  const runs = suite.repository.runs.filter((run) => run.suite === suite);
  return runs.filter((run, index) => runs.findLastIndex(({ name }) => name === run.name) === index);
}

/** GitHub leaves out pull requests from forks here. */
function pullsAt({ repository, headSha }: CheckSuite) {
  const pulls = pullsOf(repository).filter(
    (pull) => pull.issue.state === "open" && pull.head.sha === headSha && !isFromFork(pull),
  );
  return pulls.map(presentPullMinimal);
}
