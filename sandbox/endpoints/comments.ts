/** Comments on issues and pull requests, and reactions to both. */
import { z } from "zod";
import { emit } from "../changes/webhooks.ts";
import { presentComment, presentIssue, presentReaction } from "../present/issues.ts";
import { readIssues } from "../request/access.ts";
import { type Answer, created, forbidden, ifFound, noContent, ok } from "../request/answer.ts";
import { appOf } from "../request/caller.ts";
import {
  type AuthoredIssueCall,
  type CommentCall,
  hasRole,
  mayChange,
  readCommentRoute,
  readIssueRoute,
  writeCommentRoute,
  writeIssueRoute,
} from "../request/issue-route.ts";
import { listing } from "../request/paging.ts";
import { type AuthoredCall, type RepositoryCall, repoRoute, withBody } from "../request/route.ts";
import type { Comment, Issue } from "../state/model.ts";
import { addComment, identify, now, touch } from "../state/state.ts";

const OF_ISSUE = "/repos/:owner/:repo/issues/:number/comments";
const REACTIONS = "/repos/:owner/:repo/issues/:number/reactions";

const text = z.object({ body: z.string().min(1).max(65_536) });
const wanted = z.object({ content: z.enum(["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"]) });

export const commentRoutes = [
  repoRoute("GET /repos/:owner/:repo/issues/comments", readIssues, (call) => {
    const comments = call.repository.issues.flatMap((issue) => issue.comments).filter(isSince(call));
    comments.sort((one, other) => one.id - other.id);
    if (call.query.get("sort") !== null && call.query.get("direction") !== "asc") comments.reverse();
    return listing(call, comments, presentComment);
  }),
  readCommentRoute("", ({ comment }) => ok(presentComment(comment))),
  writeCommentRoute("PATCH", "", withBody(text, update)),
  writeCommentRoute("DELETE", "", remove),
  readIssueRoute(OF_ISSUE, (call) => listing(call, call.issue.comments.filter(isSince(call)), presentComment)),
  writeIssueRoute("POST", OF_ISSUE, "read", withBody(text, create)),
  readIssueRoute(REACTIONS, (call) => listReactions(call, call.issue)),
  writeIssueRoute(
    "POST",
    REACTIONS,
    "read",
    withBody(wanted, (call: AuthoredIssueCall, { content }) => react(call, call.issue, content)),
  ),
  writeIssueRoute("DELETE", `${REACTIONS}/:reaction`, "read", (call) => removeReaction(call, call.issue)),
  readCommentRoute("/reactions", (call) => listReactions(call, call.comment)),
  writeCommentRoute(
    "POST",
    "/reactions",
    withBody(wanted, (call: CommentCall, { content }) => react(call, call.comment, content)),
  ),
  writeCommentRoute("DELETE", "/reactions/:reaction", (call) => removeReaction(call, call.comment)),
];

function isSince(call: RepositoryCall): (comment: Comment) => boolean {
  const since = Date.parse(call.query.get("since") ?? "") || 0;
  return (comment) => Date.parse(comment.updatedAt) >= since;
}

/** On a locked issue its author needs a role too. */
function create(call: AuthoredIssueCall, { body }: z.output<typeof text>): Answer {
  const { issue, state } = call;
  if (issue.locked && !hasRole(call, "write")) return forbidden("Unable to create comment because issue is locked.");
  const comment = addComment(state, issue, { body, user: call.actor, app: appOf(call.caller) });
  emitComment(call, "created", comment);
  return created(presentComment(comment));
}

function update(call: CommentCall, { body }: z.output<typeof text>): Answer {
  const { comment, state } = call;
  if (!mayChange(call, comment.user, "write")) return forbidden("Must have admin rights to Repository.");
  const before = comment.body;
  Object.assign(comment, { body, updatedAt: now(state), editedAt: now(state) });
  emitComment(call, "edited", comment, { changes: { body: { from: before } } });
  return ok(presentComment(comment));
}

function remove(call: CommentCall): Answer {
  const { comment, state } = call;
  const { issue } = comment;
  if (!mayChange(call, comment.user, "write")) return forbidden("Must have admin rights to Repository.");
  issue.comments = issue.comments.filter((kept) => kept !== comment);
  touch(state, issue);
  emitComment(call, "deleted", comment);
  return noContent();
}

/** A comment on a pull request is sent as `issue_comment` too, with the pull request's issue. */
function emitComment(call: AuthoredCall, action: string, comment: Comment, parts: object = {}): void {
  const issue = presentIssue(comment.issue);
  emit(call, "issue_comment", action, { issue, comment: presentComment(comment), ...parts });
}

function listReactions(call: RepositoryCall, { reactions }: Issue | Comment): Promise<Answer> {
  const content = call.query.get("content");
  return listing(
    call,
    reactions.filter((reaction) => content === null || reaction.content === content),
    presentReaction,
  );
}

/** 201 for a new reaction, 200 for one that existed already. */
function react({ state, actor }: AuthoredCall, target: Issue | Comment, content: string): Answer {
  const there = target.reactions.find((each) => each.user === actor && each.content === content);
  if (there !== undefined) return ok(presentReaction(there));
  const reaction = { ...identify(state, "REA"), user: actor, content, createdAt: now(state) };
  target.reactions.push(reaction);
  return created(presentReaction(reaction));
}

/** An app removes only its own reactions. */
function removeReaction(call: AuthoredCall, target: Issue | Comment): Answer {
  const found = target.reactions.find(({ id }) => id === Number(call.params.reaction));
  return ifFound(found, (reaction) => {
    const own = reaction.user === call.actor;
    if (!own && (call.caller.kind === "installation" || !hasRole(call, "write"))) return forbidden();
    target.reactions = target.reactions.filter((kept) => kept !== reaction);
    return noContent();
  });
}
