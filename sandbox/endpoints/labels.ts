/** Labels of a repository and of an issue. */
import { z } from "zod";
import { addLabels, removeLabel, setLabels } from "../changes/issue-changes.ts";
import { emit } from "../changes/webhooks.ts";
import { presentLabel } from "../present/issues.ts";
import { readIssues } from "../request/access.ts";
import { type Answer, created, ifFound, invalid, noContent, notFound, ok, refused } from "../request/answer.ts";
import { type AuthoredIssueCall, hasRole, readIssueRoute, writeIssueRoute } from "../request/issue-route.ts";
import { listing } from "../request/paging.ts";
import { type AuthoredCall, authoredRoute, type RepositoryCall, repoRoute, withBody } from "../request/route.ts";
import type { Label } from "../state/model.ts";
import { addLabel, findLabel, same } from "../state/state.ts";

const LABELS = "/repos/:owner/:repo/labels";
const LABEL = "/repos/:owner/:repo/labels/:name";
const OF_ISSUE = "/repos/:owner/:repo/issues/:number/labels";

const WRITE = { needs: "issues=write;pull_requests=write", role: "write" } as const;

const name = z.string().trim().min(1).max(50);
const color = z.string();
const description = z.string().max(100).nullish();

/** GitHub accepts both plain names and objects with a name. */
export const labelNames = z.array(z.union([name, z.object({ name }).transform((label) => label.name)]));

const newLabel = z.object({ name, color: color.optional(), description });
const changedLabel = z.object({ new_name: name.optional(), color: color.optional(), description });
const given = z.union([labelNames, z.object({ labels: labelNames.default([]) }).transform(({ labels }) => labels)]);

export const labelRoutes = [
  repoRoute(`GET ${LABELS}`, readIssues, (call) => listing(call, call.repository.labels, presentLabel)),
  authoredRoute(`POST ${LABELS}`, WRITE, withBody(newLabel, create)),
  repoRoute(`GET ${LABEL}`, readIssues, (call) => ifFound(named(call), (label) => ok(presentLabel(label)))),
  authoredRoute(`PATCH ${LABEL}`, WRITE, withBody(changedLabel, update)),
  authoredRoute(`DELETE ${LABEL}`, WRITE, remove),
  readIssueRoute(OF_ISSUE, (call) => listing(call, call.issue.labels, presentLabel)),
  writeIssueRoute("POST", OF_ISSUE, "triage", withBody(given, change(addLabels))),
  writeIssueRoute("PUT", OF_ISSUE, "triage", withBody(given, change(setLabels))),
  writeIssueRoute("DELETE", OF_ISSUE, "triage", async (call) => {
    await setLabels(call, call.issue, []);
    return noContent();
  }),
  writeIssueRoute("DELETE", `${OF_ISSUE}/:name`, "triage", async (call) => {
    const label = call.issue.labels.find((held) => same(held.name, call.params.name ?? ""));
    if (label === undefined) return notFound();
    await removeLabel(call, call.issue, label);
    return shown(call);
  }),
];

/** The label that the path names. */
function named(call: RepositoryCall): Label | undefined {
  return findLabel(call.repository, call.params.name);
}

/** Who may apply labels may not yet make them. */
function change(act: typeof addLabels): (call: AuthoredIssueCall, names: string[]) => Promise<Answer> {
  return async (call, names) => {
    const isNew = names.some((name) => findLabel(call.repository, name) === undefined);
    if (isNew && !hasRole(call, "write")) {
      const error = { resource: "Repository", field: "label", code: "unauthorized" };
      return refused(403, "You do not have permission to create labels on this repository.", [error]);
    }
    await act(call, call.issue, names);
    return shown(call);
  };
}

/** All labels of the issue: these answers are not paged. */
function shown(call: AuthoredIssueCall): Answer {
  return ok(call.issue.labels.map(presentLabel));
}

function create(call: AuthoredCall, body: z.output<typeof newLabel>): Answer {
  const refusal = refuseLabel(call, { name: body.name, color: body.color });
  if (refusal !== undefined) return refusal;
  const label = addLabel(call.state, call.repository, body);
  emitLabel(call, "created", label);
  return created(presentLabel(label));
}

function update(call: AuthoredCall, body: z.output<typeof changedLabel>): Answer {
  const label = named(call);
  if (label === undefined) return notFound();
  const renamed = body.new_name !== undefined && !same(body.new_name, label.name);
  const refusal = refuseLabel(call, { name: renamed ? body.new_name : undefined, color: body.color });
  if (refusal !== undefined) return refusal;
  const before = { ...label };
  label.name = body.new_name ?? label.name;
  label.color = body.color ?? label.color;
  if (body.description !== undefined) label.description = body.description;
  const changes = {
    ...(label.name === before.name ? {} : { name: { from: before.name } }),
    ...(label.color === before.color ? {} : { color: { from: before.color } }),
    ...(label.description === before.description ? {} : { description: { from: before.description ?? "" } }),
  };
  emitLabel(call, "edited", label, { changes });
  return ok(presentLabel(label));
}

function remove(call: AuthoredCall): Answer {
  const label = named(call);
  if (label === undefined) return notFound();
  const { repository } = call;
  repository.labels = repository.labels.filter((held) => held !== label);
  for (const issue of repository.issues) issue.labels = issue.labels.filter((held) => held !== label);
  emitLabel(call, "deleted", label);
  return noContent();
}

function refuseLabel(
  call: AuthoredCall,
  fields: { name?: string | undefined; color?: string | undefined },
): Answer | undefined {
  if (fields.name !== undefined && findLabel(call.repository, fields.name) !== undefined) {
    return invalid({ resource: "Label", field: "name", code: "already_exists" });
  }
  if (fields.color !== undefined && !/^[0-9a-f]{6}$/i.test(fields.color)) {
    return invalid({ resource: "Label", field: "color", code: "invalid" });
  }
  return undefined;
}

function emitLabel(call: AuthoredCall, action: string, label: Label, parts: object = {}): void {
  emit(call, "label", action, { label: presentLabel(label), ...parts });
}
