/**
 * Check runs, and their suites: one app's runs on one commit. Only apps create runs, only the same app changes them, and
 * everyone who may read the repository sees them.
 */
import { z } from "zod";
import { addCheckRun, changeCheckRun, rerequestRun, rerequestSuite } from "../changes/check-changes.ts";
import { branchesAt, resolveCommit } from "../git/git.ts";
import { presentCheckRun, presentCheckSuite } from "../present/checks.ts";
import { presentMinimalRepository, repositoryPage } from "../present/repositories.ts";
import { type Answer, created, forbidden, ifFound, invalid, notFound, ok } from "../request/answer.ts";
import { appOf } from "../request/caller.ts";
import { listing } from "../request/paging.ts";
import { type AuthoredCall, authoredRoute, type RepositoryCall, repoRoute, withBody } from "../request/route.ts";
import { type ChangedFields, changedFields, runFields } from "../state/check-fields.ts";
import type { CheckRun, CheckSuite } from "../state/model.ts";

const REPO = "/repos/:owner/:repo";
const RUN = `${REPO}/check-runs/:run` as const;
const SUITE = `${REPO}/check-suites/:suite` as const;
const READ = { needs: "checks=read", role: "read" } as const;
/** People cannot create checks, whatever their role: they are refused because they are not an app. */
const WRITE = { needs: "checks=write", role: "read" } as const;
const RERUN = { needs: "checks=write", role: "write" } as const;

const newRun = runFields.extend({ head_sha: z.string() });

export const checkRoutes = [
  authoredRoute(`POST ${REPO}/check-runs`, WRITE, withBody(newRun, create)),
  repoRoute(`GET ${RUN}`, READ, (call) => ifFound(findRun(call), (run) => ok(presentCheckRun(run)))),
  authoredRoute(`PATCH ${RUN}`, WRITE, withBody(changedFields, update)),
  repoRoute(`GET ${RUN}/annotations`, READ, (call) =>
    ifFound(findRun(call), (run) => {
      const file = `${repositoryPage(call.repository)}/blob/${run.suite.headSha}`;
      return listing(call, run.output.annotations, (note) => ({ ...note, blob_href: `${file}/${note.path}` }));
    }),
  ),
  authoredRoute(`POST ${RUN}/rerequest`, RERUN, (call) =>
    ifFound(findRun(call), (run) => {
      rerequestRun(call.state, run, call.actor);
      return created({});
    }),
  ),
  repoRoute(`GET ${REPO}/commits/:ref/check-runs`, READ, async (call) => {
    const sha = await resolveCommit(call.repository.dir, call.params.ref);
    return sha === undefined ? noSuchCommit("CheckRun") : listRuns(call, (run) => run.suite.headSha === sha);
  }),
  repoRoute(`GET ${SUITE}/check-runs`, READ, (call) =>
    ifFound(findSuite(call), (suite) => listRuns(call, (run) => run.suite === suite)),
  ),
  repoRoute(`GET ${REPO}/commits/:ref/check-suites`, READ, listSuites),
  repoRoute(`GET ${SUITE}`, READ, (call) => ifFound(findSuite(call), async (suite) => ok(await presentWhole(suite)))),
  authoredRoute(`POST ${SUITE}/rerequest`, RERUN, (call) =>
    ifFound(findSuite(call), async (suite) => {
      await rerequestSuite(call.state, suite, call.actor);
      return created({});
    }),
  ),
];

function findRun(call: RepositoryCall): CheckRun | undefined {
  return call.repository.runs.find(({ id }) => id === Number(call.params.run));
}

function findSuite(call: RepositoryCall): CheckSuite | undefined {
  return call.repository.suites.find(({ id }) => id === Number(call.params.suite));
}

function noSuchCommit(resource: "CheckRun" | "CheckSuite"): Answer {
  return invalid({ resource, field: "head_sha", code: "invalid", message: "No commit found for SHA" });
}

/** Newest first. Of runs with one name in one suite only the latest is listed, unless all are requested. */
function listRuns(call: RepositoryCall, belongs: (run: CheckRun) => boolean): Promise<Answer> {
  const query = (name: string) => call.query.get(name);
  const [name, app, status] = [query("check_name"), query("app_id"), query("status")];
  const runs = call.repository.runs.filter(belongs).reverse();
  const newest = runs.filter(
    (run, index) => runs.findIndex((each) => each.suite === run.suite && each.name === run.name) === index,
  );
  const shown = (query("filter") === "all" ? runs : newest).filter(
    (run) =>
      (name === null || run.name === name) &&
      (app === null || run.suite.app.id === Number(app)) &&
      (status === null || run.status === status),
  );
  return listing(call, shown, presentCheckRun, "check_runs");
}

async function create(call: AuthoredCall, body: z.output<typeof newRun>): Promise<Answer> {
  const { state, repository } = call;
  const { head_sha, ...fields } = body;
  const app = call.caller.kind === "installation" ? appOf(call.caller) : null;
  if (app === null) return forbidden("You must authenticate via a GitHub App.");
  const refusal = refuseUnfinished(body);
  if (refusal !== undefined) return refusal;
  const sha = await resolveCommit(repository.dir, head_sha);
  if (sha === undefined) return noSuchCommit("CheckRun");
  const [branch = null] = await branchesAt(repository, sha);
  return created(presentCheckRun(await addCheckRun(state, repository, app, { sha, branch }, fields)));
}

async function update(call: AuthoredCall, body: ChangedFields): Promise<Answer> {
  const run = findRun(call);
  if (run === undefined) return notFound();
  if (appOf(call.caller) !== run.suite.app) {
    return forbidden("Invalid app_id - check run can only be modified by the GitHub App that created it.");
  }
  const refusal = refuseUnfinished(body);
  if (refusal !== undefined) return refusal;
  await changeCheckRun(call.state, run, body);
  return ok(presentCheckRun(run));
}

function refuseUnfinished({ status, conclusion }: ChangedFields): Answer | undefined {
  return status === "completed" && conclusion === undefined
    ? invalid({ resource: "CheckRun", field: "conclusion", code: "missing_field" })
    : undefined;
}

async function listSuites(call: RepositoryCall): Promise<Answer> {
  const { repository, query } = call;
  const sha = await resolveCommit(repository.dir, call.params.ref);
  if (sha === undefined) return noSuchCommit("CheckSuite");
  const [app, name] = [query.get("app_id"), query.get("check_name")];
  const suites = repository.suites.filter(
    (suite) =>
      suite.headSha === sha &&
      (app === null || suite.app.id === Number(app)) &&
      (name === null || repository.runs.some((run) => run.suite === suite && run.name === name)),
  );
  return listing(call, suites, presentWhole, "check_suites");
}

/** Outside webhooks a suite includes its repository. */
async function presentWhole(suite: CheckSuite) {
  return { ...(await presentCheckSuite(suite)), repository: presentMinimalRepository(suite.repository) };
}
