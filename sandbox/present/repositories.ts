import type { Repository, Role } from "../state/model.ts";
import { withParents } from "../state/repository.ts";
import { fullName, includesRole } from "../state/state.ts";
import { apiUrl, presentAccount } from "./accounts.ts";

/** Fields of a repository that are URLs below its own, with GitHub's placeholders. */
const ADDRESSES = {
  archive_url: "/{archive_format}{/ref}",
  assignees_url: "/assignees{/user}",
  blobs_url: "/git/blobs{/sha}",
  branches_url: "/branches{/branch}",
  collaborators_url: "/collaborators{/collaborator}",
  comments_url: "/comments{/number}",
  commits_url: "/commits{/sha}",
  compare_url: "/compare/{base}...{head}",
  contents_url: "/contents/{+path}",
  contributors_url: "/contributors",
  deployments_url: "/deployments",
  downloads_url: "/downloads",
  events_url: "/events",
  forks_url: "/forks",
  git_commits_url: "/git/commits{/sha}",
  git_refs_url: "/git/refs{/sha}",
  git_tags_url: "/git/tags{/sha}",
  hooks_url: "/hooks",
  issue_comment_url: "/issues/comments{/number}",
  issue_events_url: "/issues/events{/number}",
  issues_url: "/issues{/number}",
  keys_url: "/keys{/key_id}",
  labels_url: "/labels{/name}",
  languages_url: "/languages",
  merges_url: "/merges",
  milestones_url: "/milestones{/number}",
  notifications_url: "/notifications{?since,all,participating}",
  pulls_url: "/pulls{/number}",
  releases_url: "/releases{/id}",
  stargazers_url: "/stargazers",
  statuses_url: "/statuses/{sha}",
  subscribers_url: "/subscribers",
  subscription_url: "/subscription",
  tags_url: "/tags",
  teams_url: "/teams",
  trees_url: "/git/trees{/sha}",
} as const;

export function repositoryUrl(repository: Repository): string {
  return `${apiUrl(repository.owner)}/repos/${fullName(repository)}`;
}

/** The URL of the repository's page, which git can clone. */
export function repositoryPage(repository: Repository): string {
  return `${repository.owner.site}/${fullName(repository)}`;
}

/** GitHub's minimal-repository, as other objects embed it. */
export function presentMinimalRepository(repository: Repository) {
  const url = repositoryUrl(repository);
  return {
    id: repository.id,
    node_id: repository.nodeId,
    name: repository.name,
    full_name: fullName(repository),
    private: repository.private,
    owner: presentAccount(repository.owner),
    html_url: repositoryPage(repository),
    description: repository.description,
    fork: repository.parent !== null,
    url,
    ...Object.fromEntries(Object.entries(ADDRESSES).map(([name, path]) => [name, url + path])),
  };
}

/** GitHub's repository; `role` is the caller's role, where GitHub shows it. */
export function presentRepository(repository: Repository, role?: Role) {
  const page = repositoryPage(repository);
  const open = repository.issues.filter((issue) => issue.state === "open").length;
  return {
    ...presentMinimalRepository(repository),
    created_at: repository.createdAt,
    updated_at: repository.updatedAt,
    pushed_at: repository.pushedAt,
    git_url: `${page.replace(/^http/, "git")}.git`,
    ssh_url: `git@${new URL(page).hostname}:${fullName(repository)}.git`,
    clone_url: `${page}.git`,
    svn_url: page,
    homepage: null,
    size: 0,
    stargazers_count: 0,
    watchers_count: 0,
    language: null,
    has_issues: true,
    has_projects: false,
    has_downloads: false,
    has_wiki: false,
    has_pages: false,
    has_discussions: false,
    forks_count: repository.forks.length,
    mirror_url: null,
    archived: false,
    disabled: false,
    open_issues_count: open,
    license: null,
    allow_forking: true,
    is_template: false,
    web_commit_signoff_required: false,
    topics: [],
    custom_properties: {},
    visibility: repository.private ? "private" : "public",
    forks: repository.forks.length,
    open_issues: open,
    watchers: 0,
    default_branch: repository.defaultBranch,
    allow_merge_commit: true,
    allow_squash_merge: true,
    allow_rebase_merge: true,
    allow_auto_merge: false,
    delete_branch_on_merge: false,
    allow_update_branch: true,
    ...(role === undefined ? {} : { permissions: presentPermissions(role) }),
  };
}

/** GitHub's full-repository, as `GET /repos/{owner}/{repo}` gives it. */
export function presentFullRepository(repository: Repository, role?: Role) {
  const organization = repository.owner.type === "Organization";
  const { parent } = repository;
  const source = withParents(repository).at(-1);
  return {
    ...presentRepository(repository, role),
    temp_clone_token: null,
    network_count: 0,
    subscribers_count: 0,
    ...(parent === null || source === undefined
      ? {}
      : { parent: presentRepository(parent), source: presentRepository(source) }),
    ...(organization ? { organization: presentAccount(repository.owner) } : {}),
  };
}

/** What a role allows, under GitHub's older names. */
export function presentPermissions(role: Role | undefined) {
  return {
    admin: includesRole(role, "admin"),
    maintain: includesRole(role, "maintain"),
    push: includesRole(role, "write"),
    triage: includesRole(role, "triage"),
    pull: includesRole(role, "read"),
  };
}
