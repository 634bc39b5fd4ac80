/**
 * Changes to check runs and suites: each function makes one and sends its webhooks. Among them a simulated GitHub Actions:
 * it reports the checks that the seed names on every pull request's and merge group's head.
 */

import { git } from "../git/git.ts";
import { presentCheckSuite, presentSentCheckRun } from "../present/checks.ts";
import type { ChangedFields, RunFields, SimulatedCheck } from "../state/check-fields.ts";
import type { State } from "../state/memory.ts";
import type { Account, App, CheckRun, CheckSuite, Pull, Repository } from "../state/model.ts";
import { actionsAppId, checkSuite, identify, isFromFork, now } from "../state/state.ts";
import { background, pause } from "../state/work.ts";
import { emit } from "./webhooks.ts";

/** A commit, and its branch in the repository; a fork's branch is none. */
type Head = { sha: string; branch: string | null };

/** Creates a run in the app's suite for the commit, and sends its webhooks. */
export async function addCheckRun(
  state: State,
  repository: Repository,
  app: App,
  head: Head,
  fields: RunFields,
): Promise<CheckRun> {
  const run: CheckRun = {
    ...identify(state, "CR"),
    suite: checkSuite(state, repository, app, head),
    name: fields.name,
    status: "queued",
    conclusion: null,
    started_at: now(state),
    completed_at: null,
    external_id: "",
    details_url: null,
    log: "",
    output: { title: null, summary: null, text: null, annotations: [] },
  };
  set(state, run, fields);
  repository.runs.push(run);
  emitRun(state, run, "created", app.bot);
  if (run.status === "completed") await emitCompleted(state, run);
  return run;
}

/** Changes a run; sends a webhook when it completes. */
export async function changeCheckRun(state: State, run: CheckRun, fields: ChangedFields): Promise<void> {
  const before = run.status;
  set(state, run, fields);
  if (run.status === "completed" && before !== "completed") await emitCompleted(state, run);
}

/** Asks only the run's app to check again. */
export function rerequestRun(state: State, run: CheckRun, by: Account): void {
  emitRun(state, run, "rerequested", by, run.suite.app);
}

export async function rerequestSuite(state: State, suite: CheckSuite, by: Account): Promise<void> {
  await emitSuite(state, suite, "rerequested", by, suite.app);
}

/** A conclusion completes the run; annotations accumulate. */
function set(state: State, run: CheckRun, fields: ChangedFields): void {
  const annotations = [...run.output.annotations, ...(fields.output?.annotations ?? [])];
  Object.assign(run, fields);
  run.output = { ...run.output, annotations };
  if (fields.conclusion != null) run.status = "completed";
  if (run.status === "completed") {
    run.completed_at ??= now(state);
  } else {
    run.conclusion = null;
    run.completed_at = null;
  }
  run.suite.updatedAt = now(state);
}

async function emitCompleted(state: State, run: CheckRun): Promise<void> {
  const { suite } = run;
  emitRun(state, run, "completed", suite.app.bot);
  const open = suite.repository.runs.some((each) => each.suite === suite && each.status !== "completed");
  if (!open) await emitSuite(state, suite, "completed", suite.app.bot);
}

function emitRun(state: State, run: CheckRun, action: string, actor: Account, only?: App): void {
  const { repository } = run.suite;
  emit({ state, repository, actor }, "check_run", action, { check_run: presentSentCheckRun(run) }, only);
}

async function emitSuite(state: State, suite: CheckSuite, action: string, actor: Account, only?: App): Promise<void> {
  const { repository } = suite;
  emit({ state, repository, actor }, "check_suite", action, { check_suite: await presentCheckSuite(suite) }, only);
}

/** Starts the checks for the pull request's present head; they report by themselves. */
export function startChecks(state: State, pull: Pull): void {
  const { repository } = pull.issue;
  startChecksOn(state, repository, { sha: pull.head.sha, branch: isFromFork(pull) ? null : pull.head.ref });
}

/** Starts the checks for one commit, such as a merge group's. */
export function startChecksOn(state: State, repository: Repository, head: Head): void {
  for (const check of repository.ci) background(state, simulate(state, repository, head, check));
}

async function simulate(state: State, repository: Repository, head: Head, check: SimulatedCheck): Promise<void> {
  const app = state.apps.find(({ id }) => id === actionsAppId);
  if (app === undefined) throw new Error("the sandbox has no GitHub Actions");
  const run = await addCheckRun(state, repository, app, head, { name: check.name });
  await pause(check.delayMs);
  run.log = check.log ?? "";
  const output = check.output === undefined ? {} : { output: check.output };
  const isRed = check.failsOn !== undefined && (await holds(repository.dir, head.sha, check.failsOn));
  await changeCheckRun(state, run, { conclusion: isRed ? "failure" : check.conclusion, ...output });
}

async function holds(dir: string, sha: string, { path, text }: { path: string; text: string }): Promise<boolean> {
  const { exit } = await git(dir, ["grep", "--quiet", "--fixed-strings", "-e", text, sha, "--", `:(literal)${path}`]);
  return exit === 0;
}
