/** The collaborators of a repository and their permissions. */
import { z } from "zod";
import { presentAccount } from "../present/accounts.ts";
import { type Answer, invalid, noContent, notFound, ok, refused } from "../request/answer.ts";
import { listing } from "../request/paging.ts";
import { authoredRoute, type RepositoryCall, type Route, repoRoute, withBody } from "../request/route.ts";
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

export const collaboratorRoutes: Route[] = [
  repoRoute(`GET ${PEOPLE}`, READ, list),
  repoRoute(`GET ${PERSON}`, READ, (call) => {
    const account = findAccount(call.state, call.params.login ?? "");
    return account !== undefined && ownRole(call, account) !== undefined ? noContent() : notFound();
  }),
  repoRoute(`GET ${PERSON}/permission`, READ, (call) => {
    const account = findAccount(call.state, call.params.login ?? "");
    return account === undefined ? refused(404, `${call.params.login} is not a user`) : ok(permissionOf(call, account));
  }),
  authoredRoute(`PUT ${PERSON}`, ADMIN, withBody(given, put)),
  authoredRoute(`DELETE ${PERSON}`, ADMIN, (call) => {
    const account = findAccount(call.state, call.params.login ?? "");
    if (account !== undefined) call.repository.collaborators.delete(account);
    return noContent();
  }),
];

/** The role that an account has by name, team or membership; that anyone may read a public repository is no role. */
function ownRole(call: RepositoryCall, account: Account): Role | undefined {
  return account.type === "User" ? roleOf(call.state, { ...call.repository, private: true }, account) : undefined;
}

function list(call: RepositoryCall): Promise<Answer> {
  const least = call.query.get("permission");
  const wanted = least === null ? undefined : (NAMES[least] ?? roles.find((role) => role === least));
  const people = call.state.accounts.filter((account) => {
    const role = ownRole(call, account);
    return role !== undefined && (wanted === undefined || includesRole(role, wanted));
  });
  return listing(call, people, (account) => presentCollaborator(call, account, ownRole(call, account)));
}

/** `permission` has only four levels; `role_name` distinguishes triage and maintain too. */
function permissionOf(call: RepositoryCall, account: Account) {
  const role = roleOf(call.state, call.repository, account);
  const level = role === "maintain" ? "write" : role === "triage" ? "read" : (role ?? "none");
  return { permission: level, role_name: role ?? "none", user: presentCollaborator(call, account, role) };
}

function presentCollaborator(call: RepositoryCall, account: Account, role: Role | undefined) {
  return {
    ...presentAccount(call.state, account),
    permissions: {
      admin: includesRole(role, "admin"),
      maintain: includesRole(role, "maintain"),
      push: includesRole(role, "write"),
      triage: includesRole(role, "triage"),
      pull: includesRole(role, "read"),
    },
    role_name: role ?? "none",
  };
}

/** GitHub would invite a new collaborator; the sandbox adds the account at once. */
function put(call: RepositoryCall, body: z.output<typeof given>): Answer {
  const account = findAccount(call.state, call.params.login ?? "");
  if (account === undefined) return notFound();
  const role = NAMES[body.permission] ?? roles.find((known) => same(known, body.permission));
  if (role === undefined) return invalid({ resource: "Repository", field: "permission", code: "invalid" });
  call.repository.collaborators.set(account, role);
  return noContent();
}
