/** Issues: list, create, read, change, lock. A pull request is an issue too, and appears here as on GitHub. */
import { z } from "zod";
import {
  addLabels,
  assign,
  closeIssue,
  editText,
  emitIssue,
  record,
  reopenIssue,
  setLabels,
  unassign,
} from "../changes/issue-changes.ts";
import { presentIssue } from "../present/issues.ts";
import { type Answer, created, forbidden, invalid, noContent, ok } from "../request/answer.ts";
import { appOf } from "../request/caller.ts";
import {
  type AuthoredIssueCall,
  hasRole,
  mayChange,
  readIssueRoute,
  refuseIssueWrite,
  writeIssueRoute,
} from "../request/issue-route.ts";
import { listing } from "../request/paging.ts";
import { type AuthoredCall, authoredRoute, type RepositoryCall, repoRoute, withBody } from "../request/route.ts";
import type { Issue } from "../state/model.ts";
import { addIssue, same } from "../state/state.ts";
import { findAssignees } from "./assignees.ts";
import { labelNames } from "./labels.ts";

const ISSUES = "/repos/:owner/:repo/issues";
const ISSUE = "/repos/:owner/:repo/issues/:number";

const title = z.union([z.string(), z.number()]).transform(String).pipe(z.string().trim().min(1).max(256));

const newIssue = z.object({
  title,
  body: z.string().nullish(),
  labels: labelNames.default([]),
  assignees: z.array(z.string()).default([]),
  milestone: z.null().optional(),
});

const changedIssue = z.object({
  title: title.optional(),
  body: z.string().nullish(),
  state: z.enum(["open", "closed"]).optional(),
  state_reason: z.enum(["completed", "not_planned", "duplicate", "reopened"]).nullish(),
  labels: labelNames.optional(),
  assignees: z.array(z.string()).optional(),
  milestone: z.null().optional(),
});

const lock = z.object({ lock_reason: z.enum(["off-topic", "too heated", "resolved", "spam"]).nullish() });

const choices: Record<string, string[]> = {
  state: ["open", "closed", "all"],
  sort: ["created", "updated", "comments"],
  direction: ["asc", "desc"],
};

export const issueRoutes = [
  repoRoute(`GET ${ISSUES}`, { needs: "issues=read", role: "read" }, list),
  authoredRoute(`POST ${ISSUES}`, { needs: "issues=write", role: "read" }, withBody(newIssue, create)),
  readIssueRoute(ISSUE, (call) => ok(presentIssue(call.issue))),
  writeIssueRoute("PATCH", ISSUE, "read", withBody(changedIssue, update)),
  writeIssueRoute("PUT", `${ISSUE}/lock`, "write", withBody(lock, lockIssue)),
  writeIssueRoute("DELETE", `${ISSUE}/lock`, "write", unlockIssue),
];

async function list(call: RepositoryCall): Promise<Answer> {
  const query = (name: string) => call.query.get(name);
  for (const [name, known] of Object.entries(choices)) {
    const value = query(name);
    if (value !== null && !known.includes(value)) return invalid({ resource: "Issue", field: name, code: "invalid" });
  }
  const labels = query("labels")?.split(",").filter(Boolean) ?? [];
  const state = query("state") ?? "open";
  const creator = query("creator");
  const since = Date.parse(query("since") ?? "") || 0;
  const found = call.repository.issues.filter(
    (issue) =>
      (state === "all" || issue.state === state) &&
      (creator === null || same(issue.user.login, creator)) &&
      isAssigned(issue, query("assignee")) &&
      Date.parse(issue.updatedAt) >= since &&
      labels.every((name) => issue.labels.some((label) => same(label.name, name))),
  );
  const sorted = found.sort(order(query("sort") ?? "created"));
  if (query("direction") !== "asc") sorted.reverse();
  return listing(call, sorted, presentIssue);
}

function isAssigned(issue: Issue, login: string | null): boolean {
  if (login === null) return true;
  if (login === "none" || login === "*") return issue.assignees.length > 0 === (login === "*");
  return issue.assignees.some((assignee) => same(assignee.login, login));
}

function order(sort: string): (one: Issue, other: Issue) => number {
  return (one, other) => {
    const byNumber = one.number - other.number;
    if (sort === "comments") return one.comments.length - other.comments.length || byNumber;
    if (sort === "updated") return Date.parse(one.updatedAt) - Date.parse(other.updatedAt) || byNumber;
    return byNumber;
  };
}

async function create(call: AuthoredCall, body: z.output<typeof newIssue>): Promise<Answer> {
  const refusal = refuseIssueWrite(call, null);
  if (refusal !== undefined) return refusal;
  const pushes = hasRole(call, "write");
  const assignees = findAssignees(call, pushes ? body.assignees : []);
  if ("status" in assignees) return assignees;
  const issue = addIssue(call.state, call.repository, {
    title: body.title,
    body: body.body ?? null,
    user: call.actor,
    app: appOf(call.caller),
  });
  await emitIssue(call, issue, "opened");
  if (pushes) await addLabels(call, issue, body.labels);
  await assign(call, issue, assignees.found);
  return created(presentIssue(issue));
}

async function update(call: AuthoredIssueCall, body: z.output<typeof changedIssue>): Promise<Answer> {
  const { issue } = call;
  if (!mayChange(call, issue.user, "triage")) return forbidden("Must have admin rights to Repository.");
  const pushes = hasRole(call, "write");
  const wanted = pushes ? body.assignees : undefined;
  const assignees = findAssignees(call, wanted ?? []);
  if ("status" in assignees) return assignees;
  await editText(call, issue, body);
  if (pushes && body.labels !== undefined) await setLabels(call, issue, body.labels);
  if (wanted !== undefined) {
    const leaving = issue.assignees.filter((assignee) => !assignees.found.includes(assignee));
    await unassign(call, issue, leaving);
    await assign(call, issue, assignees.found);
  }
  if (body.state === "closed")
    await closeIssue(call, issue, issue.pull === null ? closingReason(body.state_reason) : null);
  if (body.state === "open") await reopenIssue(call, issue);
  return ok(presentIssue(issue));
}

function closingReason(reason: Issue["stateReason"] | undefined): Issue["stateReason"] {
  return reason === undefined || reason === null || reason === "reopened" ? "completed" : reason;
}

async function lockIssue(call: AuthoredIssueCall, body: z.output<typeof lock>): Promise<Answer> {
  if (!call.issue.locked) {
    Object.assign(call.issue, { locked: true, lockReason: body.lock_reason ?? null });
    record(call, call.issue, "locked");
    await emitIssue(call, call.issue, "locked");
  }
  return noContent();
}

async function unlockIssue(call: AuthoredIssueCall): Promise<Answer> {
  if (call.issue.locked) {
    Object.assign(call.issue, { locked: false, lockReason: null });
    record(call, call.issue, "unlocked");
    await emitIssue(call, call.issue, "unlocked");
  }
  return noContent();
}
