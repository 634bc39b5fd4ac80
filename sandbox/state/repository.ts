/** Makes repositories, and follows them to the ones that they were forked from. */
import { join } from "node:path";
import type { State } from "./memory.ts";
import type { Repository } from "./model.ts";
import { findOrganization, identify, nodeId, now } from "./state.ts";

/** Adds a repository that nobody has worked in yet; its git directory exists already. */
export function addRepository(
  state: State,
  fields: Pick<Repository, "owner" | "name" | "description" | "private" | "defaultBranch" | "dir" | "parent" | "ci"> & {
    id?: number | undefined;
  },
): Repository {
  const made = identify(state, "R");
  const created = now(state);
  const repository: Repository = {
    ...fields,
    id: fields.id ?? made.id,
    nodeId: fields.id === undefined ? made.nodeId : nodeId("R", fields.id),
    organization: findOrganization(state, fields.owner.login) ?? null,
    forks: [],
    collaborators: new Map(),
    teams: new Map(),
    labels: [],
    issues: [],
    suites: [],
    artifacts: [],
    runs: [],
    statuses: [],
    protection: [],
    hooks: [],
    mergeGroups: [],
    createdAt: created,
    updatedAt: created,
    pushedAt: created,
  };
  state.repositories.push(repository);
  fields.parent?.forks.push(repository);
  return repository;
}

/** Where a repository's git directory lies. */
export function directoryOf(state: State, owner: string, name: string): string {
  return join(state.dir, "repositories", owner, `${name}.git`);
}

/** A repository, what it was forked from, and so on to the first of its network. */
export function withParents(repository: Repository): Repository[] {
  return [repository, ...(repository.parent === null ? [] : withParents(repository.parent))];
}
