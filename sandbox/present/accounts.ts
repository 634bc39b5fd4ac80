import type { State } from "../state/memory.ts";
import type { Account, App, Installation, Repository, Team } from "../state/model.ts";

/** The base URL of the API of the GitHub that the account is on. */
export function apiUrl({ site }: Account): string {
  return `${site}/api/v3`;
}

/** GitHub's simple-user, also used for bots and organizations. */
export function presentAccount(account: Account) {
  const url = `${apiUrl(account)}/users/${encodeURIComponent(account.login)}`;
  const app = account.type === "Bot" ? `apps/${account.login.replace("[bot]", "")}` : account.login;
  return {
    login: account.login,
    id: account.id,
    node_id: account.nodeId,
    avatar_url: `${account.site}/avatars/${account.id}`,
    gravatar_id: "",
    url,
    html_url: `${account.site}/${app}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: account.type,
    user_view_type: "public",
    site_admin: false,
  };
}

/** GitHub's public-user: the public part of a profile. */
export function presentProfile(state: State, account: Account) {
  return {
    ...presentAccount(account),
    name: account.name,
    company: null,
    blog: "",
    location: null,
    email: account.email,
    hireable: null,
    bio: null,
    twitter_username: null,
    public_repos: state.repositories.filter(({ owner }) => owner === account).length,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: account.createdAt,
    updated_at: account.createdAt,
  };
}

/** GitHub's organization-simple. */
export function presentOrganization(account: Account) {
  const url = `${apiUrl(account)}/orgs/${account.login}`;
  return {
    login: account.login,
    id: account.id,
    node_id: account.nodeId,
    url,
    repos_url: `${url}/repos`,
    events_url: `${url}/events`,
    hooks_url: `${url}/hooks`,
    issues_url: `${url}/issues`,
    members_url: `${url}/members{/member}`,
    public_members_url: `${url}/public_members{/member}`,
    avatar_url: `${account.site}/avatars/${account.id}`,
    description: null,
  };
}

/** GitHub's integration. */
export function presentApp(app: App) {
  return {
    id: app.id,
    slug: app.slug,
    node_id: app.nodeId,
    owner: presentAccount(app.owner),
    name: app.name,
    description: null,
    external_url: `${app.owner.site}/apps/${app.slug}`,
    html_url: `${app.owner.site}/apps/${app.slug}`,
    created_at: app.createdAt,
    updated_at: app.createdAt,
    permissions: app.permissions,
    events: app.events,
  };
}

export function presentInstallation(installation: Installation) {
  const { app, account, id, createdAt } = installation;
  return {
    id,
    account: presentAccount(account),
    repository_selection: "selected",
    access_tokens_url: `${apiUrl(account)}/app/installations/${id}/access_tokens`,
    repositories_url: `${apiUrl(account)}/installation/repositories`,
    html_url: `${account.site}/settings/installations/${id}`,
    app_id: app.id,
    app_slug: app.slug,
    target_id: account.id,
    target_type: account.type,
    permissions: app.permissions,
    events: app.events,
    created_at: createdAt,
    updated_at: createdAt,
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: null,
    suspended_at: null,
  };
}

export function presentTeam(team: Team) {
  const organization = team.organization.account;
  const url = `${apiUrl(organization)}/organizations/${organization.id}/team/${team.id}`;
  return {
    id: team.id,
    node_id: team.nodeId,
    name: team.name,
    slug: team.slug,
    description: team.description,
    privacy: "closed",
    notification_setting: "notifications_enabled",
    permission: "pull",
    type: "organization",
    organization_id: organization.id,
    url,
    html_url: `${organization.site}/orgs/${organization.login}/teams/${team.slug}`,
    members_url: `${url}/members{/member}`,
    repositories_url: `${url}/repos`,
    parent: null,
  };
}

export type Association = "OWNER" | "MEMBER" | "COLLABORATOR" | "NONE";

/** The author's association with the repository. */
export function associationOf(repository: Repository, account: Account): Association {
  const { owner, organization, collaborators } = repository;
  if (owner === account) return "OWNER";
  if (organization?.members.includes(account) || organization?.owners.includes(account)) return "MEMBER";
  return collaborators.has(account) ? "COLLABORATOR" : "NONE";
}
