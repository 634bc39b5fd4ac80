/** Repositories and their branches. */

import { readCommit } from "../git/commits.ts";
import { branchTip, listRefs } from "../git/git.ts";
import { presentCommit } from "../present/commits.ts";
import { presentBranchProtection } from "../present/protection.ts";
import { presentFullRepository, repositoryPage, repositoryUrl } from "../present/repositories.ts";
import { readContents } from "../request/access.ts";
import { notFound, ok } from "../request/answer.ts";
import { listing } from "../request/paging.ts";
import { type RepositoryCall, repoRoute } from "../request/route.ts";
import { protectionOf } from "../request/rules.ts";
import type { Repository } from "../state/model.ts";
import { roleOf } from "../state/state.ts";

const REPO = "/repos/:owner/:repo";

export const repositoryRoutes = [
  repoRoute(`GET ${REPO}`, { needs: "metadata=read", role: "read" }, (call) => {
    const { caller, repository } = call;
    const role = caller.kind === "user" ? roleOf(repository, caller.user) : undefined;
    return ok(presentFullRepository(repository, role));
  }),
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
