import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Caller, type IssueSide, startIssueSide } from "../../hosts/sandbox-issues.ts";

const CALLERS: Caller[] = ["admin", "writer", "triager", "reader", "outsider", "app", "bystander", "nobody"];

/** One letter per caller above: y is done, n is refused with 403, a is asked to sign in with 401. */
const MATRIX: [endpoint: string, method: string, path: string, body: unknown, allowed: string][] = [
  ["create an issue", "POST", "issues", { title: "t" }, "yyyyyyna"],
  ["edit another's issue", "PATCH", "issues/{issue}", { body: "b" }, "yyynnyna"],
  ["lock", "PUT", "issues/{issue}/lock", {}, "yynnnyna"],
  ["comment", "POST", "issues/{issue}/comments", { body: "b" }, "yyyyyyna"],
  ["react", "POST", "issues/{issue}/reactions", { content: "eyes" }, "yyyyyyna"],
  ["edit another's comment", "PATCH", "issues/comments/{comment}", { body: "b" }, "yynnnyna"],
  ["add labels", "POST", "issues/{issue}/labels", { labels: ["bug"] }, "yyynnyna"],
  ["set labels", "PUT", "issues/{issue}/labels", { labels: ["bug"] }, "yyynnyna"],
  ["remove labels", "DELETE", "issues/{issue}/labels", undefined, "yyynnyna"],
  ["make a label", "POST", "labels", { name: "{unique}" }, "yynnnyna"],
  ["change a label", "PATCH", "labels/bug", { color: "ffffff" }, "yynnnyna"],
  ["assign", "POST", "issues/{issue}/assignees", { assignees: ["writer"] }, "yyynnyna"],
  ["add a sub-issue", "POST", "issues/{issue}/sub_issues", { sub_issue_id: "{fresh}" }, "yyynnyna"],
  ["add a dependency", "POST", "issues/{issue}/dependencies/blocked_by", { issue_id: "{fresh}" }, "yyynnyna"],
  ["make a check run", "POST", "check-runs", { name: "c", head_sha: "{sha}" }, "nnnnnyna"],
  ["set a status", "POST", "statuses/{sha}", { state: "success" }, "yynnnyna"],
  ["change a collaborator", "PUT", "collaborators/reader", { permission: "pull" }, "ynnnnnna"],
];

let side: IssueSide;
beforeAll(async () => {
  side = await startIssueSide();
});
afterAll(() => side.close());

describe.each(MATRIX)("%s", (_endpoint, method, path, body, allowed) => {
  test.each(CALLERS.map((who, index) => [who, allowed[index]] as const))("as %s: %s", async (who, expected) => {
    const values = await fresh();
    const asked = JSON.parse(filled(JSON.stringify(body ?? null), values)) ?? undefined;
    const { status } = await side.call(who, method, filled(path, values), asked);
    const answer = status < 300 ? "y" : status === 403 ? "n" : status === 401 ? "a" : String(status);
    expect(answer).toBe(expected);
  });
});

test("a private repository is not there for those who may not see it", async () => {
  for (const who of ["writer", "outsider", "app", "nobody"] as const) {
    const read = await side.call(who, "GET", "/repos/acme/vault/issues");
    const written = await side.call(who, "POST", "/repos/acme/vault/issues", { title: "t" });
    expect([who, read.status, written.status]).toEqual([
      who,
      who === "writer" ? 200 : 404,
      who === "writer" ? 201 : 404,
    ]);
  }
});

type Values = { issue: number; comment: number; fresh: number; unique: string; sha: string };

/** Every case has an issue, a comment and another issue of its own, so that no case leans on one before it. */
async function fresh(): Promise<Values> {
  const make = () => side.call<{ id: number; number: number }>("admin", "POST", "issues", { title: "of admin" });
  const [issue, other] = [(await make()).body, (await make()).body];
  const path = `issues/${issue.number}/comments`;
  const comment = await side.call<{ id: number }>("admin", "POST", path, { body: "of admin" });
  const sha = await side.head();
  return { issue: issue.number, comment: comment.body.id, fresh: other.id, unique: `l${other.id}`, sha };
}

function filled(text: string, values: Values): string {
  return text
    .replaceAll('"{fresh}"', String(values.fresh))
    .replace(/\{(issue|comment|unique|sha)\}/g, (_, name: keyof Values) => String(values[name]));
}
