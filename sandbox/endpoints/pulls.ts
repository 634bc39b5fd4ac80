/** Creates, reads and edits pull requests. Merging and reviewing have their own files. */
import { z } from "zod";
import { startChecks } from "../changes/check-changes.ts";
import { closeIssue, editText, emitIssue, record, reopenIssue } from "../changes/issue-changes.ts";
import { keepHead, openPulls } from "../changes/pull-changes.ts";
import { countCommits, mergeBase, readChanges, readCommit } from "../git/commits.ts";
import { branchTip, gitText } from "../git/git.ts";
import { presentCommit, presentFileChange } from "../present/commits.ts";
import { presentPull, presentPullSimple } from "../present/pulls.ts";
import { readContents, refuseRepository, writeContents } from "../request/access.ts";
import { type Answer, created, forbidden, invalid, ok } from "../request/answer.ts";
import { appOf } from "../request/caller.ts";
import { type AuthoredPullCall, authoredPullRoute, mayChange, pullRoute } from "../request/issue-route.ts";
import { listing } from "../request/paging.ts";
import { type AuthoredCall, authoredRoute, type RepositoryCall, repoRoute, withBody } from "../request/route.ts";
import type { Pull, Repository } from "../state/model.ts";
import { withParents } from "../state/repository.ts";
import { addIssue, addPull, isFromFork, pullsOf, same } from "../state/state.ts";

const PULLS = "/repos/:owner/:repo/pulls";

/** The most files that GitHub lists for one pull request. */
const MAX_FILES = 3000;

const newPull = z.object({
  title: z.string().min(1),
  head: z.string().min(1),
  base: z.string().min(1),
  body: z.string().nullable().default(null),
  draft: z.boolean().default(false),
  head_repo: z.string().optional(),
  maintainer_can_modify: z.boolean().default(true),
});

const patch = z.object({
  title: z.string().min(1).optional(),
  body: z.string().nullable().optional(),
  state: z.enum(["open", "closed"]).optional(),
  base: z.string().optional(),
  maintainer_can_modify: z.boolean().optional(),
});

export const pullRoutes = [
  repoRoute(`GET ${PULLS}`, { needs: "pull_requests=read", role: "read" }, listPulls),
  authoredRoute(`POST ${PULLS}`, { needs: "pull_requests=write", role: "read" }, withBody(newPull, createPull)),
  pullRoute("", async (call) => ok(await presentPull(call.pull))),
  authoredPullRoute("PATCH", "", { needs: "pull_requests=write", role: "read" }, withBody(patch, editPull)),
  pullRoute("/files", async (call) => {
    const { repository, pull } = call;
    const start = await mergeBase(repository.dir, pull.base.sha, pull.head.sha);
    const changes = await readChanges(repository.dir, start ?? pull.base.sha, pull.head.sha);
    return listing(call, changes.slice(0, MAX_FILES), (change) => presentFileChange(repository, pull.head.sha, change));
  }),
  pullRoute("/commits", async (call) => {
    const { state, repository, pull } = call;
    const range = `${pull.base.sha}..${pull.head.sha}`;
    const shas = await gitText(repository.dir, ["rev-list", "--reverse", "--topo-order", range]);
    return listing(call, shas.split("\n").filter(Boolean), async (sha) =>
      presentCommit(state, repository, await readCommit(repository.dir, sha)),
    );
  }),
];

function listPulls(call: RepositoryCall): Promise<Answer> {
  const query = (name: string) => call.query.get(name);
  const state = query("state") ?? "open";
  const base = query("base");
  const [, owner, head] = /^(?:([^:]+):)?(.+)$/.exec(query("head") ?? "") ?? [];
  const field = query("sort") === "updated" ? "updatedAt" : "createdAt";
  const pulls = pullsOf(call.repository)
    .filter(({ issue }) => state === "all" || issue.state === state)
    .filter((pull) => base === null || pull.base.ref === base)
    .filter((pull) => head === undefined || pull.head.ref === head)
    .filter((pull) => owner === undefined || same(pull.head.repository.owner.login, owner))
    .sort((one, other) => other.issue[field].localeCompare(one.issue[field]) || other.id - one.id);
  const ascending = (query("direction") ?? (query("sort") === null ? "desc" : "asc")) === "asc";
  return listing(call, ascending ? pulls.reverse() : pulls, presentPullSimple);
}

async function createPull(call: AuthoredCall, body: z.output<typeof newPull>): Promise<Answer> {
  const { state, repository, actor } = call;
  const { dir } = repository;
  const [, owner, ref = ""] = /^(?:([^:]+):)?(.*)$/.exec(body.head) ?? [];
  const source = headRepository(call, owner, body.head_repo);
  const [sha, baseSha] = await Promise.all([source && branchTip(source.dir, ref), branchTip(dir, body.base)]);
  if (source === undefined || sha === undefined) return pullInvalid("head");
  if (baseSha === undefined) return pullInvalid("base");
  const head = { repository: source, ref, sha };
  if (findOpen(repository, head, body.base) !== undefined) {
    return saying(`A pull request already exists for ${source.owner.login}:${ref}.`);
  }
  if ((await countCommits(dir, baseSha, sha)) === 0) return saying(`No commits between ${body.base} and ${ref}`);
  const maintainerCanModify = source !== repository && body.maintainer_can_modify;
  if (maintainerCanModify && !mayWriteTo(call, source)) {
    const message = "Fork collab can't be granted by someone without permission";
    return invalid({ resource: "PullRequest", field: "fork_collab", code: "invalid", message });
  }
  const { title, draft } = body;
  const issue = addIssue(state, repository, { title, body: body.body, user: actor, app: appOf(call.caller) });
  const pull = addPull(state, issue, { head, base: { ref: body.base, sha: baseSha }, draft, maintainerCanModify });
  await keepHead(pull);
  await emitIssue(call, issue, "opened");
  startChecks(state, pull);
  return created(await presentPull(pull));
}

/** The repository that a head names by its owner, or by its name when the owner has several of the network. */
function headRepository(
  call: AuthoredCall,
  owner: string | undefined,
  name: string | undefined,
): Repository | undefined {
  const { repository, state, caller } = call;
  const network = withParents(repository).at(-1);
  const found = state.repositories.filter(
    (one) =>
      withParents(one).at(-1) === network &&
      same(one.owner.login, owner ?? repository.owner.login) &&
      (name === undefined || same(one.name, name)),
  );
  const chosen = found.includes(repository) ? repository : found[0];
  return chosen !== undefined && refuseRepository(caller, chosen, readContents) === undefined ? chosen : undefined;
}

function mayWriteTo({ caller }: AuthoredCall, repository: Repository): boolean {
  return refuseRepository(caller, repository, writeContents) === undefined;
}

async function editPull(call: AuthoredPullCall, body: z.output<typeof patch>): Promise<Answer> {
  const { state, pull } = call;
  const { issue } = pull;
  if (!mayChange(call, issue.user, "write")) return forbidden("Must have push access to Repository.");
  if (body.state === "open" && issue.state === "closed") {
    const refusal = await refuseReopening(pull);
    if (refusal !== undefined) return refusal;
  }
  if (body.base !== undefined && body.base !== pull.base.ref) {
    const refusal = await changeBase(call, body.base);
    if (refusal !== undefined) return refusal;
  }
  const { maintainer_can_modify: canModify } = body;
  if (canModify !== undefined && isFromFork(pull)) pull.maintainerCanModify = canModify;
  await editText(call, issue, body);
  if (body.state === "closed") await closeIssue(call, issue, null);
  if (body.state === "open" && issue.state === "closed") {
    pull.head.sha = (await branchTip(pull.head.repository.dir, pull.head.ref)) ?? pull.head.sha;
    await keepHead(pull);
    await reopenIssue(call, issue);
    startChecks(state, pull);
  }
  return ok(await presentPull(pull));
}

async function refuseReopening(pull: Pull): Promise<Answer | undefined> {
  if (pull.mergedAt !== null) return saying("state cannot be changed. The pull request has been merged.");
  if ((await branchTip(pull.head.repository.dir, pull.head.ref)) === undefined) {
    return saying(`state cannot be changed. The ${pull.head.ref} branch has been deleted.`);
  }
  return findOpen(pull.issue.repository, pull.head, pull.base.ref) === undefined
    ? undefined
    : saying(`state cannot be changed. There is already an open pull request from ${pull.head.ref}.`);
}

async function changeBase(call: AuthoredPullCall, base: string): Promise<Answer | undefined> {
  const { repository, pull } = call;
  const sha = await branchTip(repository.dir, base);
  if (sha === undefined) return pullInvalid("base");
  if (pull.issue.state === "closed") return saying("Cannot change the base branch of a closed pull request.");
  if (findOpen(repository, pull.head, base) !== undefined) {
    return saying(`A pull request already exists for base branch '${base}' and head branch '${pull.head.ref}'`);
  }
  if ((await countCommits(repository.dir, sha, pull.head.sha)) === 0) {
    return saying(`There are no new commits between base branch '${base}' and head branch '${pull.head.ref}'`);
  }
  const changes = { base: { ref: { from: pull.base.ref }, sha: { from: pull.base.sha } } };
  record(call, pull.issue, "base_ref_changed", { base: { from: pull.base.ref, to: base } });
  pull.base = { ref: base, sha };
  await emitIssue(call, pull.issue, "edited", { changes });
  return undefined;
}

function findOpen(repository: Repository, head: Pull["head"], base: string): Pull | undefined {
  return openPulls(repository).find(
    (pull) => pull.head.repository === head.repository && pull.head.ref === head.ref && pull.base.ref === base,
  );
}

function pullInvalid(field: string): Answer {
  return invalid({ resource: "PullRequest", field, code: "invalid" });
}

function saying(message: string): Answer {
  return invalid({ resource: "PullRequest", code: "custom", message });
}
