/** The root of every query that the sandbox answers. */
import { refuseRepository } from "../request/access.ts";
import type { Caller } from "../request/caller.ts";
import { chargeRate } from "../request/rate.ts";
import type { State } from "../state/memory.ts";
import type { Issue } from "../state/model.ts";
import { findIssue, findPull, findRepository, timestamp } from "../state/state.ts";
import { type Asker, actorNode, demand, repositoryFields } from "./asker.ts";
import { connection, refusal, type Window } from "./connection.ts";
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
    nodes: ({ ids }: { ids: string[] }) => ids.map((id) => commentNode(state, caller, id)),
    rateLimit: () => {
      const { limit, remaining, reset, used } = chargeRate(state, caller, 0);
      return { limit, remaining, used, cost: 1, resetAt: timestamp(reset * 1000) };
    },
  };
}

/** A comment by its node id; other types of nodes are not supported. */
function commentNode(state: State, caller: Caller, id: string) {
  for (const repository of state.repositories) {
    const comment = repository.issues.flatMap(({ comments }) => comments).find(({ nodeId }) => nodeId === id);
    if (comment === undefined) continue;
    const access = { needs: "issues=read;pull_requests=read", role: "read" } as const;
    if (refuseRepository(caller, repository, access) !== undefined) break;
    const { createdAt, editedAt } = comment;
    return { __typename: "IssueComment", id, databaseId: comment.id, createdAt, lastEditedAt: editedAt };
  }
  // Returned, not thrown, so that the other nodes are answered.
  return refusal("NOT_FOUND", `Could not resolve to a node with the global id of '${id}'.`);
}

/** What GraphQL tells of an issue and REST does not; of its timeline only the events of a changed title. */
function issueNode(asker: Asker, { nodeId, number, editedAt, editor, events }: Issue) {
  demand(asker, "issues=read");
  return {
    __typename: "Issue",
    id: nodeId,
    number,
    lastEditedAt: editedAt,
    editor: editor === null ? null : actorNode(editor),
    timelineItems: ({ itemTypes, ...window }: Window & { itemTypes?: string[] | null }) => {
      if (itemTypes?.join() !== "RENAMED_TITLE_EVENT")
        throw refusal("UNSUPPORTED", "the sandbox lists of an issue's timeline only RENAMED_TITLE_EVENT");
      const renamed = events.filter(({ event }) => event === "renamed");
      return connection("timelineItems", renamed, window, ({ nodeId: id, createdAt, rename }) => ({
        __typename: "RenamedTitleEvent",
        id,
        createdAt,
        previousTitle: rename?.from,
        currentTitle: rename?.to,
      }));
    },
  };
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
    issue: ({ number }: { number: number }) => {
      const issue = findIssue(repository, number);
      if (issue === undefined || issue.pull !== null)
        throw refusal("NOT_FOUND", `Could not resolve to an Issue with the number of ${number}.`);
      return issueNode(asker, issue);
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
