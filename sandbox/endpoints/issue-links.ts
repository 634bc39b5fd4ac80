/** Links between issues: sub-issues, of which each has one parent, and dependencies. Requests name the other issue by its database id. */
import { z } from "zod";
import { record } from "../changes/issue-changes.ts";
import { emit } from "../changes/webhooks.ts";
import { presentIssue } from "../present/issues.ts";
import { presentRepository } from "../present/repositories.ts";
import { type Answer, created, invalid, notFound, ok, refused } from "../request/answer.ts";
import { type AuthoredIssueCall, readIssueRoute, writeIssueRoute } from "../request/issue-route.ts";
import { listing } from "../request/paging.ts";
import { type Route, withBody } from "../request/route.ts";
import type { State } from "../state/memory.ts";
import type { Issue } from "../state/model.ts";

const ISSUE = "/repos/:owner/:repo/issues/:number";

/** GitHub's own limits. */
const MAX_CHILDREN = 100;
const MAX_DEPTH = 8;

const child = z.object({ sub_issue_id: z.number().int(), replace_parent: z.boolean().default(false) });
const position = z.object({
  sub_issue_id: z.number().int(),
  after_id: z.number().int().optional(),
  before_id: z.number().int().optional(),
});

export const subIssueRoutes: Route[] = [
  readIssueRoute(`${ISSUE}/sub_issues`, (call) =>
    listing(call, call.issue.subIssues, (issue) => presentIssue(call.state, issue)),
  ),
  readIssueRoute(`${ISSUE}/parent`, ({ state, issue }) =>
    issue.parent === null ? notFound() : ok(presentIssue(state, issue.parent)),
  ),
  writeIssueRoute("POST", `${ISSUE}/sub_issues`, "triage", withBody(child, add)),
  writeIssueRoute("DELETE", `${ISSUE}/sub_issue`, "triage", withBody(child, remove)),
  writeIssueRoute("PATCH", `${ISSUE}/sub_issues/priority`, "triage", withBody(position, reorder)),
];

/** Issues of the same owner may be related across repositories. */
export function findIssueById(call: AuthoredIssueCall, id: number): Issue | undefined {
  const owned = call.state.repositories.filter(({ owner }) => owner === call.repository.owner);
  return owned.flatMap(({ issues }) => issues).find((issue) => issue.id === id);
}

function add(call: AuthoredIssueCall, body: z.output<typeof child>): Answer {
  const parent = call.issue;
  const issue = findIssueById(call, body.sub_issue_id);
  if (issue === undefined) return notFound();
  const refusal = refuseChild(parent, issue, body.replace_parent);
  if (refusal !== undefined) return invalid({ resource: "Issue", code: "custom", message: refusal });
  if (issue.parent !== null) detach(call, issue.parent, issue);
  parent.subIssues.push(issue);
  issue.parent = parent;
  record(call, parent, "sub_issue_added", { other: issue });
  record(call, issue, "parent_issue_added", { other: parent });
  emitSubIssue(call, "added", parent, issue);
  return created(presentIssue(call.state, issue));
}

function refuseChild(parent: Issue, issue: Issue, replace: boolean): string | undefined {
  if (issue.pull !== null) return "A pull request cannot be a sub-issue";
  if (issue.parent === parent) return "Issue may not contain duplicate sub-issues";
  if (issue.parent !== null && !replace) return "Sub issue may only have one parent";
  const line = [parent, ...ancestors(parent)];
  if (line.includes(issue)) return "Sub issue may not be a parent of its parent";
  if (line.length + height(issue) > MAX_DEPTH) return `Sub-issues may be nested ${MAX_DEPTH} deep at most`;
  if (parent.subIssues.length >= MAX_CHILDREN) return `An issue may have ${MAX_CHILDREN} sub-issues at most`;
  return undefined;
}

function ancestors(issue: Issue): Issue[] {
  return issue.parent === null ? [] : [issue.parent, ...ancestors(issue.parent)];
}

function height(issue: Issue): number {
  return 1 + Math.max(0, ...issue.subIssues.map(height));
}

function remove(call: AuthoredIssueCall, body: z.output<typeof child>): Answer {
  const issue = call.issue.subIssues.find(({ id }) => id === body.sub_issue_id);
  if (issue === undefined) return notFound();
  detach(call, call.issue, issue);
  return ok(presentIssue(call.state, issue));
}

function detach(call: AuthoredIssueCall, parent: Issue, issue: Issue): void {
  parent.subIssues = parent.subIssues.filter((kept) => kept !== issue);
  issue.parent = null;
  record(call, parent, "sub_issue_removed", { other: issue });
  record(call, issue, "parent_issue_removed", { other: parent });
  emitSubIssue(call, "removed", parent, issue);
}

function reorder(call: AuthoredIssueCall, body: z.output<typeof position>): Answer {
  const { subIssues } = call.issue;
  const issue = subIssues.find(({ id }) => id === body.sub_issue_id);
  if (issue === undefined) return notFound();
  const { after_id: after, before_id: before } = body;
  const anchor = subIssues.find(({ id }) => id === (after ?? before));
  if ((after === undefined) === (before === undefined) || anchor === undefined || anchor === issue) {
    return refused(422, "Validation Failed", ["Name one of after_id and before_id, another sub-issue of this issue"]);
  }
  const others = subIssues.filter((each) => each !== issue);
  const index = others.indexOf(anchor) + (after === undefined ? 0 : 1);
  call.issue.subIssues = others.toSpliced(index, 0, issue);
  return ok(presentIssue(call.state, issue));
}

/** Sends a webhook for each of the two issues, each in its own repository. */
function emitSubIssue(call: AuthoredIssueCall, what: "added" | "removed", parent: Issue, issue: Issue): void {
  const { state, actor } = call;
  const ends = {
    sub_issue_id: issue.id,
    sub_issue: presentIssue(state, issue),
    parent_issue_id: parent.id,
    parent_issue: presentIssue(state, parent),
  };
  const childRepository = { sub_issue_repo: repositoryOf(state, issue) };
  const parentRepository = { parent_issue_repo: repositoryOf(state, parent) };
  emit(state, parent.repository, "sub_issues", `sub_issue_${what}`, { ...ends, ...childRepository }, actor);
  emit(state, issue.repository, "sub_issues", `parent_issue_${what}`, { ...ends, ...parentRepository }, actor);
}

function repositoryOf(state: State, issue: Issue) {
  return presentRepository(state, issue.repository);
}

const DEPENDENCIES = "/repos/:owner/:repo/issues/:number/dependencies";

const other = z.object({ issue_id: z.number().int() });

export const dependencyRoutes: Route[] = [
  readIssueRoute(`${DEPENDENCIES}/blocked_by`, (call) =>
    listing(call, call.issue.blockedBy, (issue) => presentIssue(call.state, issue)),
  ),
  readIssueRoute(`${DEPENDENCIES}/blocking`, (call) =>
    listing(call, blockedBy(call.state, call.issue), (issue) => presentIssue(call.state, issue)),
  ),
  writeIssueRoute("POST", `${DEPENDENCIES}/blocked_by`, "triage", withBody(other, addDependency)),
  writeIssueRoute("DELETE", `${DEPENDENCIES}/blocked_by/:id`, "triage", removeDependency),
];

/** All issues, in any repository, that are blocked by this one. */
function blockedBy(state: State, issue: Issue): Issue[] {
  return state.repositories.flatMap(({ issues }) => issues).filter((each) => each.blockedBy.includes(issue));
}

function addDependency(call: AuthoredIssueCall, body: z.output<typeof other>): Answer {
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

function removeDependency(call: AuthoredIssueCall): Answer {
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
function emitDependency(call: AuthoredIssueCall, what: "added" | "removed", blocked: Issue, blocking: Issue): void {
  const { state, actor } = call;
  const ends = {
    blocked_issue_id: blocked.id,
    blocked_issue: presentIssue(state, blocked),
    blocking_issue_id: blocking.id,
    blocking_issue: presentIssue(state, blocking),
  };
  const blockingRepo = { blocking_issue_repo: presentRepository(state, blocking.repository) };
  const blockedRepo = { blocked_issue_repo: presentRepository(state, blocked.repository) };
  emit(state, blocked.repository, "issue_dependencies", `blocked_by_${what}`, { ...ends, ...blockingRepo }, actor);
  emit(state, blocking.repository, "issue_dependencies", `blocking_${what}`, { ...ends, ...blockedRepo }, actor);
}
