/** The collaborators of a repository and their permissions. */
import { z } from "zod";
import { presentAccount } from "../present/accounts.ts";
import { presentPermissions } from "../present/repositories.ts";
import { type Answer, ifFound, invalid, noContent, notFound, ok, refused } from "../request/answer.ts";
import { listing } from "../request/paging.ts";
import { authoredRoute, type RepositoryCall, repoRoute, withBody } from "../request/route.ts";
import type { Account, Role } from "../state/model.ts";
import { roles } from "../state/model.ts";
import { findAccount, includesRole, roleOf, same } from "../state/state.ts";

const PEOPLE = "/repos/:owner/:repo/collaborators";
const PERSON = "/repos/:owner/:repo/collaborators/:login";

/** Only callers who may write, and apps, may list people. */
const READ = { needs: "metadata=read", role: "write" } as const;
const ADMIN = { needs: "administration=write", role: "admin" } as const;

/** GitHub's older names for roles, which requests still use; a role's own name is accepted as well. */
const NAMES: Record<string, Role> = { pull: "read", push: "write" };

const given = z.object({ permission: z.string().default("push") });

export const collaboratorRoutes = [
  repoRoute(`GET ${PEOPLE}`, READ, list),
  repoRoute(`GET ${PERSON}`, READ, (call) =>
    ifFound(named(call), (account) => (ownRole(call, account) === undefined ? notFound() : noContent())),
  ),
  repoRoute(`GET ${PERSON}/permission`, READ, (call) => {
    const account = named(call);
    return account === undefined ? refused(404, `${call.params.login} is not a user`) : ok(permissionOf(call, account));
  }),
  authoredRoute(`PUT ${PERSON}`, ADMIN, withBody(given, put)),
  authoredRoute(`DELETE ${PERSON}`, ADMIN, (call) => {
    const account = named(call);
    if (account !== undefined) call.repository.collaborators.delete(account);
    return noContent();
  }),
];

/** The account that the path names. */
function named(call: RepositoryCall): Account | undefined {
  return findAccount(call.state, call.params.login);
}

/** The role that an account has by name, team or membership; that anyone may read a public repository is no role. */
function ownRole(call: RepositoryCall, account: Account): Role | undefined {
  return account.type === "User" ? roleOf({ ...call.repository, private: true }, account) : undefined;
}

function list(call: RepositoryCall): Promise<Answer> {
  const least = call.query.get("permission");
  const wanted = least === null ? undefined : (NAMES[least] ?? roles.find((role) => role === least));
  const people = call.state.accounts.filter((account) => {
    const role = ownRole(call, account);
    return role !== undefined && (wanted === undefined || includesRole(role, wanted));
  });
  return listing(call, people, (account) => presentCollaborator(account, ownRole(call, account)));
}

/** `permission` has only four levels; `role_name` distinguishes triage and maintain too. */
function permissionOf(call: RepositoryCall, account: Account) {
  const role = roleOf(call.repository, account);
  const level = role === "maintain" ? "write" : role === "triage" ? "read" : (role ?? "none");
  return { permission: level, role_name: role ?? "none", user: presentCollaborator(account, role) };
}

function presentCollaborator(account: Account, role: Role | undefined) {
  return { ...presentAccount(account), permissions: presentPermissions(role), role_name: role ?? "none" };
}

/** GitHub would invite a new collaborator; the sandbox adds the account at once. */
function put(call: RepositoryCall, body: z.output<typeof given>): Answer {
  const account = named(call);
  if (account === undefined) return notFound();
  const role = NAMES[body.permission] ?? roles.find((known) => same(known, body.permission));
  if (role === undefined) return invalid({ resource: "Repository", field: "permission", code: "invalid" });
  call.repository.collaborators.set(account, role);
  return noContent();
}
