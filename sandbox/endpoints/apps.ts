/** Apps, their installations and tokens, and what any caller may read about itself. */
import { z } from "zod";
import { presentApp, presentInstallation, presentProfile } from "../present/accounts.ts";
import { presentRepository } from "../present/repositories.ts";
import { reaches, satisfies } from "../request/access.ts";
import { type Answer, created, ifFound, noContent, notFound, ok, refused } from "../request/answer.ts";
import { listing } from "../request/paging.ts";
import { chargeRate } from "../request/rate.ts";
import { appRoute, type Call, installationRoute, openRoute, userRoute, withBody } from "../request/route.ts";
import type { App, Installation, Permissions, Repository } from "../state/model.ts";
import { findAccount, findRepository, timestamp } from "../state/state.ts";
import { addInstallationToken } from "../state/tokens.ts";

const narrowing = z.object({
  repositories: z.array(z.string()).optional(),
  repository_ids: z.array(z.number()).optional(),
  permissions: z.record(z.string(), z.enum(["read", "write", "admin"])).optional(),
});

export const appRoutes = [
  appRoute("GET /app", (call) => ok({ ...presentApp(call.app), installations_count: installationsOf(call).length })),
  appRoute("GET /app/installations", (call) => listing(call, installationsOf(call), presentInstallation)),
  appRoute("GET /app/installations/:installation", (call) => ifFound(findInstallation(call), showInstallation)),
  appRoute("POST /app/installations/:installation/access_tokens", withBody(narrowing, issueToken)),
  appRoute("GET /repos/:owner/:repo/installation", (call) => {
    const repository = findRepository(call.state, call.params.owner, call.params.repo);
    return installationOn(call, (installation) => installation.repositories.some((each) => each === repository));
  }),
  appRoute("GET /orgs/:org/installation", (call) => onAccount(call, call.params.org)),
  appRoute("GET /users/:user/installation", (call) => onAccount(call, call.params.user)),
  openRoute("GET /apps/:slug", (call) => {
    const found = call.state.apps.find(({ slug }) => slug === call.params.slug);
    return ifFound(found, (app) => ok(presentApp(app)));
  }),
  installationRoute("GET /installation/repositories", async (call) => {
    const reached = call.state.repositories.filter((repository) => reaches(call.token, repository));
    const page = await listing(call, reached, presentRepository, "repositories");
    const extra = { repository_selection: "selected" };
    return typeof page.body === "object" ? { ...page, body: { ...page.body, ...extra } } : page;
  }),
  installationRoute("DELETE /installation/token", (call) => {
    call.state.tokens = call.state.tokens.filter((token) => token !== call.token);
    return noContent();
  }),
  userRoute("GET /user", (call) => ok(presentProfile(call.state, call.user))),
  openRoute("GET /users/:user", (call) =>
    ifFound(findAccount(call.state, call.params.user), (account) => ok(presentProfile(call.state, account))),
  ),
  openRoute("GET /rate_limit", (call) => {
    const rate = chargeRate(call.state, call.caller, 0);
    return ok({ resources: { core: rate, search: rate }, rate });
  }),
  openRoute("GET /meta", () => ok({ verifiable_password_authentication: false })),
];

type AppCall = Call & { app: App };

function installationsOf(call: AppCall): Installation[] {
  return call.state.installations.filter(({ app }) => app === call.app);
}

function findInstallation(call: AppCall): Installation | undefined {
  return installationsOf(call).find(({ id }) => id === Number(call.params.installation));
}

function showInstallation(installation: Installation): Answer {
  return ok(presentInstallation(installation));
}

function installationOn(call: AppCall, belongs: (installation: Installation) => boolean): Answer {
  return ifFound(installationsOf(call).find(belongs), showInstallation);
}

function onAccount(call: AppCall, login: string | undefined): Answer {
  return installationOn(call, ({ account }) => account === findAccount(call.state, login));
}

/** A token for all or part of the installation; a request for more than it has is refused. */
function issueToken(call: AppCall, body: z.output<typeof narrowing>): Answer {
  const installation = findInstallation(call);
  if (installation === undefined) return notFound();
  const held: Permissions = { metadata: "read", ...call.app.permissions };
  const permissions = body.permissions ?? held;
  const wider = Object.entries(permissions).find(([name, level]) => !satisfies(held, `${name}=${level}`));
  if (wider !== undefined) {
    return refused(422, "The permissions requested are not granted to this installation.");
  }
  const repositories = narrowed(installation, body);
  if (repositories === undefined) {
    const message =
      "There is at least one repository that does not exist or is not accessible to the parent installation.";
    return refused(422, message);
  }
  const token = addInstallationToken(call.state, installation, { metadata: "read", ...permissions }, repositories);
  return created({
    token: token.token,
    expires_at: timestamp(token.expiresAt),
    permissions: token.permissions,
    repository_selection: "selected",
    ...(repositories === null ? {} : { repositories: repositories.map((repository) => presentRepository(repository)) }),
  });
}

/** Null when the request names no repositories; undefined when it names one outside the installation. */
function narrowed(
  { repositories }: Installation,
  { repositories: names, repository_ids: ids }: z.output<typeof narrowing>,
): Repository[] | null | undefined {
  if (names === undefined && ids === undefined) return null;
  const wanted = [
    ...(names ?? []).map((name) => repositories.find((repository) => repository.name === name)),
    ...(ids ?? []).map((id) => repositories.find((repository) => repository.id === id)),
  ];
  const found = wanted.filter((repository) => repository !== undefined);
  return found.length === wanted.length ? found : undefined;
}
