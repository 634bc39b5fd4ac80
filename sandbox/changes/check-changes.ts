/** Changes to check runs and suites: each function makes one and sends its webhooks. */

import { presentCheckSuite, presentSentCheckRun } from "../present/checks.ts";
import type { State } from "../state/memory.ts";
import type { Account, App, CheckRun, CheckSuite, Repository } from "../state/model.ts";
import { checkSuite, identify, now } from "../state/state.ts";
import { emit } from "./webhooks.ts";

/** Fields that a request may set. A conclusion completes the run; annotations accumulate. */
export type RunFields = Partial<Omit<CheckRun, "id" | "nodeId" | "suite">>;

/** Creates a run in the app's suite for the commit, and sends its webhooks. */
export async function addCheckRun(
  state: State,
  repository: Repository,
  app: App,
  fields: RunFields & { name: string; headSha: string; headBranch?: string | null },
): Promise<CheckRun> {
  const { headSha, headBranch = null, ...rest } = fields;
  const run: CheckRun = {
    ...identify(state, "CR"),
    suite: checkSuite(state, repository, app, { sha: headSha, branch: headBranch }),
    name: fields.name,
    status: "queued",
    conclusion: null,
    startedAt: now(state),
    completedAt: null,
    externalId: "",
    detailsUrl: null,
    output: { title: null, summary: null, text: null, annotations: [] },
    actions: [],
  };
  set(state, run, rest);
  repository.runs.push(run);
  await emitRun(state, repository, run, "created", app.bot);
  if (run.status === "completed") await emitCompleted(state, repository, run);
  return run;
}

/** Changes a run; sends a webhook when it completes. */
export async function changeCheckRun(
  state: State,
  repository: Repository,
  run: CheckRun,
  fields: RunFields,
): Promise<void> {
  const before = run.status;
  set(state, run, fields);
  if (run.status === "completed" && before !== "completed") await emitCompleted(state, repository, run);
}

/** Asks only the run's app to check again. */
export async function rerequestRun(state: State, repository: Repository, run: CheckRun, by: Account): Promise<void> {
  await emitRun(state, repository, run, "rerequested", by, run.suite.app);
}

export async function rerequestSuite(
  state: State,
  repository: Repository,
  suite: CheckSuite,
  by: Account,
): Promise<void> {
  await emitSuite(state, repository, suite, "rerequested", by, suite.app);
}

function set(state: State, run: CheckRun, fields: RunFields): void {
  const annotations = [...run.output.annotations, ...(fields.output?.annotations ?? [])];
  Object.assign(run, fields);
  run.output = { ...run.output, annotations };
  if (fields.conclusion != null) run.status = "completed";
  if (run.status === "completed") {
    run.completedAt ??= now(state);
  } else {
    run.conclusion = null;
    run.completedAt = null;
  }
  run.suite.updatedAt = now(state);
}

async function emitCompleted(state: State, repository: Repository, run: CheckRun): Promise<void> {
  const { suite } = run;
  await emitRun(state, repository, run, "completed", suite.app.bot);
  const open = repository.runs.some((each) => each.suite === suite && each.status !== "completed");
  if (!open) await emitSuite(state, repository, suite, "completed", suite.app.bot);
}

async function emitRun(
  state: State,
  repository: Repository,
  run: CheckRun,
  action: string,
  sender: Account,
  only?: App,
): Promise<void> {
  const shown = presentSentCheckRun(state, repository, run);
  emit(state, repository, "check_run", action, { check_run: shown }, sender, only);
}

async function emitSuite(
  state: State,
  repository: Repository,
  suite: CheckSuite,
  action: string,
  sender: Account,
  only?: App,
): Promise<void> {
  const shown = await presentCheckSuite(state, repository, suite);
  emit(state, repository, "check_suite", action, { check_suite: shown }, sender, only);
}
