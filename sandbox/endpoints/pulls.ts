/** Creates, reads and edits pull requests. Merging and reviewing have their own files. */
import { z } from "zod";
import { startChecks } from "../changes/check-changes.ts";
import { closeIssue, editText, emitIssue, record, reopenIssue } from "../changes/issue-changes.ts";
import { keepHead, openPulls } from "../changes/pull-changes.ts";
import { countCommits, mergeBase, readChanges, readCommit } from "../git/commits.ts";
import { branchTip, gitText } from "../git/git.ts";
import { presentCommit, presentFileChange } from "../present/commits.ts";
import { presentPull, presentPullSimple } from "../present/pulls.ts";
import { type Answer, created, forbidden, invalid, ok } from "../request/answer.ts";
import { appOf } from "../request/caller.ts";
import { type AuthoredPullCall, authoredPullRoute, mayChange, pullRoute } from "../request/issue-route.ts";
import { listing } from "../request/paging.ts";
import { type AuthoredCall, authoredRoute, type RepositoryCall, repoRoute, withBody } from "../request/route.ts";
import type { Pull, Repository } from "../state/model.ts";
import { addIssue, addPull, pullsOf } from "../state/state.ts";

const PULLS = "/repos/:owner/:repo/pulls";

/** The most files that GitHub lists for one pull request. */
const MAX_FILES = 3000;

const newPull = z.object({
  title: z.string().min(1),
  head: z.string().min(1),
  base: z.string().min(1),
  body: z.string().nullable().default(null),
  draft: z.boolean().default(false),
});

const patch = z.object({
  title: z.string().min(1).optional(),
  body: z.string().nullable().optional(),
  state: z.enum(["open", "closed"]).optional(),
  base: z.string().optional(),
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
  const head = query("head")?.replace(/^[^:]+:/, "");
  const field = query("sort") === "updated" ? "updatedAt" : "createdAt";
  const pulls = pullsOf(call.repository)
    .filter(({ issue }) => state === "all" || issue.state === state)
    .filter((pull) => base === null || pull.base.ref === base)
    .filter((pull) => head === undefined || pull.head.ref === head)
    .sort((one, other) => other.issue[field].localeCompare(one.issue[field]) || other.id - one.id);
  const ascending = (query("direction") ?? (query("sort") === null ? "desc" : "asc")) === "asc";
  return listing(call, ascending ? pulls.reverse() : pulls, presentPullSimple);
}

async function createPull(call: AuthoredCall, body: z.output<typeof newPull>): Promise<Answer> {
  const { state, repository, actor } = call;
  const { dir, owner } = repository;
  const head = body.head.startsWith(`${owner.login}:`) ? body.head.slice(owner.login.length + 1) : body.head;
  const [headSha, baseSha] = await Promise.all([branchTip(dir, head), branchTip(dir, body.base)]);
  if (headSha === undefined) return pullInvalid("head");
  if (baseSha === undefined) return pullInvalid("base");
  if (findOpen(repository, head, body.base) !== undefined) {
    return saying(`A pull request already exists for ${owner.login}:${head}.`);
  }
  if ((await countCommits(dir, baseSha, headSha)) === 0) {
    return saying(`No commits between ${body.base} and ${head}`);
  }
  const { title } = body;
  const issue = addIssue(state, repository, { title, body: body.body, user: actor, app: appOf(call.caller) });
  const ends = { head: { ref: head, sha: headSha }, base: { ref: body.base, sha: baseSha } };
  const pull = addPull(state, issue, { ...ends, draft: body.draft });
  await keepHead(pull);
  await emitIssue(call, issue, "opened");
  startChecks(state, pull);
  return created(await presentPull(pull));
}

async function editPull(call: AuthoredPullCall, body: z.output<typeof patch>): Promise<Answer> {
  const { state, repository, pull } = call;
  const { issue } = pull;
  if (!mayChange(call, issue.user, "write")) return forbidden("Must have push access to Repository.");
  if (body.state === "open" && issue.state === "closed") {
    const refusal = await refuseReopening(repository, pull);
    if (refusal !== undefined) return refusal;
  }
  if (body.base !== undefined && body.base !== pull.base.ref) {
    const refusal = await changeBase(call, body.base);
    if (refusal !== undefined) return refusal;
  }
  await editText(call, issue, body);
  if (body.state === "closed") await closeIssue(call, issue, null);
  if (body.state === "open" && issue.state === "closed") {
    pull.head.sha = (await branchTip(repository.dir, pull.head.ref)) ?? pull.head.sha;
    await keepHead(pull);
    await reopenIssue(call, issue);
    startChecks(state, pull);
  }
  return ok(await presentPull(pull));
}

async function refuseReopening(repository: Repository, pull: Pull): Promise<Answer | undefined> {
  if (pull.mergedAt !== null) return saying("state cannot be changed. The pull request has been merged.");
  if ((await branchTip(repository.dir, pull.head.ref)) === undefined) {
    return saying(`state cannot be changed. The ${pull.head.ref} branch has been deleted.`);
  }
  return findOpen(repository, pull.head.ref, pull.base.ref) === undefined
    ? undefined
    : saying(`state cannot be changed. There is already an open pull request from ${pull.head.ref}.`);
}

async function changeBase(call: AuthoredPullCall, base: string): Promise<Answer | undefined> {
  const { repository, pull } = call;
  const sha = await branchTip(repository.dir, base);
  if (sha === undefined) return pullInvalid("base");
  if (pull.issue.state === "closed") return saying("Cannot change the base branch of a closed pull request.");
  if (findOpen(repository, pull.head.ref, base) !== undefined) {
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

function findOpen(repository: Repository, head: string, base: string): Pull | undefined {
  return openPulls(repository).find((pull) => pull.head.ref === head && pull.base.ref === base);
}

function pullInvalid(field: string): Answer {
  return invalid({ resource: "PullRequest", field, code: "invalid" });
}

function saying(message: string): Answer {
  return invalid({ resource: "PullRequest", code: "custom", message });
}
