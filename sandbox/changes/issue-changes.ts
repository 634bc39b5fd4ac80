/** Changes to an issue or pull request: each function makes one, records it in the history and sends its webhooks. */

import { presentAccount } from "../present/accounts.ts";
import { presentIssue, presentLabel } from "../present/issues.ts";
import { presentPull } from "../present/pulls.ts";
import { appOf } from "../request/caller.ts";
import type { AuthoredCall } from "../request/route.ts";
import type { Account, Issue, IssueEvent, Label } from "../state/model.ts";
import { addEvent, addLabel, findLabel, now, same, touch } from "../state/state.ts";
import { emit } from "./webhooks.ts";

/** The call that makes a change: its repository, actor and caller. */
export type By = Pick<AuthoredCall, "state" | "repository" | "actor" | "caller">;

type EventDetails = Partial<Pick<IssueEvent, "label" | "assignee" | "rename" | "base" | "other">>;

/** Sends the issue's webhook; for a pull request the same actions are sent as pull_request events. */
export async function emitIssue(by: By, issue: Issue, action: string, parts: object = {}): Promise<void> {
  const origin = { ...by, repository: issue.repository };
  if (issue.pull === null) {
    const payload = { issue: presentIssue(issue), ...parts };
    emit(origin, "issues", action, payload);
  } else {
    const pull = await presentPull(issue.pull);
    const payload = { number: issue.number, pull_request: pull, ...parts };
    emit(origin, "pull_request", action, payload);
  }
}

/** Adds one event to the issue's history. */
export function record(by: By, issue: Issue, event: string, details: EventDetails = {}): void {
  addEvent(by.state, issue, { event, actor: by.actor, app: appOf(by.caller), ...details });
}

export async function editText(
  by: By,
  issue: Issue,
  text: { title?: string | undefined; body?: string | null | undefined },
): Promise<void> {
  const changes: { title?: { from: string }; body?: { from: string } } = {};
  const { title, body } = text;
  if (title !== undefined && title !== issue.title) {
    changes.title = { from: issue.title };
    record(by, issue, "renamed", { rename: { from: issue.title, to: title } });
    issue.title = title;
  }
  if (body !== undefined && body !== issue.body) {
    changes.body = { from: issue.body ?? "" };
    issue.body = body;
    issue.editor = by.actor;
  }
  if (Object.keys(changes).length === 0) return;
  touch(by.state, issue);
  issue.editedAt = issue.updatedAt;
  await emitIssue(by, issue, "edited", { changes });
}

export async function closeIssue(by: By, issue: Issue, reason: Issue["stateReason"]): Promise<void> {
  if (issue.state === "closed") return;
  Object.assign(issue, { state: "closed", stateReason: reason, closedAt: now(by.state), closedBy: by.actor });
  record(by, issue, "closed");
  await emitIssue(by, issue, "closed");
}

export async function reopenIssue(by: By, issue: Issue): Promise<void> {
  if (issue.state === "open") return;
  Object.assign(issue, { state: "open", stateReason: "reopened", closedAt: null, closedBy: null });
  record(by, issue, "reopened");
  await emitIssue(by, issue, "reopened");
}

/** Adds labels by name, each once; a name without a label in the repository creates one, as GitHub's REST does. */
export async function addLabels(by: By, issue: Issue, names: string[]): Promise<void> {
  for (const name of names) {
    const label = findLabel(issue.repository, name) ?? makeLabel(by, name);
    if (issue.labels.includes(label)) continue;
    issue.labels.push(label);
    record(by, issue, "labeled", { label });
    await emitIssue(by, issue, "labeled", { label: presentLabel(label) });
  }
}

export async function removeLabel(by: By, issue: Issue, label: Label): Promise<void> {
  issue.labels = issue.labels.filter((held) => held !== label);
  record(by, issue, "unlabeled", { label });
  await emitIssue(by, issue, "unlabeled", { label: presentLabel(label) });
}

export async function setLabels(by: By, issue: Issue, names: string[]): Promise<void> {
  for (const label of issue.labels) {
    if (!names.some((name) => same(name, label.name))) await removeLabel(by, issue, label);
  }
  await addLabels(by, issue, names);
}

export async function assign(by: By, issue: Issue, assignees: Account[]): Promise<void> {
  for (const assignee of assignees) {
    if (issue.assignees.includes(assignee)) continue;
    issue.assignees.push(assignee);
    record(by, issue, "assigned", { assignee });
    await emitIssue(by, issue, "assigned", { assignee: presentAccount(assignee) });
  }
}

export async function unassign(by: By, issue: Issue, assignees: Account[]): Promise<void> {
  for (const assignee of issue.assignees) {
    if (!assignees.includes(assignee)) continue;
    issue.assignees = issue.assignees.filter((held) => held !== assignee);
    record(by, issue, "unassigned", { assignee });
    await emitIssue(by, issue, "unassigned", { assignee: presentAccount(assignee) });
  }
}

function makeLabel(by: By, name: string): Label {
  const label = addLabel(by.state, by.repository, { name });
  const payload = { label: presentLabel(label) };
  emit(by, "label", "created", payload);
  return label;
}
