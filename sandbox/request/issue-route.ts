/** Routes about one issue, comment or pull request: access depends on it as well as on the caller. */

import type { Account, Comment, Issue, Pull, Role } from "../state/model.ts";
import { findComment, findIssue, findPull, includesRole, roleOf } from "../state/state.ts";
import { type RepositoryAccess, reaches, readIssues, satisfies, writeIssues } from "./access.ts";
import { type Answer, forbidden, ifFound } from "./answer.ts";
import { type AuthoredCall, authoredRoute, type Reply, type RepositoryCall, type Route, repoRoute } from "./route.ts";

export type AuthoredIssueCall = AuthoredCall & { issue: Issue };
export type CommentCall = AuthoredCall & { comment: Comment };
export type PullCall = RepositoryCall & { pull: Pull };
export type AuthoredPullCall = AuthoredCall & { pull: Pull };

type Path = `/${string}`;
type Method = "POST" | "PUT" | "PATCH" | "DELETE";

const COMMENT = "/repos/:owner/:repo/issues/comments/:comment";
const PULL = "/repos/:owner/:repo/pulls/:number{[0-9]+}";

/** Reads the issue that the path names as `:number`. */
export function readIssueRoute(path: Path, reply: Reply<RepositoryCall & { issue: Issue }>): Route {
  return repoRoute(`GET ${path}`, readIssues, (call) =>
    ifFound(findIssue(call.repository, call.params.number), (issue) => reply({ ...call, issue })),
  );
}

/** Changes the issue that the path names as `:number`; `role` is what a person needs. */
export function writeIssueRoute(method: Method, path: Path, role: Role, reply: Reply<AuthoredIssueCall>): Route {
  return authoredRoute(`${method} ${path}`, { ...writeIssues, role }, (call) =>
    ifFound(
      findIssue(call.repository, call.params.number),
      (issue) => refuseIssueWrite(call, issue) ?? reply({ ...call, issue }),
    ),
  );
}

/** Reads below `/issues/comments/{comment}`. */
export function readCommentRoute(path: "" | Path, reply: Reply<RepositoryCall & { comment: Comment }>): Route {
  return repoRoute(`GET ${COMMENT}${path}`, readIssues, (call) =>
    ifFound(findComment(call.repository, call.params.comment), (comment) => reply({ ...call, comment })),
  );
}

/** Changes below `/issues/comments/{comment}`. */
export function writeCommentRoute(method: Method, path: "" | Path, reply: Reply<CommentCall>): Route {
  return authoredRoute(`${method} ${COMMENT}${path}`, writeIssues, (call) =>
    ifFound(
      findComment(call.repository, call.params.comment),
      (comment) => refuseIssueWrite(call, comment.issue) ?? reply({ ...call, comment }),
    ),
  );
}

/** Reads below `/pulls/{number}`. */
export function pullRoute(path: "" | Path, reply: Reply<PullCall>): Route {
  return repoRoute(`GET ${PULL}${path}`, { needs: "pull_requests=read", role: "read" }, (call) =>
    ifFound(findPull(call.repository, call.params.number), (pull) => reply({ ...call, pull })),
  );
}

/** Changes below `/pulls/{number}`. */
export function authoredPullRoute(
  method: Method,
  path: "" | Path,
  access: RepositoryAccess,
  reply: Reply<AuthoredPullCall>,
): Route {
  return authoredRoute(`${method} ${PULL}${path}`, access, (call) =>
    ifFound(findPull(call.repository, call.params.number), (pull) => reply({ ...call, pull })),
  );
}

/** An app that may only write pull requests may not write issues, though the endpoints are the same. */
export function refuseIssueWrite(call: AuthoredCall, issue: Issue | null): Answer | undefined {
  if (call.caller.kind !== "installation") return undefined;
  const needs = issue?.pull == null ? "issues=write" : writeIssues.needs;
  const { token } = call.caller;
  return reaches(token, call.repository) && satisfies(token.permissions, needs) ? undefined : forbidden();
}

/** Whether the caller may change what `author` wrote: the author always, others with the role, apps by permission. */
export function mayChange(call: AuthoredCall, author: Account, role: Role): boolean {
  return call.actor === author || hasRole(call, role);
}

/** Whether the caller has the role; an app's permission, which its route asks for, stands for any role. */
export function hasRole({ caller, repository, actor }: AuthoredCall, role: Role): boolean {
  return caller.kind === "installation" || includesRole(roleOf(repository, actor), role);
}
