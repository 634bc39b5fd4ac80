/**
 * Links between issues: sub-issues, of which each has one parent, and dependencies. Requests name the other issue by its
 * database id.
 */
import { z } from "zod";
import { record } from "../changes/issue-changes.ts";
import { emit } from "../changes/webhooks.ts";
import { presentIssue } from "../present/issues.ts";
import { presentRepository } from "../present/repositories.ts";
import { type Answer, created, ifFound, invalid, notFound, ok, refused } from "../request/answer.ts";
import { type AuthoredIssueCall, readIssueRoute, writeIssueRoute } from "../request/issue-route.ts";
import { listing } from "../request/paging.ts";
import { withBody } from "../request/route.ts";
import type { State } from "../state/memory.ts";
import type { Issue } from "../state/model.ts";

const ISSUE = "/repos/:owner/:repo/issues/:number";
const DEPENDENCIES = `${ISSUE}/dependencies` as const;

/** GitHub's own limits. */
const MAX_CHILDREN = 100;
const MAX_DEPTH = 8;

const child = z.object({ sub_issue_id: z.number().int(), replace_parent: z.boolean().default(false) });
const position = z.object({
  sub_issue_id: z.number().int(),
  after_id: z.number().int().optional(),
  before_id: z.number().int().optional(),
});
const other = z.object({ issue_id: z.number().int() });

export const issueLinkRoutes = [
  readIssueRoute(`${ISSUE}/sub_issues`, (call) => listing(call, call.issue.subIssues, presentIssue)),
  readIssueRoute(`${ISSUE}/parent`, ({ issue }) =>
    issue.parent === null ? notFound() : ok(presentIssue(issue.parent)),
  ),
  writeIssueRoute("POST", `${ISSUE}/sub_issues`, "triage", withBody(child, addSubIssue)),
  writeIssueRoute("DELETE", `${ISSUE}/sub_issue`, "triage", withBody(child, removeSubIssue)),
  writeIssueRoute("PATCH", `${ISSUE}/sub_issues/priority`, "triage", withBody(position, reorder)),
  readIssueRoute(`${DEPENDENCIES}/blocked_by`, (call) => listing(call, call.issue.blockedBy, presentIssue)),
  readIssueRoute(`${DEPENDENCIES}/blocking`, (call) => listing(call, blockedBy(call.state, call.issue), presentIssue)),
  writeIssueRoute("POST", `${DEPENDENCIES}/blocked_by`, "triage", withBody(other, addDependency)),
  writeIssueRoute("DELETE", `${DEPENDENCIES}/blocked_by/:id`, "triage", removeDependency),
];

/** One end of a link: its name in the fields of webhooks, and in the events at the other end. */
type End = { issue: Issue; field: string; event: string };

/** Records a change of a link at both ends, and sends a webhook for each, in its own repository. */
function report(
  call: AuthoredIssueCall,
  webhook: "sub_issues" | "issue_dependencies",
  what: "added" | "removed",
  [one, another]: [End, End],
): void {
  const sides = [
    { here: one.issue, there: another },
    { here: another.issue, there: one },
  ];
  for (const { here, there } of sides) record(call, here, `${there.event}_${what}`, { other: there.issue });
  const issues = [one, another].flatMap(({ field, issue }) => [
    [`${field}_id`, issue.id],
    [field, presentIssue(issue)],
  ]);
  for (const { here, there } of sides) {
    const repository = { [`${there.field}_repo`]: presentRepository(there.issue.repository) };
    const parts = { ...Object.fromEntries(issues), ...repository };
    emit({ ...call, repository: here.repository }, webhook, `${there.event}_${what}`, parts);
  }
}

function reportSubIssue(call: AuthoredIssueCall, what: "added" | "removed", parent: Issue, issue: Issue): void {
  report(call, "sub_issues", what, [
    { issue: parent, field: "parent_issue", event: "parent_issue" },
    { issue, field: "sub_issue", event: "sub_issue" },
  ]);
}

function reportDependency(call: AuthoredIssueCall, what: "added" | "removed", blocked: Issue, blocking: Issue): void {
  report(call, "issue_dependencies", what, [
    { issue: blocked, field: "blocked_issue", event: "blocking" },
    { issue: blocking, field: "blocking_issue", event: "blocked_by" },
  ]);
}

/** Issues of the same owner may be related across repositories. */
function findIssueById(call: AuthoredIssueCall, id: number): Issue | undefined {
  const owned = call.state.repositories.filter(({ owner }) => owner === call.repository.owner);
  return owned.flatMap(({ issues }) => issues).find((issue) => issue.id === id);
}

function custom(message: string): Answer {
  return invalid({ resource: "Issue", code: "custom", message });
}

function addSubIssue(call: AuthoredIssueCall, body: z.output<typeof child>): Answer {
  const parent = call.issue;
  return ifFound(findIssueById(call, body.sub_issue_id), (issue) => {
    const refusal = refuseChild(parent, issue, body.replace_parent);
    if (refusal !== undefined) return custom(refusal);
    if (issue.parent !== null) detach(call, issue.parent, issue);
    parent.subIssues.push(issue);
    issue.parent = parent;
    reportSubIssue(call, "added", parent, issue);
    return created(presentIssue(issue));
  });
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

function removeSubIssue(call: AuthoredIssueCall, body: z.output<typeof child>): Answer {
  const found = call.issue.subIssues.find(({ id }) => id === body.sub_issue_id);
  return ifFound(found, (issue) => {
    detach(call, call.issue, issue);
    return ok(presentIssue(issue));
  });
}

function detach(call: AuthoredIssueCall, parent: Issue, issue: Issue): void {
  parent.subIssues = parent.subIssues.filter((kept) => kept !== issue);
  issue.parent = null;
  reportSubIssue(call, "removed", parent, issue);
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
  return ok(presentIssue(issue));
}

/** All issues, in any repository, that are blocked by this one. */
function blockedBy(state: State, issue: Issue): Issue[] {
  return state.repositories.flatMap(({ issues }) => issues).filter((each) => each.blockedBy.includes(issue));
}

function addDependency(call: AuthoredIssueCall, body: z.output<typeof other>): Answer {
  const blocked = call.issue;
  return ifFound(findIssueById(call, body.issue_id), (blocking) => {
    const refusal = refuseDependency(blocked, blocking);
    if (refusal !== undefined) return custom(refusal);
    blocked.blockedBy.push(blocking);
    reportDependency(call, "added", blocked, blocking);
    return created(presentIssue(blocking));
  });
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
  const found = blocked.blockedBy.find(({ id }) => id === Number(call.params.id));
  return ifFound(found, (blocking) => {
    blocked.blockedBy = blocked.blockedBy.filter((kept) => kept !== blocking);
    reportDependency(call, "removed", blocked, blocking);
    return ok(presentIssue(blocking));
  });
}
