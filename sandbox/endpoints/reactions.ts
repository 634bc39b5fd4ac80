/** Reactions to issues and to comments. */
import { z } from "zod";
import { presentAccount } from "../present/accounts.ts";
import { readIssues, writeIssues } from "../request/access.ts";
import { type Answer, created, forbidden, noContent, notFound, ok } from "../request/answer.ts";
import { mayChange, readIssueRoute, refuseIssueWrite, writeIssueRoute } from "../request/issue-route.ts";
import { listing } from "../request/paging.ts";
import {
  type AuthoredCall,
  authoredRoute,
  type RepositoryCall,
  type Route,
  repoRoute,
  withBody,
} from "../request/route.ts";
import type { State } from "../state/memory.ts";
import type { Comment, Issue, Reaction } from "../state/model.ts";
import { identify, now } from "../state/state.ts";
import { findComment } from "./comments.ts";

const ON_ISSUE = "/repos/:owner/:repo/issues/:number/reactions";
const ON_COMMENT = "/repos/:owner/:repo/issues/comments/:comment/reactions";

const wanted = z.object({
  content: z.enum(["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"]),
});

export const reactionRoutes: Route[] = [
  readIssueRoute(ON_ISSUE, (call) => list(call, call.issue)),
  writeIssueRoute(
    "POST",
    ON_ISSUE,
    "read",
    withBody(wanted, (call: AuthoredCall & { issue: Issue }, { content }) => react(call, call.issue, content)),
  ),
  writeIssueRoute("DELETE", `${ON_ISSUE}/:reaction`, "read", (call) => remove(call, call.issue)),
  repoRoute(`GET ${ON_COMMENT}`, readIssues, (call) => {
    const comment = findComment(call.repository, call.params.comment ?? "");
    return comment === undefined ? notFound() : list(call, comment);
  }),
  authoredRoute(
    `POST ${ON_COMMENT}`,
    writeIssues,
    withBody(wanted, (call: AuthoredCall, { content }) => onComment(call, (comment) => react(call, comment, content))),
  ),
  authoredRoute(`DELETE ${ON_COMMENT}/:reaction`, writeIssues, (call) =>
    onComment(call, (comment) => remove(call, comment)),
  ),
];

type Target = Issue | Comment;

function onComment(call: AuthoredCall, act: (comment: Comment) => Answer): Answer {
  const comment = findComment(call.repository, call.params.comment ?? "");
  if (comment === undefined) return notFound();
  return refuseIssueWrite(call, comment.issue) ?? act(comment);
}

function list(call: RepositoryCall, target: Target): Promise<Answer> {
  const content = call.query.get("content");
  const shown = target.reactions.filter((reaction) => content === null || reaction.content === content);
  return listing(call, shown, (reaction) => presentReaction(call.state, reaction));
}

/** 201 for a new reaction, 200 for one that existed already. */
function react(call: AuthoredCall, target: Target, content: string): Answer {
  const { state, actor } = call;
  const there = target.reactions.find((each) => each.user === actor && each.content === content);
  if (there !== undefined) return ok(presentReaction(state, there));
  const reaction = newReaction(state, actor, content);
  target.reactions.push(reaction);
  return created(presentReaction(state, reaction));
}

function newReaction(state: State, user: Reaction["user"], content: string): Reaction {
  return { ...identify(state, "REA"), user, content, createdAt: now(state) };
}

function remove(call: AuthoredCall, target: Target): Answer {
  const reaction = target.reactions.find(({ id }) => id === Number(call.params.reaction));
  if (reaction === undefined) return notFound();
  const own = reaction.user === call.actor;
  if (!own && (call.caller.kind === "installation" || !mayChange(call, reaction.user, "write"))) return forbidden();
  target.reactions = target.reactions.filter((kept) => kept !== reaction);
  return noContent();
}

function presentReaction(state: State, reaction: Reaction) {
  return {
    id: reaction.id,
    node_id: reaction.nodeId,
    user: presentAccount(state, reaction.user),
    content: reaction.content,
    created_at: reaction.createdAt,
  };
}
