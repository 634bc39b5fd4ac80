/** Comments on issues and pull requests. */
import { z } from "zod";
import { emit } from "../changes/webhooks.ts";
import { presentComment, presentIssue } from "../present/issues.ts";
import { readIssues, writeIssues } from "../request/access.ts";
import { type Answer, created, forbidden, noContent, notFound, ok } from "../request/answer.ts";
import { appOf } from "../request/caller.ts";
import {
  type AuthoredIssueCall,
  mayChange,
  readIssueRoute,
  refuseIssueWrite,
  writeIssueRoute,
} from "../request/issue-route.ts";
import { listing } from "../request/paging.ts";
import {
  type AuthoredCall,
  authoredRoute,
  type RepositoryCall,
  type Route,
  repoRoute,
  withBody,
} from "../request/route.ts";
import type { Comment, Repository } from "../state/model.ts";
import { addComment, includesRole, now, roleOf, touch } from "../state/state.ts";

const ALL = "/repos/:owner/:repo/issues/comments";
const ONE = "/repos/:owner/:repo/issues/comments/:comment";
const OF_ISSUE = "/repos/:owner/:repo/issues/:number/comments";

const text = z.object({ body: z.string().min(1).max(65_536) });

export const commentRoutes: Route[] = [
  repoRoute(`GET ${ALL}`, readIssues, (call) => {
    const comments = call.repository.issues.flatMap((issue) => issue.comments).filter(isSince(call));
    comments.sort((one, other) => one.id - other.id);
    if (call.query.get("sort") !== null && call.query.get("direction") !== "asc") comments.reverse();
    return listing(call, comments, (comment) => presentComment(call.state, comment));
  }),
  repoRoute(`GET ${ONE}`, readIssues, (call) => {
    const comment = findComment(call.repository, call.params.comment ?? "");
    return comment === undefined ? notFound() : ok(presentComment(call.state, comment));
  }),
  authoredRoute(`PATCH ${ONE}`, writeIssues, withBody(text, update)),
  authoredRoute(`DELETE ${ONE}`, writeIssues, remove),
  readIssueRoute(OF_ISSUE, (call) =>
    listing(call, call.issue.comments.filter(isSince(call)), (comment) => presentComment(call.state, comment)),
  ),
  writeIssueRoute("POST", OF_ISSUE, "read", withBody(text, create)),
];

export function findComment(repository: Repository, id: string): Comment | undefined {
  return repository.issues.flatMap((issue) => issue.comments).find((comment) => comment.id === Number(id));
}

function isSince(call: RepositoryCall): (comment: Comment) => boolean {
  const since = Date.parse(call.query.get("since") ?? "") || 0;
  return (comment) => Date.parse(comment.updatedAt) >= since;
}

function create(call: AuthoredIssueCall, { body }: z.output<typeof text>): Answer {
  const { issue, state } = call;
  if (issue.locked && !mayWrite(call)) {
    return forbidden("Unable to create comment because issue is locked.");
  }
  const comment = addComment(state, issue, { body, user: call.actor, app: appOf(call.caller) });
  emitComment(call, "created", comment);
  return created(presentComment(state, comment));
}

/** Whether the caller may comment on a locked issue: its author needs the role too. */
function mayWrite(call: AuthoredIssueCall): boolean {
  return call.caller.kind === "installation" || includesRole(roleOf(call.state, call.repository, call.actor), "write");
}

function update(call: AuthoredCall, { body }: z.output<typeof text>): Answer {
  const comment = findComment(call.repository, call.params.comment ?? "");
  if (comment === undefined) return notFound();
  const refusal = refuseChange(call, comment);
  if (refusal !== undefined) return refusal;
  const before = comment.body;
  const at = now(call.state);
  Object.assign(comment, { body, updatedAt: at, editedAt: at });
  emitComment(call, "edited", comment, { changes: { body: { from: before } } });
  return ok(presentComment(call.state, comment));
}

function remove(call: AuthoredCall): Answer {
  const comment = findComment(call.repository, call.params.comment ?? "");
  if (comment === undefined) return notFound();
  const refusal = refuseChange(call, comment);
  if (refusal !== undefined) return refusal;
  const { issue } = comment;
  issue.comments = issue.comments.filter((kept) => kept !== comment);
  touch(call.state, issue);
  emitComment(call, "deleted", comment);
  return noContent();
}

function refuseChange(call: AuthoredCall, comment: Comment): Answer | undefined {
  const refusal = refuseIssueWrite(call, comment.issue);
  if (refusal !== undefined) return refusal;
  return mayChange(call, comment.user, "write") ? undefined : forbidden("Must have admin rights to Repository.");
}

/** A comment on a pull request is sent as `issue_comment` too, with the pull request's issue. */
function emitComment(call: AuthoredCall, action: string, comment: Comment, parts: object = {}): void {
  const { state, repository, actor } = call;
  const issue = presentIssue(state, comment.issue);
  emit(state, repository, "issue_comment", action, { issue, comment: presentComment(state, comment), ...parts }, actor);
}
