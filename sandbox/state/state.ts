/** Creates and finds objects of the sandbox's state. Nothing here sends a webhook or checks the caller. */
import type { State } from "./memory.ts";
import type {
  Account,
  App,
  CheckSuite,
  Comment,
  Identified,
  Issue,
  IssueEvent,
  Label,
  Organization,
  Pull,
  Repository,
  Role,
} from "./model.ts";
import { roles } from "./model.ts";

/** GitHub's own app for Actions: required checks name it by this id. */
export const actionsAppId = 15368;

/** The account of GitHub's merge queue. */
export const queueAccountLogin = "github-merge-queue[bot]";

export function createState(options: Pick<State, "dir" | "clock" | "actions">): State {
  return {
    url: "",
    dir: options.dir,
    clock: options.clock,
    actions: options.actions,
    lastId: 100_000,
    accounts: [],
    organizations: [],
    apps: [],
    installations: [],
    manifestCodes: new Map(),
    tokens: [],
    signIns: new Map(),
    codes: new Map(),
    repositories: [],
    workflowRuns: [],
    deliveries: [],
    faults: [],
    work: new Set(),
    queues: new Map(),
    held: new Map(),
    rates: new Map(),
    exchangeListeners: [],
    webhookListeners: [],
  };
}

/** The current time as GitHub writes it: UTC, whole seconds. */
export function now(state: State): string {
  return timestamp(state.clock());
}

export function timestamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/** A new id and node id, unique on this server; `prefix` is GitHub's, such as `I` or `PR`. */
export function identify(state: State, prefix: string): Identified {
  state.lastId += 1;
  return { id: state.lastId, nodeId: nodeId(prefix, state.lastId) };
}

export function nodeId(prefix: string, id: number): string {
  return `${prefix}_${Buffer.from(`sandbox:${id}`).toString("base64url")}`;
}

export function addAccount(
  state: State,
  fields: Pick<Account, "login" | "type"> & {
    id?: number | undefined;
    name?: string | undefined;
    email?: string | undefined;
  },
): Account {
  const made = identify(state, fields.type === "Organization" ? "O" : fields.type === "Bot" ? "BOT" : "U");
  const id = fields.id ?? made.id;
  const account: Account = {
    id,
    nodeId: fields.id === undefined ? made.nodeId : nodeId("U", id),
    site: state.url,
    login: fields.login,
    type: fields.type,
    name: fields.name ?? null,
    email: fields.email ?? null,
    createdAt: now(state),
  };
  state.accounts.push(account);
  return account;
}

/** Logins are compared without regard to case, as GitHub does. */
export function findAccount(state: State, login = ""): Account | undefined {
  return state.accounts.find((account) => same(account.login, login));
}

export function findOrganization(state: State, login = ""): Organization | undefined {
  return state.organizations.find(({ account }) => same(account.login, login));
}

export function findRepository(state: State, owner = "", name = ""): Repository | undefined {
  return state.repositories.find((repository) => same(repository.owner.login, owner) && same(repository.name, name));
}

export function findIssue(repository: Repository, number: string | number | undefined): Issue | undefined {
  return repository.issues.find((issue) => issue.number === Number(number));
}

export function findPull(repository: Repository, number: string | number | undefined): Pull | undefined {
  return findIssue(repository, number)?.pull ?? undefined;
}

/** Whether a pull request's head lies in another repository than its base. */
export function isFromFork({ head, issue }: Pull): boolean {
  return head.repository !== issue.repository;
}

/** All open and closed pull requests, newest first. */
export function pullsOf(repository: Repository): Pull[] {
  return repository.issues.flatMap(({ pull }) => (pull === null ? [] : [pull])).reverse();
}

export function findComment(repository: Repository, id: string | undefined): Comment | undefined {
  return repository.issues.flatMap((issue) => issue.comments).find((comment) => comment.id === Number(id));
}

export function findLabel(repository: Repository, name = ""): Label | undefined {
  return repository.labels.find((label) => same(label.name, name));
}

export function addLabel(
  state: State,
  repository: Repository,
  fields: { name: string; color?: string | undefined; description?: string | null | undefined },
): Label {
  const label: Label = {
    ...identify(state, "LA"),
    repository,
    name: fields.name,
    color: fields.color ?? "ededed",
    description: fields.description ?? null,
  };
  repository.labels.push(label);
  return label;
}

export function addIssue(
  state: State,
  repository: Repository,
  fields: Pick<Issue, "title" | "body" | "user" | "app">,
): Issue {
  const created = now(state);
  const issue: Issue = {
    ...identify(state, "I"),
    repository,
    number: repository.issues.length + 1,
    ...fields,
    state: "open",
    stateReason: null,
    labels: [],
    assignees: [],
    locked: false,
    lockReason: null,
    editedAt: null,
    editor: null,
    comments: [],
    events: [],
    reactions: [],
    parent: null,
    subIssues: [],
    blockedBy: [],
    pull: null,
    createdAt: created,
    updatedAt: created,
    closedAt: null,
    closedBy: null,
  };
  repository.issues.push(issue);
  return issue;
}

/** Turns an issue into a pull request with its own id and the same number. */
export function addPull(
  state: State,
  issue: Issue,
  fields: Pick<Pull, "head" | "base" | "draft" | "maintainerCanModify">,
): Pull {
  const pull: Pull = {
    ...identify(state, "PR"),
    issue,
    ...fields,
    mergedAt: null,
    mergedBy: null,
    mergeCommitSha: null,
    requestedReviewers: [],
    reviews: [],
    reviewComments: [],
  };
  issue.pull = pull;
  return pull;
}

export function addComment(state: State, issue: Issue, fields: Pick<Comment, "user" | "body" | "app">): Comment {
  const created = now(state);
  const comment: Comment = {
    ...identify(state, "IC"),
    issue,
    ...fields,
    reactions: [],
    createdAt: created,
    updatedAt: created,
    editedAt: null,
  };
  issue.comments.push(comment);
  touch(state, issue);
  return comment;
}

/** Adds an event to the issue's history; sends no webhook. */
export function addEvent(
  state: State,
  issue: Issue,
  fields: Pick<IssueEvent, "event" | "actor" | "app"> & Partial<Omit<IssueEvent, keyof Identified>>,
): IssueEvent {
  const event: IssueEvent = { ...fields, ...identify(state, "IE"), issue, createdAt: now(state) };
  issue.events.push(event);
  touch(state, issue);
  return event;
}

export function touch(state: State, issue: Issue): void {
  issue.updatedAt = now(state);
}

/** The app's suite for this commit, created when there is none. */
export function checkSuite(
  state: State,
  repository: Repository,
  app: App,
  head: { sha: string; branch: string | null },
): CheckSuite {
  const found = repository.suites.find((suite) => suite.app === app && suite.headSha === head.sha);
  if (found !== undefined) return found;
  const created = now(state);
  const suite: CheckSuite = {
    ...identify(state, "CS"),
    repository,
    app,
    headSha: head.sha,
    headBranch: head.branch,
    createdAt: created,
    updatedAt: created,
  };
  repository.suites.push(suite);
  return suite;
}

/** The highest role of this person here; undefined when they may not even read. */
export function roleOf(repository: Repository, user: Account | null): Role | undefined {
  const held: Role[] = repository.private ? [] : ["read"];
  if (user !== null) {
    const { organization } = repository;
    if (repository.owner === user || organization?.owners.includes(user)) return "admin";
    if (organization?.members.includes(user)) held.push("read");
    const direct = repository.collaborators.get(user);
    if (direct !== undefined) held.push(direct);
    for (const [team, role] of repository.teams) if (team.members.includes(user)) held.push(role);
  }
  return roles.findLast((role) => held.includes(role));
}

export function includesRole(held: Role | undefined, wanted: Role): boolean {
  return held !== undefined && roles.indexOf(held) >= roles.indexOf(wanted);
}

export function fullName(repository: Repository): string {
  return `${repository.owner.login}/${repository.name}`;
}

export function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
