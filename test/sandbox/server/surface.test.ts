/** Every route of the sandbox is one of GitHub's, and the routes around a pull request answer as described. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { routes as sandboxRoutes } from "../../../sandbox/server/routes.ts";
import { routes as githubRoutes } from "../../conformance/openapi.ts";
import { type Answer, type IssueSide, startIssueSide } from "../../hosts/sandbox-issues.ts";

let side: IssueSide;
beforeAll(async () => {
  side = await startIssueSide();
});
afterAll(() => side.close());

test("every route is an operation of GitHub's description", () => {
  const shape = (method: string, path: string) => `${method} ${path.replace(/\{[^}]*\}(\.\.\.\{[^}]*\})?/g, "*")}`;
  const known = new Set(githubRoutes().map(({ method, template }) => shape(method, template)));
  // GraphQL has a description of its own, which its queries are held against.
  const rest = sandboxRoutes.filter(({ path }) => !path.endsWith("/graphql"));
  const ours = rest.map(({ method, path }) => {
    const plain = path.replace(/\{[^}]*\}/g, "").replace(/:[a-z_]+/g, "*");
    return `${method} ${plain}`;
  });
  // GitHub serves a repository's root folder by the same operation as any other path.
  const root = "GET /repos/*/*/contents";
  // A person signs in at the site, which the description of the REST API leaves out.
  const isSignIn = (route: string) => route.includes(" /login/oauth/");
  expect(ours.filter((route) => route !== root && !isSignIn(route) && !known.has(route))).toEqual([]);
});

test("a pull request from branch to merge, and all that can be read on the way", async () => {
  type Sha = { sha: string };
  const main = await side.head();
  const write = async <T>(method: string, path: string, body?: unknown) => {
    const answer = await side.call<T>("writer", method, path, body);
    expect([method, path, answer.status < 300, answer.body]).toEqual([method, path, true, answer.body]);
    return answer.body;
  };
  const base = await write<{ tree: Sha }>("GET", `git/commits/${main}`);
  const blob = await write<Sha>("POST", "git/blobs", { content: "# New\n", encoding: "utf-8" });
  const entry = { path: "docs/new.md", mode: "100644", type: "blob", sha: blob.sha };
  const tree = await write<Sha>("POST", "git/trees", { base_tree: base.tree.sha, tree: [entry] });
  const commit = await write<Sha>("POST", "git/commits", { message: "Add", tree: tree.sha, parents: [main] });
  await write("POST", "git/refs", { ref: "refs/heads/feature", sha: commit.sha });
  await write("PATCH", "git/refs/heads/feature", { sha: commit.sha, force: false });
  const pull = await write<{ number: number }>("POST", "pulls", {
    title: "New",
    head: "feature",
    base: "main",
  });
  const path = `pulls/${pull.number}`;
  await write("PATCH", path, { title: "Newer", body: "Better" });
  await write("POST", `issues/${pull.number}/labels`, { labels: ["bug"] });
  await write("POST", `${path}/requested_reviewers`, { reviewers: ["triager"] });
  const review = { event: "COMMENT", body: "Hm", comments: [{ path: "docs/new.md", line: 1, body: "Why?" }] };
  await side.call("triager", "POST", `${path}/reviews`, review);
  await side.call("admin", "POST", `${path}/reviews`, { event: "APPROVE" });

  const reads = [
    "",
    "branches",
    "branches/main",
    "commits",
    `commits/${commit.sha}`,
    `commits/${commit.sha}/pulls`,
    "compare/main...feature",
    "contents/README.md",
    "contents/docs?ref=feature",
    "git/ref/heads/main",
    "git/matching-refs/heads/f",
    `git/trees/${tree.sha}?recursive=1`,
    `git/blobs/${blob.sha}`,
    "pulls?state=all",
    path,
    `${path}/files`,
    `${path}/commits`,
    `${path}/reviews`,
    `${path}/comments`,
    `${path}/requested_reviewers`,
    `issues/${pull.number}`,
    `issues/${pull.number}/events`,
    `issues/${pull.number}/timeline`,
    "rules/branches/main",
    "rulesets",
  ];
  for (const read of reads) {
    const answer: Answer = await side.call("writer", "GET", `/repos/acme/web${read === "" ? "" : `/${read}`}`);
    expect([read, answer.status]).toEqual([read, 200]);
  }
  await write("PUT", `${path}/merge`, { merge_method: "squash", sha: commit.sha });
  expect((await side.call("reader", "GET", path)).body).toMatchObject({ merged: true, state: "closed" });
  await write("DELETE", "git/refs/heads/feature");
});

test("what is not there is told as GitHub tells it", async () => {
  const missing = ["pulls/999", "branches/none", "commits/none", "contents/none", "git/ref/heads/none", "rulesets/1"];
  for (const path of missing) {
    const { status, body } = await side.call("reader", "GET", path);
    expect([path, status === 404 || status === 422, typeof (body as { message: unknown }).message]).toEqual([
      path,
      true,
      "string",
    ]);
  }
  for (const path of ["/app", "/app/installations", "/installation/repositories", "/user"]) {
    const { status } = await side.call("nobody", "GET", path);
    expect([path, status]).toEqual([path, 401]);
  }
  expect((await side.call("admin", "GET", "/user")).body).toMatchObject({ login: "admin" });
  expect((await side.call("app", "GET", "/installation/repositories")).body).toMatchObject({
    total_count: 1,
  });
});
