/** Dependencies between issues. Requests name the other issue by its database id. */
import { z } from "zod";
import { record } from "../changes/issue-changes.ts";
import { emit } from "../changes/webhooks.ts";
import { presentIssue } from "../present/issues.ts";
import { presentRepository } from "../present/repositories.ts";
import { type Answer, created, invalid, notFound, ok } from "../request/answer.ts";
import { type AuthoredIssueCall, readIssueRoute, writeIssueRoute } from "../request/issue-route.ts";
import { listing } from "../request/paging.ts";
import { type Route, withBody } from "../request/route.ts";
import type { State } from "../state/memory.ts";
import type { Issue } from "../state/model.ts";
import { findIssueById } from "./sub-issues.ts";

const DEPENDENCIES = "/repos/:owner/:repo/issues/:number/dependencies";

const other = z.object({ issue_id: z.number().int() });

export const dependencyRoutes: Route[] = [
  readIssueRoute(`${DEPENDENCIES}/blocked_by`, (call) =>
    listing(call, call.issue.blockedBy, (issue) => presentIssue(call.state, issue)),
  ),
  readIssueRoute(`${DEPENDENCIES}/blocking`, (call) =>
    listing(call, blockedBy(call.state, call.issue), (issue) => presentIssue(call.state, issue)),
  ),
  writeIssueRoute("POST", `${DEPENDENCIES}/blocked_by`, "triage", withBody(other, add)),
  writeIssueRoute("DELETE", `${DEPENDENCIES}/blocked_by/:id`, "triage", remove),
];

/** All issues, in any repository, that are blocked by this one. */
function blockedBy(state: State, issue: Issue): Issue[] {
  return state.repositories.flatMap(({ issues }) => issues).filter((each) => each.blockedBy.includes(issue));
}

function add(call: AuthoredIssueCall, body: z.output<typeof other>): Answer {
  const blocked = call.issue;
  const blocking = findIssueById(call, body.issue_id);
  if (blocking === undefined) return notFound();
  const refusal = refuseDependency(blocked, blocking);
  if (refusal !== undefined) return invalid({ resource: "Issue", code: "custom", message: refusal });
  blocked.blockedBy.push(blocking);
  record(call, blocked, "blocked_by_added", { other: blocking });
  record(call, blocking, "blocking_added", { other: blocked });
  emitDependency(call, "added", blocked, blocking);
  return created(presentIssue(call.state, blocking));
}

function refuseDependency(blocked: Issue, blocking: Issue): string | undefined {
  if (blocked === blocking) return "An issue cannot be blocked by itself";
  if (blocked.blockedBy.includes(blocking)) return "The issues already have this dependency";
  return waitsFor(blocking, blocked) ? "The dependency would make a circle" : undefined;
}

/** Cycles are refused, so this terminates. */
function waitsFor(issue: Issue, target: Issue): boolean {
  return issue.blockedBy.some((each) => each === target || waitsFor(each, target));
}

function remove(call: AuthoredIssueCall): Answer {
  const blocked = call.issue;
  const blocking = blocked.blockedBy.find(({ id }) => id === Number(call.params.id));
  if (blocking === undefined) return notFound();
  blocked.blockedBy = blocked.blockedBy.filter((kept) => kept !== blocking);
  record(call, blocked, "blocked_by_removed", { other: blocking });
  record(call, blocking, "blocking_removed", { other: blocked });
  emitDependency(call, "removed", blocked, blocking);
  return ok(presentIssue(call.state, blocking));
}

/** Sends a webhook for each of the two issues, each in its own repository. */
function emitDependency(
  call: AuthoredIssueCall,
  what: "added" | "removed",
  blocked: Issue,
  blocking: Issue,
): void {
  const { state, actor } = call;
  const ends = {
    blocked_issue_id: blocked.id,
    blocked_issue: presentIssue(state, blocked),
    blocking_issue_id: blocking.id,
    blocking_issue: presentIssue(state, blocking),
  };
  const blockingRepo = { blocking_issue_repo: presentRepository(state, blocking.repository) };
  const blockedRepo = { blocked_issue_repo: presentRepository(state, blocked.repository) };
  emit(
    state,
    blocked.repository,
    "issue_dependencies",
    `blocked_by_${what}`,
    { ...ends, ...blockingRepo },
    actor,
  );
  emit(
    state,
    blocking.repository,
    "issue_dependencies",
    `blocking_${what}`,
    { ...ends, ...blockedRepo },
    actor,
  );
}
