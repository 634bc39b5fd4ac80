/** Repositories and their branches. */

import { z } from "zod";
import { fork } from "../changes/forking.ts";
import { readCommit } from "../git/commits.ts";
import { branchTip, listRefs } from "../git/git.ts";
import { presentCommit } from "../present/commits.ts";
import { presentBranchProtection } from "../present/protection.ts";
import {
  presentFullRepository,
  presentMinimalRepository,
  repositoryPage,
  repositoryUrl,
} from "../present/repositories.ts";
import { readContents } from "../request/access.ts";
import { accepted, notFound, ok, refused } from "../request/answer.ts";
import { listing } from "../request/paging.ts";
import { type AuthoredCall, authoredRoute, type RepositoryCall, repoRoute, withBody } from "../request/route.ts";
import { protectionOf } from "../request/rules.ts";
import type { Account, Repository } from "../state/model.ts";
import { findAccount, findOrganization, roleOf } from "../state/state.ts";

const REPO = "/repos/:owner/:repo";

const FORK = { needs: "administration=write,contents=read", role: "read" } as const;

const newFork = z.object({ organization: z.string().optional(), name: z.string().min(1).optional() });

export const repositoryRoutes = [
  repoRoute(`GET ${REPO}`, { needs: "metadata=read", role: "read" }, (call) => {
    const { caller, repository } = call;
    const role = caller.kind === "user" ? roleOf(repository, caller.user) : undefined;
    return ok(presentFullRepository(repository, role));
  }),
  repoRoute(`GET ${REPO}/forks`, { needs: "metadata=read", role: "read" }, (call) =>
    listing(call, call.repository.forks, (forked) => presentMinimalRepository(forked)),
  ),
  authoredRoute(
    `POST ${REPO}/forks`,
    FORK,
    withBody(newFork, async (call: AuthoredCall, body) => {
      const owner = body.organization === undefined ? call.actor : findAccount(call.state, body.organization);
      if (owner === undefined || (owner !== call.actor && !isMemberOf(call, owner))) return notFound();
      if (owner === call.repository.owner) return refused(403, "You cannot fork a repository that you own.");
      return accepted(presentFullRepository(await fork(call, owner, body.name)));
    }),
  ),
  repoRoute(`GET ${REPO}/branches`, readContents, async (call) => {
    const wanted = call.query.get("protected");
    const refs = await listRefs(call.repository.dir, "refs/heads/");
    const branches = refs
      .map(({ name, sha }) => presentBranch(call, name.slice("refs/heads/".length), sha))
      .filter((branch) => wanted === null || String(branch.protected) === wanted);
    return listing(call, branches, (branch) => branch);
  }),
];

/** Must be registered last: a branch's name may contain slashes. */
export const branchRoute = repoRoute(`GET ${REPO}/branches/:branch{.+}`, readContents, async (call) => {
  const { state, repository } = call;
  const name = call.params.branch ?? "";
  const sha = await branchTip(repository.dir, name);
  if (sha === undefined) return notFound();
  return ok({
    ...presentBranch(call, name, sha),
    commit: presentCommit(state, repository, await readCommit(repository.dir, sha)),
    _links: {
      self: `${repositoryUrl(repository)}/branches/${name}`,
      html: `${repositoryPage(repository)}/tree/${name}`,
    },
  });
});

function presentBranch(call: RepositoryCall, name: string, sha: string) {
  const { repository } = call;
  const url = repositoryUrl(repository);
  return {
    name,
    commit: { sha, url: `${url}/commits/${sha}` },
    protected: isProtected(repository, name),
    protection: presentBranchProtection(repository, protectionOf(repository, name)),
    protection_url: `${url}/branches/${name}/protection`,
  };
}

function isProtected(repository: Repository, branch: string): boolean {
  return protectionOf(repository, branch) !== undefined;
}

function isMemberOf({ state, actor }: AuthoredCall, account: Account): boolean {
  const organization = findOrganization(state, account.login);
  return [organization?.members, organization?.owners].some((people) => people?.includes(actor));
}
