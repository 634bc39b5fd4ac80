/** The caller of a query on a repository, and its permissions there. */
import { refuseRepository } from "../request/access.ts";
import type { Caller } from "../request/caller.ts";
import type { State } from "../state/memory.ts";
import type { Account, Pull, Repository } from "../state/model.ts";
import { fullName } from "../state/state.ts";
import { refusal } from "./connection.ts";

export type Asker = {
  state: State;
  caller: Caller;
  repository: Repository;
  /** Commits link to pull requests and back; passed as a function so that their files need not import each other. */
  showPull: (pull: Pull) => unknown;
};

/** Throws GitHub's refusal unless the caller has the permission; `needs` is written as in `RepositoryAccess`. */
export function demand({ caller, repository }: Asker, needs: string): void {
  if (refuseRepository(caller, repository, { needs, role: "read" }) !== undefined)
    throw refusal("FORBIDDEN", "Resource not accessible by integration");
}

/** The fields of a repository that need no look into git. */
export function repositoryFields(repository: Repository) {
  return {
    __typename: "Repository",
    id: repository.nodeId,
    databaseId: repository.id,
    name: repository.name,
    nameWithOwner: fullName(repository),
    isPrivate: repository.private,
    isFork: repository.parent !== null,
    owner: actorNode(repository.owner),
  };
}

/** GraphQL's Actor. Unlike in REST, a bot's login has no `[bot]`. */
export function actorNode(account: Account) {
  return {
    __typename: account.type,
    id: account.nodeId,
    databaseId: account.id,
    login: account.login.replace(/\[bot\]$/, ""),
  };
}
