/** Organizations, their members and their teams. */

import { presentAccount, presentOrganization, presentTeam } from "../present/accounts.ts";
import { presentMinimalRepository } from "../present/repositories.ts";
import { type Answer, ifFound, noContent, notFound, ok } from "../request/answer.ts";
import { listing } from "../request/paging.ts";
import { type Call, openRoute, orgRoute, repoRoute } from "../request/route.ts";
import type { Account, Organization, Repository, Role, Team } from "../state/model.ts";
import { findAccount, findOrganization, findRepository, same } from "../state/state.ts";

const MEMBERS = "members=read";
const TEAM = "/orgs/:org/teams/:team";

type OrgCall = Call & { organization: Organization };

/** The older names for roles that teams still use. */
const PERMISSION: Record<Role, string> = {
  read: "pull",
  triage: "triage",
  write: "push",
  maintain: "maintain",
  admin: "admin",
};

export const teamRoutes = [
  openRoute("GET /orgs/:org", (call) =>
    ifFound(findOrganization(call.state, call.params.org), (found) => ok(presentFullOrganization(call, found))),
  ),
  orgRoute("GET /orgs/:org/members", MEMBERS, (call) => listing(call, membersOf(call.organization), presentAccount)),
  orgRoute("GET /orgs/:org/members/:login", MEMBERS, (call) => {
    const account = findAccount(call.state, call.params.login);
    return account !== undefined && membersOf(call.organization).includes(account) ? noContent() : notFound();
  }),
  orgRoute("GET /orgs/:org/teams", MEMBERS, (call) => listing(call, call.organization.teams, presentTeam)),
  orgRoute(`GET ${TEAM}`, MEMBERS, (call) => onTeam(call, (team) => ok(presentFullTeam(call, team)))),
  orgRoute(`GET ${TEAM}/members`, MEMBERS, (call) =>
    onTeam(call, (team) => listing(call, team.members, presentAccount)),
  ),
  orgRoute(`GET ${TEAM}/memberships/:login`, MEMBERS, (call) => onTeam(call, (team) => membership(call, team))),
  orgRoute(`GET ${TEAM}/repos`, MEMBERS, (call) =>
    onTeam(call, (team) => listing(call, repositoriesOf(call, team), presentMinimalRepository)),
  ),
  orgRoute(`GET ${TEAM}/repos/:owner/:repo`, MEMBERS, (call) =>
    onTeam(call, (team) => {
      const repository = findRepository(call.state, call.params.owner, call.params.repo);
      return repository?.teams.has(team) ? noContent() : notFound();
    }),
  ),
  repoRoute("GET /repos/:owner/:repo/teams", { needs: "administration=read", role: "write" }, (call) =>
    listing(call, [...call.repository.teams], ([team, role]) => ({
      ...presentTeam(team),
      permission: PERMISSION[role],
    })),
  ),
];

function onTeam(call: OrgCall, reply: (team: Team) => Answer | Promise<Answer>): Answer | Promise<Answer> {
  const { team = "" } = call.params;
  return ifFound(
    call.organization.teams.find(({ slug }) => same(slug, team)),
    reply,
  );
}

/** Owners are members too. */
function membersOf({ owners, members }: Organization): Account[] {
  return [...new Set([...owners, ...members])];
}

function repositoriesOf(call: Call, team: Team): Repository[] {
  return call.state.repositories.filter(({ teams }) => teams.has(team));
}

function membership(call: OrgCall, team: Team): Answer {
  const account = findAccount(call.state, call.params.login);
  if (account === undefined || !team.members.includes(account)) return notFound();
  const url = `${presentTeam(team).url}/memberships/${account.login}`;
  return ok({ url, role: "member", state: "active" });
}

function presentFullTeam(call: OrgCall, team: Team) {
  return {
    ...presentTeam(team),
    members_count: team.members.length,
    repos_count: repositoriesOf(call, team).length,
    created_at: call.organization.account.createdAt,
    updated_at: call.organization.account.createdAt,
    organization: presentFullOrganization(call, call.organization),
  };
}

/** GitHub's organization-full. */
function presentFullOrganization({ state }: Call, { account }: Organization) {
  const owned = state.repositories.filter(({ owner }) => owner === account);
  return {
    ...presentOrganization(account),
    html_url: `${state.url}/${account.login}`,
    name: account.name ?? account.login,
    type: "Organization",
    has_organization_projects: false,
    has_repository_projects: false,
    public_repos: owned.filter((repository) => !repository.private).length,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: account.createdAt,
    updated_at: account.createdAt,
    archived_at: null,
  };
}
