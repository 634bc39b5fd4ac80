/** Routes about one issue: access depends on the issue as well as on the caller. */

import type { Account, Issue, Role } from "../state/model.ts";
import { findIssue, includesRole, roleOf } from "../state/state.ts";
import { reaches, readIssues, satisfies } from "./access.ts";
import { type Answer, forbidden, notFound } from "./answer.ts";
import { type AuthoredCall, authoredRoute, type RepositoryCall, type Route, repoRoute } from "./route.ts";

export type IssueCall = RepositoryCall & { issue: Issue };
export type AuthoredIssueCall = AuthoredCall & { issue: Issue };

type Path = `/${string}`;
type Reply<C> = (call: C) => Answer | Promise<Answer>;

const WRITE = "issues=write;pull_requests=write";

/** Reads the issue that the path names as `:number`. */
export function readIssueRoute(path: Path, reply: Reply<IssueCall>): Route {
  return repoRoute(`GET ${path}`, readIssues, (call) => {
    const issue = findIssue(call.repository, call.params.number ?? "");
    return issue === undefined ? notFound() : reply({ ...call, issue });
  });
}

/** Changes the issue that the path names as `:number`; `role` is what a person needs. */
export function writeIssueRoute(
  method: "POST" | "PUT" | "PATCH" | "DELETE",
  path: Path,
  role: Role,
  reply: Reply<AuthoredIssueCall>,
): Route {
  return authoredRoute(`${method} ${path}`, { needs: WRITE, role }, (call) => {
    const issue = findIssue(call.repository, call.params.number ?? "");
    if (issue === undefined) return notFound();
    return refuseIssueWrite(call, issue) ?? reply({ ...call, issue });
  });
}

/** An app that may only write pull requests may not write issues, though the endpoints are the same. */
export function refuseIssueWrite(call: AuthoredCall, issue: Issue | null): Answer | undefined {
  if (call.caller.kind !== "installation") return undefined;
  const needs = issue?.pull == null ? "issues=write" : WRITE;
  const { token } = call.caller;
  return reaches(token, call.repository) && satisfies(token.permissions, needs) ? undefined : forbidden();
}

/** Whether the caller may change what `author` wrote: the author always, others with the role, apps by permission. */
export function mayChange(call: AuthoredCall, author: Account, role: Role): boolean {
  if (call.caller.kind === "installation" || call.actor === author) return true;
  return includesRole(roleOf(call.state, call.repository, call.actor), role);
}

/** Whether the caller may label and assign; from other callers a new issue takes no labels and assignees. */
export function mayTriage(call: AuthoredCall): boolean {
  if (call.caller.kind === "installation") return true;
  return includesRole(roleOf(call.state, call.repository, call.actor), "triage");
}
