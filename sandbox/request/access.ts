/** Access checks on a repository: by role for people, by permission for apps. */

import type { InstallationToken, Level, Organization, Permissions, Repository, Role } from "../state/model.ts";
import { includesRole, roleOf } from "../state/state.ts";
import { type Answer, forbidden, notFound, refused } from "./answer.ts";
import type { Caller } from "./caller.ts";

/**
 * `needs` is written as in the header x-accepted-github-permissions: commas join permissions that are needed together,
 * semicolons separate alternatives. `role` is the role that a person needs.
 */
export type RepositoryAccess = { needs: string; role: Role };

/** The access that most endpoints about files and commits need. */
export const readContents: RepositoryAccess = { needs: "contents=read", role: "read" };
export const writeContents: RepositoryAccess = { needs: "contents=write", role: "write" };

/** The access that most endpoints about both issues and pull requests need. */
export const readIssues: RepositoryAccess = { needs: "issues=read;pull_requests=read", role: "read" };
export const writeIssues: RepositoryAccess = { needs: "issues=write;pull_requests=write", role: "read" };

const LEVELS: readonly string[] = ["read", "write", "admin"] satisfies Level[];

/** The refusal, or undefined when the caller has access. A repository that the caller may not see gives 404. */
export function refuseRepository(caller: Caller, repository: Repository, access: RepositoryAccess): Answer | undefined {
  const reading = access.role === "read";
  switch (caller.kind) {
    case "app":
      return refused(401, "A JSON web token could not be decoded");
    case "nobody":
      if (repository.private) return notFound();
      return reading ? undefined : refused(401, "Requires authentication");
    case "user": {
      const role = roleOf(repository, caller.user);
      if (role === undefined) return notFound();
      return includesRole(role, access.role) ? undefined : forbidden(missingRole(access.role));
    }
    case "installation": {
      const reached = reaches(caller.token, repository);
      if (!reached && repository.private) return notFound();
      if (!reached) return reading ? undefined : forbidden();
      return satisfies(caller.token.permissions, access.needs) ? undefined : forbidden();
    }
  }
}

export function refuseOrganization(caller: Caller, organization: Organization, needs: string): Answer | undefined {
  switch (caller.kind) {
    case "app":
    case "nobody":
      return refused(401, "Requires authentication");
    case "user":
      return isMember(organization, caller) ? undefined : notFound();
    case "installation": {
      const { installation, permissions } = caller.token;
      if (installation.account !== organization.account) return notFound();
      return satisfies(permissions, needs) ? undefined : forbidden();
    }
  }
}

/** Whether the token's installation covers the repository. */
export function reaches(token: InstallationToken, repository: Repository): boolean {
  return (token.repositories ?? token.installation.repositories).includes(repository);
}

export function satisfies(held: Permissions, needs: string): boolean {
  return needs.split(";").some((alternative) =>
    alternative.split(",").every((part) => {
      const [name = "", level = ""] = part.trim().split("=");
      if (name === "metadata" && level === "read") return true;
      const have = held[name];
      return have !== undefined && LEVELS.includes(level) && LEVELS.indexOf(have) >= LEVELS.indexOf(level);
    }),
  );
}

function isMember(organization: Organization, caller: Caller & { kind: "user" }): boolean {
  return organization.members.includes(caller.user) || organization.owners.includes(caller.user);
}

function missingRole(role: Role): string {
  return role === "admin"
    ? "Must have admin rights to Repository."
    : `Must have ${role === "write" ? "push" : role} access to Repository.`;
}
