import { describe, expect, test } from "@jest/globals";
import { type Use, whyForbidden } from "../../../app/github/allowed-calls.ts";

const repository = { baseUrl: "https://ghe.example/api/v3", owner: "acme", repo: "web" };
const own = `${repository.baseUrl}/repos/acme/web`;
const ask = (use: Use, method: string, url: string, body: unknown = {}) =>
  whyForbidden(use, { method, url, body }, repository);

const sha = "a".repeat(40);

describe("the writing client", () => {
  test.each([
    ["POST", "/issues", { title: "t" }],
    ["PATCH", "/issues/7", { state: "closed", state_reason: "completed" }],
    ["POST", "/issues/7/comments", { body: "b" }],
    ["POST", "/issues/7/labels", { labels: ["sallyport:ready"] }],
    ["DELETE", "/issues/7/labels/ai%3Aplan", undefined],
    ["DELETE", "/issues/7/labels/sallyport%3Aa%2Fb", undefined],
    ["POST", "/issues/7/sub_issues", { sub_issue_id: 9 }],
    ["POST", "/issues/7/dependencies/blocked_by", { issue_id: 9 }],
    ["PATCH", "/issues/comments/9", { body: "b" }],
    ["DELETE", "/issues/comments/9", undefined],
    ["POST", "/issues/comments/9/reactions", { content: "+1" }],
    ["POST", "/labels", { name: "sallyport:ready" }],
    ["POST", "/git/blobs", { content: "" }],
    ["POST", "/git/trees", { tree: [] }],
    ["POST", "/git/commits", { tree: sha }],
    ["POST", "/git/refs", { ref: "refs/heads/sallyport/run-1-1/2", sha }],
    ["POST", "/git/refs", { ref: "refs/heads/sallyport/evidence", sha }],
    ["PATCH", "/git/refs/heads%2Fsallyport%2Frun-1-1%2F2", { sha, force: false }],
    ["PATCH", "/git/refs/heads/sallyport/evidence", { sha }],
    ["PATCH", "/git/refs/heads%2Fsallyport%2Frun-1-1%2F2", { sha, force: true }],
    ["DELETE", "/git/refs/heads%2Fsallyport%2Frun-1-1%2F2", undefined],
    ["PATCH", "/pulls/7", { state: "closed" }],
    ["POST", "/pulls", { head: "h", base: "b" }],
    ["POST", "/check-runs", { name: "sallyport" }],
    ["PATCH", "/check-runs/9", { status: "completed" }],
  ])("may %s %s", (method, path, body) => {
    expect(ask("write", method, own + path, body)).toBeNull();
  });

  test.each([
    ["submit a review", "POST", "/pulls/7/reviews", { event: "APPROVE" }],
    ["submit a pending review", "POST", "/pulls/7/reviews/3/events", { event: "APPROVE" }],
    ["merge a pull request", "PUT", "/pulls/7/merge", {}],
    ["merge in lower case", "put", "/pulls/7/merge", {}],
    ["merge branches", "POST", "/merges", { base: "main" }],
    ["merge its upstream", "POST", "/merge-upstream", {}],
    ["update a pull request's branch", "PUT", "/pulls/7/update-branch", {}],
    ["retarget a pull request", "PATCH", "/pulls/7", { base: "other" }],
    ["change branch protection", "PUT", "/branches/main/protection", {}],
    ["take branch protection away", "DELETE", "/branches/main/protection", undefined],
    ["change rulesets", "POST", "/rulesets", {}],
    ["add a collaborator", "PUT", "/collaborators/mallory", {}],
    ["add a deploy key", "POST", "/keys", {}],
    ["write a secret", "PUT", "/actions/secrets/TOKEN", {}],
    ["start a workflow", "POST", "/actions/workflows/1/dispatches", {}],
    ["send a dispatch", "POST", "/dispatches", {}],
    ["add a hook", "POST", "/hooks", {}],
    ["force the evidence", "PATCH", "/git/refs/heads%2Fsallyport%2Fevidence", { sha, force: true }],
    ["force the evidence in other words", "PATCH", "/git/refs/heads/sallyport/evidence", { sha, force: "true" }],
    ["force another branch", "PATCH", "/git/refs/heads%2Fmain", { sha, force: true }],
    ["delete the evidence", "DELETE", "/git/refs/heads%2Fsallyport%2Fevidence", undefined],
    ["delete another branch", "DELETE", "/git/refs/heads%2Fmain", undefined],
    ["climb out to delete", "DELETE", "/git/refs/heads%2Fsallyport%2Frun-1-1%2F..%2F..%2Fmain", undefined],
    ["reopen a pull request", "PATCH", "/pulls/7", { state: "open" }],
    ["close and retarget a pull request", "PATCH", "/pulls/7", { state: "closed", base: "other" }],
    ["move the default branch", "PATCH", "/git/refs/heads%2Fmain", { sha }],
    ["climb out of our branches", "PATCH", "/git/refs/heads%2Fsallyport%2F..%2Fmain", { sha }],
    ["create another branch", "POST", "/git/refs", { ref: "refs/heads/main", sha }],
    ["create a tag", "POST", "/git/refs", { ref: "refs/tags/v1", sha }],
    ["write a file past the writer", "PUT", "/contents/README.md", {}],
    ["change a repository's settings", "PATCH", "", { allow_auto_merge: true }],
    ["rewrite an issue's text", "PATCH", "/issues/7", { body: "approved" }],
    ["set a status", "POST", `/statuses/${sha}`, { state: "success" }],
  ])("T116 cannot %s", (_what, method, path, body) => {
    expect(ask("write", method, own + path, body)).not.toBeNull();
  });

  test.each([
    ["GraphQL, which can arm auto-merge", "https://ghe.example/api/graphql"],
    ["GraphQL below the base address", `${repository.baseUrl}/graphql`],
    ["another repository", `${repository.baseUrl}/repos/acme/vault/issues`],
    ["a repository whose name begins alike", `${repository.baseUrl}/repos/acme/web2/issues`],
    ["another repository by dots", `${own}/../vault/issues`],
    ["another repository by encoded dots", `${own}/%2e%2e/vault/issues`],
  ])("T116 cannot write to %s", (_what, url) => {
    expect(ask("write", "POST", url, {})).not.toBeNull();
  });
});

const graphql = "https://ghe.example/api/graphql";

describe.each<Use>(["read", "write"])("the client for %s", (use) => {
  test("may ask a GraphQL query", () => {
    expect(ask(use, "POST", graphql, { query: "query A { viewer { login } }", variables: {} })).toBeNull();
  });

  const writing = "mutation { mergePullRequest(input: {}) { clientMutationId } }";
  test.each([
    ["a mutation", graphql, { query: writing }],
    ["a mutation behind a query", graphql, { query: `query A { viewer { login } } ${writing}` }],
    ["a mutation behind a query, chosen by name", graphql, { query: `query A { x } ${writing}`, operationName: "B" }],
    ["a mutation behind a comment", graphql, { query: `query A { x } # ,\n${writing}` }],
    ["a mutation behind a byte order mark", graphql, { query: `\uFEFF${writing}` }],
    ["a subscription", graphql, { query: "subscription { x }" }],
    ["a stored query", graphql, { extensions: { persistedQuery: {} } }],
    ["a query that is no text", graphql, { query: ["query A { x }"] }],
    ["several at once", graphql, [{ query: "query A { x }" }]],
    ["nothing", graphql, undefined],
    ["a query elsewhere", `${repository.baseUrl}/graphql`, { query: "query A { x }" }],
    ["a query by dots", `${own}/../../../../graphql`, { query: "query A { x }" }],
    ["a query on another server", "https://api.github.com/graphql", { query: "query A { x }" }],
  ])("T116 cannot send %s", (_what, url, body) => {
    expect(ask(use, "POST", url, body)).not.toBeNull();
  });
});

test.each(["POST", "PUT", "PATCH", "DELETE"])("T116 the reading client refuses every %s", (method) => {
  expect(ask("read", method, `${own}/issues`)).toMatch(/only reads/);
});

test.each([
  ["read", "GET"],
  ["read", "HEAD"],
  ["write", "get"],
] as const)("the client for %s may %s anything", (use, method) => {
  expect(ask(use, method, `${repository.baseUrl}/orgs/acme/teams/leads/memberships/lena`)).toBeNull();
});
