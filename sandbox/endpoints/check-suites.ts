/** Check suites: one app's check runs on one commit. */

import { rerequestSuite } from "../changes/check-changes.ts";
import { resolveCommit } from "../git/git.ts";
import { presentCheckSuite } from "../present/checks.ts";
import { presentMinimalRepository } from "../present/repositories.ts";
import { type Answer, created, invalid, notFound, ok } from "../request/answer.ts";
import { listing } from "../request/paging.ts";
import { authoredRoute, type RepositoryCall, type Route, repoRoute } from "../request/route.ts";
import type { CheckSuite } from "../state/model.ts";

const REPO = "/repos/:owner/:repo";
const READ = { needs: "checks=read", role: "read" } as const;

export const checkSuiteRoutes: Route[] = [
  repoRoute(`GET ${REPO}/commits/:ref/check-suites`, READ, list),
  repoRoute(`GET ${REPO}/check-suites/:suite`, READ, async (call) => {
    const suite = findSuite(call);
    return suite === undefined ? notFound() : ok(await shown(call, suite));
  }),
  authoredRoute(
    `POST ${REPO}/check-suites/:suite/rerequest`,
    { needs: "checks=write", role: "write" },
    async (call) => {
      const suite = findSuite(call);
      if (suite === undefined) return notFound();
      await rerequestSuite(call.state, call.repository, suite, call.actor);
      return created({});
    },
  ),
];

function findSuite(call: RepositoryCall): CheckSuite | undefined {
  return call.repository.suites.find(({ id }) => id === Number(call.params.suite));
}

async function list(call: RepositoryCall): Promise<Answer> {
  const { repository, query } = call;
  const sha = await resolveCommit(repository.dir, call.params.ref ?? "");
  if (sha === undefined) return invalid({ resource: "CheckSuite", field: "head_sha", code: "invalid" });
  const app = query.get("app_id");
  const name = query.get("check_name");
  const suites = repository.suites.filter(
    (suite) =>
      suite.headSha === sha &&
      (app === null || suite.app.id === Number(app)) &&
      (name === null || repository.runs.some((run) => run.suite === suite && run.name === name)),
  );
  return listing(call, suites, (suite) => shown(call, suite), "check_suites");
}

/** Outside webhooks a suite includes its repository. */
async function shown(call: RepositoryCall, suite: CheckSuite) {
  const { state, repository } = call;
  const repositoryShown = presentMinimalRepository(state, repository);
  return { ...(await presentCheckSuite(state, repository, suite)), repository: repositoryShown };
}
