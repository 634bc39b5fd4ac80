/** Forks: repositories of one network, which share their objects as on GitHub. */
import { mkdir } from "node:fs/promises";
import { configure, gitText } from "../git/git.ts";
import { presentRepository } from "../present/repositories.ts";
import type { Account, Repository } from "../state/model.ts";
import { addRepository, directoryOf, withParents } from "../state/repository.ts";
import { findRepository } from "../state/state.ts";
import type { By } from "./issue-changes.ts";
import { emit } from "./webhooks.ts";

/**
 * The account's fork, made when it has none: branches and tags, and nothing that the repository has beside git. It is
 * named after the repository, with a number when that name is taken.
 */
export async function fork(by: By, owner: Account, name = by.repository.name): Promise<Repository> {
  const { state, repository } = by;
  const known = repository.forks.find((one) => one.owner === owner);
  if (known !== undefined) return known;
  let free = name;
  for (let count = 1; findRepository(state, owner.login, free) !== undefined; count++) free = `${name}-${count}`;
  const { description, private: isPrivate, defaultBranch } = repository;
  const dir = directoryOf(state, owner.login, free);
  const made = { owner, name: free, description, private: isPrivate, defaultBranch, dir, parent: repository, ci: [] };
  await mkdir(dir, { recursive: true });
  await gitText(dir, ["clone", "--quiet", "--bare", "--shared", "--", repository.dir, "."]);
  await gitText(dir, ["remote", "remove", "origin"]);
  await configure(dir);
  const forked = addRepository(state, made);
  emit(by, "fork", null, { forkee: { ...presentRepository(forked), public: !isPrivate } });
  return forked;
}

/** Brings what was pushed to a fork into the repositories that it came from: a network has one store of objects. */
export async function shareObjects(repository: Repository, sha: string): Promise<void> {
  const [, ...parents] = withParents(repository);
  for (const { dir } of parents) {
    await gitText(dir, ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", repository.dir, sha]);
  }
}
