/** Commit statuses. They are never deleted; the newest of each context counts. */
import { z } from "zod";
import { emit } from "../changes/webhooks.ts";
import { readCommit } from "../git/commits.ts";
import { branchesAt, resolveCommit } from "../git/git.ts";
import { presentAccount } from "../present/accounts.ts";
import { presentCommit } from "../present/commits.ts";
import { presentMinimalRepository, repositoryUrl } from "../present/repositories.ts";
import { type Answer, created, invalid, notFound, ok, refused } from "../request/answer.ts";
import { appOf } from "../request/caller.ts";
import { listing } from "../request/paging.ts";
import { type AuthoredCall, authoredRoute, type RepositoryCall, repoRoute, withBody } from "../request/route.ts";
import { protectionOf } from "../request/rules.ts";
import type { CommitStatus } from "../state/model.ts";
import { identify, now } from "../state/state.ts";

const REPO = "/repos/:owner/:repo";
const READ = { needs: "statuses=read", role: "read" } as const;

/** GitHub keeps this many statuses for one context of one commit. */
const MAX_STATUSES = 1000;

const given = z.object({
  state: z.enum(["error", "failure", "pending", "success"]),
  target_url: z.url().nullish(),
  description: z.string().max(140).nullish(),
  context: z.string().min(1).max(255).default("default"),
});

export const statusRoutes = [
  authoredRoute(`POST ${REPO}/statuses/:sha`, { needs: "statuses=write", role: "write" }, withBody(given, create)),
  repoRoute(`GET ${REPO}/commits/:ref/status`, READ, combined),
  repoRoute(`GET ${REPO}/commits/:ref/statuses`, READ, async (call) => {
    const sha = await resolveCommit(call.repository.dir, call.params.ref ?? "");
    return sha === undefined
      ? notFound()
      : listing(call, statusesOf(call, sha), (status) => present(call, status, true));
  }),
];

/** Newest first. */
function statusesOf(call: RepositoryCall, sha: string): CommitStatus[] {
  return call.repository.statuses.filter((status) => status.sha === sha).reverse();
}

async function create(call: AuthoredCall, body: z.output<typeof given>): Promise<Answer> {
  const { state, repository } = call;
  const sha = await resolveCommit(repository.dir, call.params.sha ?? "");
  if (sha === undefined) return refused(422, `No commit found for SHA: ${call.params.sha}`);
  const { context } = body;
  if (statusesOf(call, sha).filter((status) => status.context === context).length >= MAX_STATUSES) {
    return invalid({
      resource: "Status",
      field: "context",
      code: "custom",
      message: "This SHA and context has reached the maximum number of statuses.",
    });
  }
  const time = now(state);
  const status: CommitStatus = {
    ...identify(state, "SC"),
    sha,
    context,
    state: body.state,
    description: body.description ?? null,
    targetUrl: body.target_url ?? null,
    creator: call.actor,
    app: appOf(call.caller),
    createdAt: time,
    updatedAt: time,
  };
  repository.statuses.push(status);
  await emitStatus(call, status);
  return created(present(call, status, true));
}

async function combined(call: RepositoryCall): Promise<Answer> {
  const { repository } = call;
  const sha = await resolveCommit(repository.dir, call.params.ref ?? "");
  if (sha === undefined) return notFound();
  const all = statusesOf(call, sha);
  const newest = all.filter((status, index) => all.findIndex(({ context }) => context === status.context) === index);
  const url = `${repositoryUrl(repository)}/commits/${sha}`;
  const page = await listing(call, newest, (status) => present(call, status, false));
  return {
    ...ok({
      state: weigh(newest),
      statuses: page.body,
      sha,
      total_count: newest.length,
      repository: presentMinimalRepository(repository),
      commit_url: url,
      url: `${url}/status`,
    }),
    headers: page.headers ?? {},
  };
}

/** Any failure or error makes the combined state a failure; no status at all, or a pending one, makes it pending. */
function weigh(statuses: CommitStatus[]): "failure" | "pending" | "success" {
  if (statuses.some(({ state }) => state === "failure" || state === "error")) return "failure";
  return statuses.length === 0 || statuses.some(({ state }) => state === "pending") ? "pending" : "success";
}

function present(call: RepositoryCall, status: CommitStatus, withCreator: boolean) {
  const { state, repository } = call;
  return {
    url: `${repositoryUrl(repository)}/statuses/${status.sha}`,
    avatar_url: `${state.url}/avatars/${status.creator.id}`,
    id: status.id,
    node_id: status.nodeId,
    state: status.state,
    description: status.description,
    target_url: status.targetUrl,
    context: status.context,
    created_at: status.createdAt,
    updated_at: status.updatedAt,
    ...(withCreator ? { creator: presentAccount(status.creator) } : {}),
  };
}

async function emitStatus(call: AuthoredCall, status: CommitStatus): Promise<void> {
  const { state, repository } = call;
  const { sha, context } = status;
  const url = `${repositoryUrl(repository)}/commits/${sha}`;
  const branches = await branchesAt(repository, sha);
  const parts = {
    id: status.id,
    sha,
    name: `${repository.owner.login}/${repository.name}`,
    context,
    state: status.state,
    description: status.description,
    target_url: status.targetUrl,
    avatar_url: `${state.url}/avatars/${status.creator.id}`,
    commit: presentCommit(state, repository, await readCommit(repository.dir, sha)),
    branches: branches.map((name) => ({
      name,
      commit: { sha, url },
      protected: protectionOf(repository, name) !== undefined,
    })),
    created_at: status.createdAt,
    updated_at: status.updatedAt,
  };
  emit(call, "status", null, parts);
}
