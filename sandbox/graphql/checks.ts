/** Check suites and runs as GraphQL shows them. */

import { presentCheckSuite } from "../present/checks.ts";
import type { App, CheckRun, CheckSuite } from "../state/model.ts";
import { type Asker, demand } from "./asker.ts";
import { connection, refusal, type Window } from "./connection.ts";

/** GraphQL's CheckRunFilter; a filter that the sandbox does not support is refused, never ignored. */
type Filter = { filterBy?: { checkType?: "ALL" | "LATEST" } & Record<string, unknown> };

export function suitesOf(asker: Asker, sha: string, window: Window) {
  demand(asker, "checks=read");
  const suites = asker.repository.suites.filter((suite) => suite.headSha === sha);
  return connection("checkSuites", suites, window, (suite) => suiteNode(asker, suite));
}

async function suiteNode(asker: Asker, suite: CheckSuite) {
  const { status, conclusion } = await presentCheckSuite(suite);
  return {
    __typename: "CheckSuite",
    id: suite.nodeId,
    databaseId: suite.id,
    createdAt: suite.createdAt,
    app: appNode(suite.app),
    status: status.toUpperCase(),
    conclusion: conclusion?.toUpperCase() ?? null,
    checkRuns: (window: Window & Filter) => runsOf(asker, suite, window),
  };
}

function runsOf(asker: Asker, suite: CheckSuite, window: Window & Filter) {
  const { checkType = "LATEST", ...others } = window.filterBy ?? {};
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw refusal("UNSUPPORTED", `the sandbox has no filter CheckRunFilter.${unknown}`);
  const runs = asker.repository.runs.filter((run) => run.suite === suite);
  const shown = runs.filter(
    (run, index) => checkType === "ALL" || runs.findLastIndex(({ name }) => name === run.name) === index,
  );
  return connection("checkRuns", shown, window, runNode);
}

function runNode(run: CheckRun) {
  return {
    __typename: "CheckRun",
    id: run.nodeId,
    databaseId: run.id,
    name: run.name,
    status: run.status.toUpperCase(),
    conclusion: run.conclusion?.toUpperCase() ?? null,
    externalId: run.external_id,
    startedAt: run.started_at,
    completedAt: run.completed_at,
  };
}

function appNode(app: App) {
  return { __typename: "App", id: app.nodeId, databaseId: app.id, slug: app.slug, name: app.name };
}
