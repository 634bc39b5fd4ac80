/** The assignees of an issue. */
import { z } from "zod";
import { assign, unassign } from "../changes/issue-changes.ts";
import { presentAccount } from "../present/accounts.ts";
import { presentIssue } from "../present/issues.ts";
import { type Answer, created, invalid, noContent, notFound, ok } from "../request/answer.ts";
import { type AuthoredIssueCall, writeIssueRoute } from "../request/issue-route.ts";
import { listing } from "../request/paging.ts";
import { type RepositoryCall, repoRoute, withBody } from "../request/route.ts";
import type { Account } from "../state/model.ts";
import { findAccount, roleOf } from "../state/state.ts";

const REPO = "/repos/:owner/:repo";
const ASSIGNEES = `${REPO}/issues/:number/assignees` as const;
const READ = { needs: "issues=read", role: "read" } as const;

const logins = z.object({ assignees: z.array(z.string()).default([]) });

export const assigneeRoutes = [
  repoRoute(`GET ${REPO}/assignees`, READ, (call) => listing(call, assignable(call), presentAccount)),
  repoRoute(`GET ${REPO}/assignees/:login`, READ, (call) => {
    const account = findAccount(call.state, call.params.login);
    return account !== undefined && assignable(call).includes(account) ? noContent() : notFound();
  }),
  writeIssueRoute("POST", ASSIGNEES, "triage", withBody(logins, add)),
  writeIssueRoute("DELETE", ASSIGNEES, "triage", withBody(logins, remove)),
];

/** The accounts behind the logins, or a 422 when one of them cannot be assigned. */
export function findAssignees(call: RepositoryCall, names: string[]): { found: Account[] } | Answer {
  const accounts = names.map((login) => findAccount(call.state, login));
  const known = assignable(call);
  const found = accounts.filter((account) => account !== undefined && known.includes(account));
  return found.length === names.length
    ? { found: found.filter((account) => account !== undefined) }
    : invalid({ resource: "Issue", field: "assignees", code: "invalid" });
}

/** Accounts with a role here by name, by a team or as a member; that anyone may read a public repository is no role. */
function assignable(call: RepositoryCall): Account[] {
  const { state, repository } = call;
  const closed = { ...repository, private: true };
  return state.accounts.filter((account) => account.type === "User" && roleOf(closed, account) !== undefined);
}

async function add(call: AuthoredIssueCall, body: z.output<typeof logins>): Promise<Answer> {
  const known = assignable(call);
  const wanted = body.assignees.map((login) => findAccount(call.state, login));
  await assign(
    call,
    call.issue,
    wanted.filter((account) => account !== undefined).filter((account) => known.includes(account)),
  );
  return created(presentIssue(call.issue));
}

async function remove(call: AuthoredIssueCall, body: z.output<typeof logins>): Promise<Answer> {
  const leaving = body.assignees.map((login) => findAccount(call.state, login));
  await unassign(
    call,
    call.issue,
    leaving.filter((account) => account !== undefined),
  );
  return ok(presentIssue(call.issue));
}
