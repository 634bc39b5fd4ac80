/** The root of every query that the sandbox answers. */
import { refuseRepository } from "../request/access.ts";
import type { Caller } from "../request/caller.ts";
import { chargeRate } from "../request/rate.ts";
import type { State } from "../state/memory.ts";
import { findIssue, findPull, findRepository, pullsOf, timestamp } from "../state/state.ts";
import { type Asker, demand, repositoryFields } from "./asker.ts";
import { connection, refusal, type Window } from "./connection.ts";
import { commentNode, issueNode } from "./issues.ts";
import { objectNode, refNode } from "./objects.ts";
import { pullNode } from "./pulls.ts";

export function rootNode(state: State, caller: Caller) {
  return {
    repository: ({ owner, name }: { owner: string; name: string }) => {
      const repository = findRepository(state, owner, name);
      const hidden =
        repository === undefined ||
        refuseRepository(caller, repository, { needs: "metadata=read", role: "read" }) !== undefined;
      if (hidden) throw refusal("NOT_FOUND", `Could not resolve to a Repository with the name '${owner}/${name}'.`);
      const asker: Asker = { state, caller, repository, showPull: (pull) => pullNode(asker, pull) };
      return repositoryNode(asker);
    },
    nodes: ({ ids }: { ids: string[] }) => ids.map((id) => nodeById(state, caller, id)),
    rateLimit: () => {
      const { limit, remaining, reset, used } = chargeRate(state, caller, 0);
      return { limit, remaining, used, cost: 1, resetAt: timestamp(reset * 1000) };
    },
  };
}

/** A comment by its node id; other types of nodes are not supported. */
function nodeById(state: State, caller: Caller, id: string) {
  for (const repository of state.repositories) {
    const comment = repository.issues.flatMap(({ comments }) => comments).find(({ nodeId }) => nodeId === id);
    if (comment === undefined) continue;
    const access = { needs: "issues=read;pull_requests=read", role: "read" } as const;
    if (refuseRepository(caller, repository, access) !== undefined) break;
    return commentNode(comment);
  }
  // Returned, not thrown, so that the other nodes are answered.
  return refusal("NOT_FOUND", `Could not resolve to a node with the global id of '${id}'.`);
}

function repositoryNode(asker: Asker) {
  const { repository } = asker;
  return {
    ...repositoryFields(repository),
    defaultBranchRef: () => refNode(asker, repository.defaultBranch),
    ref: ({ qualifiedName }: { qualifiedName: string }) => branchNode(asker, qualifiedName),
    object: ({ oid, expression }: { oid?: string | null; expression?: string | null }) => {
      if (typeof expression === "string" || typeof oid !== "string")
        throw refusal("UNSUPPORTED", "the sandbox has no resolver for Repository.object without an oid");
      return objectNode(asker, oid);
    },
    pullRequests: (window: PullsWindow) => pullsFrom(asker, window),
    issue: ({ number }: { number: number }) => {
      const issue = findIssue(repository, number);
      if (issue === undefined || issue.pull !== null)
        throw refusal("NOT_FOUND", `Could not resolve to an Issue with the number of ${number}.`);
      return issueNode(asker, issue);
    },
    issueOrPullRequest: ({ number }: { number: number }) => {
      const issue = findIssue(repository, number);
      if (issue === undefined)
        throw refusal("NOT_FOUND", `Could not resolve to an issue or pull request with the number of ${number}.`);
      return issue.pull === null ? issueNode(asker, issue) : pullNode(asker, issue.pull);
    },
    pullRequest: ({ number }: { number: number }) => {
      const pull = findPull(repository, number);
      if (pull === undefined)
        throw refusal("NOT_FOUND", `Could not resolve to a PullRequest with the number of ${number}.`);
      return pullNode(asker, pull);
    },
  };
}

/** GitHub accepts a branch's short or full name. */
function branchNode(asker: Asker, name: string) {
  if (name.startsWith("refs/") && !name.startsWith("refs/heads/"))
    throw refusal("UNSUPPORTED", "the sandbox has no resolver for Repository.ref outside refs/heads");
  return refNode(asker, name.replace(/^refs\/heads\//, ""));
}

type PullsWindow = Window & { headRefName?: string; orderBy?: { field: string; direction: string } };

/** Pull requests by their head's name, which forks can have too, the newest first; no other filter is supported. */
function pullsFrom(asker: Asker, { headRefName, orderBy, ...window }: PullsWindow) {
  demand(asker, "pull_requests=read");
  const isKnown = Object.keys(window).every((name) => ["first", "after", "last", "before"].includes(name));
  const isNewestFirst = orderBy?.field === "CREATED_AT" && orderBy.direction === "DESC";
  if (headRefName === undefined || !isNewestFirst || !isKnown)
    throw refusal("UNSUPPORTED", "the sandbox lists pull requests by headRefName alone, the newest first");
  const pulls = pullsOf(asker.repository).filter(({ head }) => head.ref === headRefName);
  return connection("pullRequests", pulls, window, asker.showPull);
}
